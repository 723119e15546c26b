"""docker/restore.py: a layer as it was before pruning."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "restore.py"


@pytest.fixture
def script() -> ModuleType:
    return sandbox_scripts.load("restore")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A layer that lost a file and has another one cut, and what was installed."""
    write(tmp_path / "opt/python/cut.py", "new")
    write(tmp_path / "opt/python/kept.py", "kept")
    write(tmp_path / "apart/k1/cut.py", "old")
    write(tmp_path / "apart/k2/p/tests/gone.py", "gone")
    request = json.dumps({"cut.py": "k1", "p/tests/gone.py": "k2"})
    write(tmp_path / "request.json", request)
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


RESTORED = {"cut.py": "old", "kept.py": "kept", "p/tests/gone.py": "gone"}


def test_what_was_taken_or_cut_is_back(work: Path) -> None:
    """Each from its distribution; the rest is as it was."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), "opt", "apart", "request.json"]
    subprocess.run(command, cwd=work, check=True)
    assert texts(work / "opt/python") == RESTORED


def test_it_is_back_on_another_file_system_too(
    script: ModuleType, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By links, since a container's /opt is memory; twice does no harm."""

    def link(source: object, target: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(script.os, "link", link)
    for _ in range(2):
        script.main(str(work / "opt"), str(work / "apart"), str(work / "request.json"))
    assert texts(work / "opt/python") == RESTORED
    assert (work / "opt/python/cut.py").is_symlink()


def test_installed_files_stay_as_they_are(script: ModuleType, work: Path) -> None:
    """The cut one of the layer is replaced, not written to."""
    before = texts(work / "apart")
    script.main(str(work / "opt"), str(work / "apart"), str(work / "request.json"))
    assert texts(work / "apart") == before
