"""tasks/chalice_project/environment.py: which Python runs Chalice; deployed by another than the
tool's in tests/functional/test_init_ci.py."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tasks.chalice_project import environment
from tasks.util.errors import InputError


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of an app; nothing is activated."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    folder = tmp_path / "repository/app"
    folder.mkdir(parents=True)
    (tmp_path / "repository/.git").mkdir()
    monkeypatch.chdir(folder)
    return folder


def make(folder: Path, *, chalice: bool = True) -> Path:
    """An environment, whose Chalice knows its version and nothing else."""
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python3.*/site-packages")
    if chalice:
        (packages / "chalice").mkdir()
        (packages / "chalice/app.py").touch()
        (packages / "chalice-1.29.0.dist-info").mkdir()
        text = "Metadata-Version: 2.1\nName: chalice\nVersion: 1.29.0\n"
        (packages / "chalice-1.29.0.dist-info/METADATA").write_text(text)
    return folder


def test_without_one_it_is_the_tools_own(app: Path) -> None:
    """Nor with one that has no Chalice."""
    assert environment.is_own()
    make(app / ".venv", chalice=False)
    assert environment.interpreter() == Path(sys.executable)
    assert environment.command("a.b", "c") == [sys.executable, "-u", "-m", "a.b", "c"]


@pytest.mark.parametrize("place", [".venv", "../.venv"])
def test_the_apps_own(app: Path, place: str) -> None:
    """Beside app.py, or in a folder around it, as uv's workspaces have it."""
    made = make((app / place).resolve())
    assert environment.interpreter() == made / "bin/python"
    assert environment.chalice_version() == "1.29.0"
    assert environment.python_version() == f"3.{sys.version_info[1]}"
    assert environment.packages() == [
        str(made / f"lib/python3.{sys.version_info[1]}/site-packages")
    ]


def test_one_outside_of_the_repository_is_nobodys(app: Path) -> None:
    """Anybody may have put it there, and it would run with the stage's credentials."""
    make(app.parents[1] / ".venv")
    assert environment.is_own()
    (app.parent / ".git").rmdir()
    make(app.parent / ".venv")
    assert environment.is_own()


def test_the_one_that_is_activated_comes_first(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where that is the tool's, it is meant."""
    make(app / ".venv")
    other = make(tmp_path / "other")
    monkeypatch.setenv("VIRTUAL_ENV", str(other))
    assert environment.interpreter() == other / "bin/python"
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert environment.is_own()


def test_our_modules_run_there_after_the_apps_packages(app: Path) -> None:
    """What both have comes from the app's; what it has not, from the tool's."""
    made = make(app / ".venv")
    [packages] = made.glob("lib/python3.*/site-packages")
    (packages / "packaging.py").write_text("x = 1\n")
    (app / "asked.py").write_text(
        "import json, sys, packaging, tasks, doit\n"
        "print(json.dumps([packaging.x, sys.argv[1:], __name__, sys.prefix]))\n"
    )
    words = environment.command("asked", "one", "two")
    done = subprocess.run(words, cwd=app, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [1, ["one", "two"], "__main__", str(made)]


@pytest.mark.parametrize(
    ("version", "there"), [("1.34.0", True), ("1.33.9", False), ("2.0", True), ("1.100", True)]
)
def test_versions_are_compared_as_numbers(version: str, there: bool) -> None:
    """Not as text."""
    assert environment.is_at_least(version, (1, 34)) == there


def test_one_that_does_not_start_is_named(app: Path) -> None:
    """Its interpreter may have gone with an upgrade."""
    made = make(app / ".venv")
    (made / "bin/python").unlink()
    (made / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    (made / "bin/python").chmod(0o755)
    with pytest.raises(InputError, match="has Chalice, but does not start"):
        environment.python_version()


@pytest.mark.parametrize(("version", "works"), [("3.11", False), ("3.12", True), ("3.13", True)])
def test_a_python_that_is_too_old_is_said(
    version: str, works: bool, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At adoption and before a deploy; the tool's own is never."""
    environment.refuse_too_old()
    python = app / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho \'["{version}", "1.34.0"]\'\n')
    python.chmod(0o755)
    (app / ".venv/lib/python3.11/site-packages/chalice").mkdir(parents=True)
    (app / ".venv/lib/python3.11/site-packages/chalice/app.py").touch()
    if works:
        environment.refuse_too_old()
        return
    with pytest.raises(InputError, match=r"with Python 3.11. This tool needs") as caught:
        environment.refuse_too_old()
    assert "make that environment with Python 3.12 or newer" in caught.value.fix
