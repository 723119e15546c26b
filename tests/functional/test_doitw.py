"""./doitw: the tool's environment on first use, and again when what it is made from changed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.package_index import serving
from tests.project import ROOT, clean_environment, copy

MAKING = "doitw: making .venv"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = copy(tmp_path / "a checkout", "six==1.17.0\n").path
    for name in ("doitw", "doitw.lock", ".python-version"):
        shutil.copy(ROOT / name, path / name)
    return path


def doitw(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it from another folder, as a script in a PATH would."""
    return subprocess.run(
        [checkout / "doitw", *arguments], cwd="/", env=clean_environment() | environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip


def test_it_makes_its_environment_once_and_again_when_it_changed(
    checkout: Path, tmp_path: Path
) -> None:
    """Whatever index the layer's packages come from."""
    first = doitw(checkout, "list")
    assert first.returncode == 0, first.stdout
    assert MAKING in first.stdout
    assert "rollback" in first.stdout
    assert MAKING not in doitw(checkout, "list").stdout
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    with serving(tmp_path / "team") as index:  # has the layer's packages, and none of the tool's
        named = {"UV_DEFAULT_INDEX": index.url, "PIP_INDEX_URL": index.url}
        named |= {"PIP_FIND_LINKS": ""}
        again = doitw(checkout, "list", **named)
    assert MAKING in again.stdout
    assert again.returncode == 0, again.stdout


def test_without_the_right_python_it_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    """And makes nothing."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "sed"):
        (tools / name).symlink_to(str(shutil.which(name)))
    run = doitw(checkout, "list", PATH=str(tools), PYENV_ROOT="/nowhere", HOME="/nowhere")
    assert run.returncode == 3
    assert "Python 3.12 is not here" in run.stdout
    assert "→ install Python 3.12" in run.stdout
    assert not (checkout / ".venv").exists()


def test_it_is_a_program() -> None:
    assert os.access(ROOT / "doitw", os.X_OK)
