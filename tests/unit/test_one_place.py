"""Facts that many modules need are written in one: found by their spelling in the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tasks.adopt.requirements import requirements_files
from tasks.requirements import file, references
from tests.project import ROOT

TASKS = ROOT / "tasks"
# {what a text in the code looks like: the only module that may write it}
SPELLED = {
    r"(layers|chalice|images)/": "settings/s3_keys.py, layer/archive/function_package.py",
    r"(lock|deployed|attempt)\.json|pin-|package-[ab]\.zip": "settings/s3_keys.py",
    # function_package: files of the package chalice, of which one has that name, too
    r"app\.py|chalicelib|vendor": (
        "chalice_project/app_file_names.py, layer/archive/function_package.py"
    ),
    r"993|990|65533": "sandbox/lambda_system.py, sandbox/job_users.py",
}


@cache
def texts() -> list[tuple[str, str]]:
    """(module, text) of all of tasks/. A text with fields: its start."""
    return [(path.relative_to(TASKS).as_posix(), text) for path in _modules() for text in _of(path)]


def _modules() -> Iterator[Path]:
    yield from sorted(TASKS.rglob("*.py"))


def _of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("text", SPELLED)
def test_a_name_is_written_in_one_module(text: str) -> None:
    """The others take it from there."""
    found = {module for module, each in texts() if re.fullmatch(text, each)}
    assert found
    assert found <= {*SPELLED[text].split(", ")}


def test_one_module_draws_tables() -> None:
    """A call of rich's `Table` anywhere else would be another style."""
    calls = [
        path.relative_to(TASKS).as_posix()
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Table"
    ]
    assert calls == ["ui/tables.py"]


def test_one_parser_reads_requirement_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another sign for comments a build and `init` read the same requirements."""
    monkeypatch.setattr(references, "_COMMENT", re.compile(r"//.*$"))
    path = tmp_path / "requirements-all.txt"
    path.write_text("six==1.17.0 // text\nidna==3.10 \\\n  --hash=sha256:00 // more\n")
    wanted = ["six==1.17.0", "idna==3.10 --hash=sha256:00"]
    assert [line.text for line in file.lines(path)] == wanted
    entries = requirements_files.parse_entries(path.read_text(), tmp_path)
    assert [entry.text for entry in entries] == wanted
