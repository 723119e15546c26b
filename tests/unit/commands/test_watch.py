"""tasks/commands/watch.py: which files it looks at, what it says of those that are no Python."""

import os
from pathlib import Path

import pytest

from tasks.commands import watch


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "app.py", "requirements-all.txt", "pyproject.toml", ".hidden.json", "notes.md",
        ".chalice/config.json", ".chalice/config.json.bak1", ".chalice/deployed/local.json",
        "chalicelib/a/b.py", "chalicelib/__pycache__/b.pyc", "vendor/c.so", "build/d.json",
        ".venv/e.py", "node_modules/f.json",
    ):  # fmt: skip
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    return tmp_path


def test_it_looks_at_what_people_write_for_a_deploy(app: Path) -> None:
    """Nothing that a deploy itself writes, no environment, no notes."""
    assert {str(path) for path in watch.snapshot()} == {
        "app.py", "requirements-all.txt", "pyproject.toml", ".chalice/config.json",
        "chalicelib/a/b.py", "vendor/c.so",
    }  # fmt: skip
    assert {str(path) for path in watch.folders()} >= {".", ".chalice", "chalicelib/a", "vendor"}
    assert not {"build", ".venv", "node_modules"} & {str(path) for path in watch.folders()}


def test_a_change_is_seen_by_time_or_size(app: Path) -> None:
    before = watch.settled()
    Path("app.py").write_text("x = 22\n")
    assert watch.settled() != before
    before = watch.settled()
    os.utime("chalicelib/a/b.py", ns=(1, 1))
    assert watch.settled() != before


def test_what_is_no_python_has_file_and_line(app: Path) -> None:
    """Of the app's own code alone: what vendor/ has, others wrote."""
    assert list(watch.faults()) == []
    Path("vendor/old.py").write_text("print 1\n")
    Path("chalicelib/a/b.py").write_text("a = 1\ndef f(:\n")
    [fault] = watch.faults()
    assert fault.startswith("chalicelib/a/b.py is not Python: ")
    assert "\n  --> chalicelib/a/b.py:2\n" in fault
