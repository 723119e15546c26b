"""docs/troubleshooting.md is what the code says: it cannot drift."""

import ast
import re
from pathlib import Path

import pytest

from devtools import docs, error_catalogue, error_messages
from tasks.util import errors

ROOT = Path(__file__).parents[3]
SOURCE = """
from .errors import BuildError, InputError

WAY = "mend it"
FILE = Path("shop.json")


def first(path, number):
    problem = f"{path} has {number} faults"
    if number > 1:
        raise InputError(problem, fix=WAY)
    problem = f"{path} has one fault in {FILE}"
    fix = "look " + "there"
    fix += f"; or {WAY}"
    return BuildError(problem, fix=fix)


def second(settings):
    raise InputError("\\n".join(settings.lines), fix=settings.way_out)
"""


def test_the_page_is_what_the_code_says() -> None:
    """After a change of an error: ./doitw docs"""
    page = (ROOT / docs.TROUBLESHOOTING).read_text(encoding="utf-8")
    assert page == docs.troubleshooting(), "the errors have changed: run ./doitw docs, commit it"


@pytest.mark.parametrize("kind", errors.LayerError.__subclasses__())
def test_every_error_class_has_an_entry(kind: type[errors.LayerError]) -> None:
    """With what it means, and a message at least."""
    page = docs.troubleshooting()
    entry = page.split(f"### {kind.__name__}\n")[1].split("\n### ")[0]
    assert len(entry.split("|---|---|\n")[1].splitlines()) >= 1
    assert kind.__doc__
    assert " ".join(kind.__doc__.split()) in entry


def test_no_place_that_makes_an_error_is_missed() -> None:
    """Counted in the text, apart from how the catalogue reads it."""
    made = re.compile(rf"(?<!class )\b(?:{'|'.join(error_messages.KINDS)})\(")
    texts = {
        path: path.read_text(encoding="utf-8") for path in error_messages.PACKAGE.rglob("*.py")
    }
    counted = {
        str(path.relative_to(error_messages.PACKAGE)): len(made.findall(text))
        for path, text in texts.items()
        if path != error_messages.PACKAGE / "util/errors.py" and made.search(text)
    }
    every = {(each.module, each.line, each.kind) for each in error_messages.every()}
    assert counted == {name: sum(name == m for m, *_ in every) for name, *_ in every}


def test_words_remedies_and_holes(tmp_path: Path) -> None:
    """As printed; what only a run knows by its name; what was assigned last."""
    (tmp_path / "module.py").write_text(SOURCE)
    found = sorted(error_messages.every(tmp_path), key=lambda each: each.line)
    said = [(each.kind, each.problem, each.fix) for each in found]
    assert said == [
        ("InputError", "‹path› has ‹number› faults", "mend it"),
        ("BuildError", "‹path› has one fault in shop.json", "look there; or mend it"),
        ("InputError", "…", "‹way out›"),
    ]


def test_the_cases_of_the_classic_script_are_there() -> None:
    """Upload, size, config.json; each quotes messages that the code still says."""
    titles = [case.title for case in error_catalogue.CASES]
    assert titles[1:] == [
        "no permission",
        "unzipped is over Lambda's 262.1 MB",
        ".layer-arn.txt is not there",
    ]
    page = docs.troubleshooting()
    assert page.index("## What people meet") < page.index("## Every error")
    assert all(f"### {title}" in page for title in titles)


def test_a_heading_is_a_phrase_that_is_printed() -> None:
    """By us, or by AWS (the first): people paste what they see into a search."""
    printed = " ".join(each.problem for each in error_messages.every())
    for case in error_catalogue.CASES[1:]:
        assert case.title.partition(" 262.1 MB")[0] in printed


def test_no_message_names_a_file_that_an_adopter_has_not() -> None:
    """Who installed the wheel has neither README nor docs: commands say what stands there."""
    own = {"bench.py", "dist.py", "docs.py", "test.py"}  # not in the wheel
    found = [
        (path.name, text)
        for path in error_messages.PACKAGE.rglob("*.py")
        if not (path.parent.name == "commands" and path.name in own) and path.name != "pages.py"
        for text in said(path)
        if re.search(r"README|CHANGELOG|SECURITY\.md|\bdocs/|\.ci/|\btests?/", text)
    ]
    pages = ["docs/iam.md", "docs/gitlab-ci.yml"]  # which are in the wheel
    assert found == [("paths.py", page) for page in pages]


def said(path: Path) -> list[str]:
    """Every text of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(node.value) for node in first if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in docstrings
    ]
