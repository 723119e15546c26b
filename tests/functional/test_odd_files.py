"""Files and variables that nobody means to have: one clear error, no traceback, no waiting."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.test_bad_input import error
from tests.handmade_wheels import wheel
from tests.project import ROOT, Project, clean_environment, small

FILES = [
    "pyproject.toml", "requirements-all.txt", "requirements-all.lock", ".chalice/config.json",
    "app.py", "requirements.txt", ".layer-arn.txt", "uv.toml", ".chalice/deployed/local.json",
    "build/install/deps/record.json",
]  # fmt: skip
KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "folder": Path.mkdir,
    "circle": lambda path: path.symlink_to(path.name),
    "deep": lambda path: path.write_text("[" * 100_000),
    "deep and whole": lambda path: path.write_text("a = " + "[" * 5000 + "]" * 5000),
    "bytes": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "large": lambda path: path.write_bytes(b'"' + b"a" * 50_000_000 + b'"'),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return small(tmp_path_factory.mktemp("whole") / "project")


@pytest.fixture
def broken(whole: Project, tmp_path: Path) -> Project:
    shutil.copytree(whole.path, tmp_path / "project")
    return Project(path=tmp_path / "project")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_something_else(broken: Project, kind: str) -> None:
    """Each file in turn. `plan` reads them all and changes nothing."""
    for name in FILES:
        path = broken.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        KINDS[kind](path)
        run = broken.doit("plan", "stage=local")
        assert "Traceback" not in run.output, (name, run.output)
        assert run.code == 2 or error(run), (name, run.output)
        path.rmdir() if kind == "folder" else path.unlink()
        path.write_bytes(before) if before is not None else None


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("command", ["build", "deploy", "local-start"])
def test_build_is_no_folder(broken: Project, command: str, make: Callable[[Path], object]) -> None:
    make(broken.path / "build")
    said = error(broken.doit(command, "stage=local"))
    assert "in the place of a folder: move it away" in said
    assert "build" in said


IMAGES = [
    "a b", "UPPER/Case", "a@b@c", "x:y:z", "\udcff", "a" * 5000, "../../x", "http://x/y", "a\nb",
    "é", "@sha256:abc", ":", "/", "a/", "a//b", "a:" + "b" * 200, "x\x1b[31m", "-x", "a:", "a@",
    "localhost:9/nothing:" + "b" * 129, "{python}:{python}:1",
]  # fmt: skip


@pytest.mark.parametrize("image", IMAGES)
def test_any_text_for_the_image(broken: Project, image: str) -> None:
    """Docker is not asked for what cannot be an image."""
    said = error(broken.doit("list", LAYER_IMAGE=image))
    assert "LAYER_IMAGE" in said


def test_a_variable_of_pythons_that_hides_the_modules_here(broken: Project) -> None:
    """`./doitw` is the same with it, and so are the processes that it starts."""
    for name in ("doitw", "doitw.lock", ".python-version"):
        shutil.copy(ROOT / name, broken.path)
    (broken.path / ".venv").symlink_to(ROOT / ".venv")
    script = (broken.path / "doitw").read_text(encoding="utf-8")
    stamp = "made=$stamp"  # the tool's own .venv is made for another pyproject.toml
    script = script.replace('made=""', stamp).replace("read -r made", ": read -r")
    assert stamp in script
    broken.write("doitw", script)
    environment = clean_environment() | {"PYTHONSAFEPATH": "1", "PYTHONHOME": "/nowhere"}
    done = subprocess.run(
        ["sh", "./doitw", "build", "stage=local"], cwd=broken.path, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "row",
    ["a" * 300_000 + ",sha256=x,1", "alpha.py," + "b" * 300_000 + ",1", '"' + "c,\n" * 100_000],
)
def test_a_record_with_a_field_of_any_length(broken: Project, row: str) -> None:
    """Of a wheel that is otherwise whole."""
    files = {"alpha.py": b"A = 1\n", "alpha-1.0.dist-info/RECORD": f"{row}\n".encode()}
    wheel(broken.path / "wheels", "alpha", files)
    broken.write("requirements-all.txt", f"--find-links {broken.path}/wheels\nalpha\n")
    run = broken.doit("build")
    assert "Traceback" not in run.output
    assert run.code == 0 or error(run)
