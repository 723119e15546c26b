"""The documents as texts: fences of a known kind, links that lead somewhere, translations that keep
up, tables that are the code's. What can be typed is run by tests/functional/test_docs.py."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from posixpath import normpath
from typing import Any

import pytest

import dodo
from devtools import docs
from tasks.cli import step_reporter
from tasks.commands import table
from tests import documents
from tests.project import ROOT

LINK = re.compile(r"\]\((?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^(#+) (.+)$", re.M)
CODE = re.compile(r"`([^`\n]+)`")
TYPED = re.compile(r"^(?:\$ |\./|aws |pip |chalice |doit |git )", re.M)
READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads, "json": json.loads, "python": ast.parse,
}  # fmt: skip
TRANSLATED = sorted((documents.FOLDER / "ko").glob("*.md"))
every = pytest.mark.parametrize(
    "document", documents.documents(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
translation = pytest.mark.parametrize("document", TRANSLATED, ids=lambda path: path.name)


@every
def test_every_fence_has_a_kind_and_nothing_to_type_hides_in_text(document: Path) -> None:
    """So that no command block escapes the tests that run them; see tests/documents.py."""
    assert documents.read(document).count("```") == 2 * len(documents.fences(document))
    for kind, text in documents.fences(document):
        assert kind in documents.KINDS
        assert kind != "text" or not TYPED.search(text), text


@every
def test_what_is_data_can_be_read(document: Path) -> None:
    for kind, text in documents.fences(document):
        READERS.get(kind, str)(text)


@every
def test_the_steps_of_a_transcript_are_as_printed(document: Path) -> None:
    """In columns, as the reporter writes them."""
    steps = [
        line
        for kind, text in documents.fences(document)
        for line in text.splitlines()
        if kind == "console" and re.match(r"✓ .* \d[\d.]* s$", line)
    ]
    width = len(f"✓ {' ' * step_reporter.COLUMNS} {'0.1 s':>8}")
    assert [line for line in steps if len(line) != width] == []


def test_what_is_not_run_stands_somewhere() -> None:
    """An exception that nobody needs is none."""
    texts = [text for document in documents.documents() for _, text in documents.fences(document)]
    for beginning in documents.ELSEWHERE:
        assert any(text.startswith(beginning) for text in texts)


# ---- links --------------------------------------------------------------------------------------


def links(document: Path) -> list[tuple[str, str]]:
    """[(file of the repository, anchor or '')] of every link that stays in it."""
    here = document.parent.relative_to(ROOT).as_posix()
    own = document.relative_to(ROOT).as_posix()
    return [
        (normpath(f"{here}/{found['file']}") if found["file"] else own, found["anchor"] or "")
        for found in LINK.finditer(documents.prose(document))
        if ":" not in found["file"]
    ]


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = (title.lower() for _, title in HEADING.findall(documents.prose(document)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


@every
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for file, anchor in links(document):
        assert (ROOT / file).exists(), file
        assert not anchor or anchor in anchors(ROOT / file), f"{file}#{anchor}"


# ---- translations -------------------------------------------------------------------------------


def sections(document: Path) -> list[tuple[str, str]]:
    """[(marks of the heading, what stands below it)]"""
    marks, texts = [""], [[]]  # type: tuple[list[str], list[list[str]]]
    for line in documents.prose(document).splitlines():
        if found := HEADING.match(line):
            marks.append(found[1])
            texts.append([])
        else:
            texts[-1].append(line)
    return list(zip(marks, map("\n".join, texts), strict=True))


def rows(text: str) -> list[tuple[int, set[str]]]:
    """[(columns, words of code)] of the tables' rows."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [(line.count("|"), {*CODE.findall(line)}) for line in lines]


def keys(text: str) -> list[str]:
    return re.findall(r"^\s*(\[[^\]]+\]|\"?[\w-]+\"?(?= ?[=:]))", text, re.M)


@translation
def test_a_translation_has_the_same_parts(document: Path) -> None:
    """Headings, tables row by row, words of code in each section."""
    pairs = zip(sections(document), sections(documents.FOLDER / document.name), strict=True)
    for (marks, text), (original_marks, original) in pairs:
        assert marks == original_marks
        assert rows(text) == rows(original)
        assert {*CODE.findall(text)} == {*CODE.findall(original)}, original


@translation
def test_a_translation_leads_to_the_same_places(document: Path) -> None:
    """To the translated page where there is one."""
    here = [(file.replace("docs/ko/", "docs/"), anchor != "") for file, anchor in links(document)]
    there = [(file, anchor != "") for file, anchor in links(documents.FOLDER / document.name)]
    assert sorted(here) == sorted(there)
    translated = {f"docs/{path.name}" for path in TRANSLATED}
    assert not translated & {file for file, _ in links(document)}


@translation
def test_a_translation_has_the_same_blocks(document: Path) -> None:
    """What is typed to the letter; settings with the same keys."""
    blocks = zip(
        documents.fences(document), documents.fences(documents.FOLDER / document.name), strict=True
    )
    for (kind, text), (original_kind, original) in blocks:
        assert kind == original_kind
        assert kind not in ("bash", "sh") or text == original
        assert kind not in ("toml", "json") or keys(text) == keys(original)


# ---- README -------------------------------------------------------------------------------------


def test_the_readme_is_short() -> None:
    """What it is, how to try it, how to adopt it; the rest stands in docs/."""
    assert len(documents.read(ROOT / "README.md").splitlines()) <= 150


def test_every_command_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `doit list` does: its names in its order, its words. Those of the tool's own development
    stand in CONTRIBUTING.md; README has some of them in the same words."""
    monkeypatch.setattr("sys.argv", ["doitw", "list"])
    listed = [task for task in dodo.commands.create_doit_tasks() if not task.subtask_of]
    shipped = [task for task in listed if task.name in table.TYPED]
    heads = [f"### {task.name}\n\n{task.doc}" for task in shipped]
    page = documents.read(documents.FOLDER / "reference/commands.md")
    assert [head for head in heads if head not in page] == []
    assert re.findall(r"^### (\S+)$", page, re.M) == [task.name for task in shipped]
    own = documents.read(ROOT / "CONTRIBUTING.md")
    rows = [f"| `{task.name}` | {task.doc} |" for task in listed]
    assert [row for row in rows[len(shipped) :] if row not in own] == []
    shown = re.findall(
        r"^\| `.*", _part(documents.read(ROOT / "README.md"), "Everyday commands"), re.M
    )
    assert shown
    assert {*shown} <= {*rows}


def _part(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_pages_that_the_code_knows_are_what_it_says() -> None:
    """Commands, settings, files. After a change: ./doitw docs"""
    old = [str(p) for p, text in docs.made_pages().items() if documents.read(ROOT / p) != text]
    assert old == [], "run ./doitw docs, commit them"


@every
def test_the_tests_that_a_document_names_are_there(document: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", documents.read(document))
    assert [name for name in named if not (ROOT / name).is_file()] == []
