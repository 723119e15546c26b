"""Files and variables that nobody means to have: one clear error, no traceback, no waiting."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.test_bad_input import error
from tests.handmade_wheels import wheel
from tests.project import ROOT, Project, Run, clean_environment, small

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


# {what is odd: (file, what stands in it, words of the error)}
TEXTS = {
    "a long number": ("pyproject.toml", "x = " + "1" * 5000, "such long numbers"),
    "a long setting": ("pyproject.toml", "max-growth = 1" + "0" * 5000, "such long numbers"),
    "a deep marker": ("requirements-all.txt", "six; " + "(" * 20_000, "is not a requirement"),
    "a NUL": ("requirements-all.txt", "si\0x", "is not a requirement"),
    "an include of a device": ("requirements-all.txt", "-r /dev/zero", "a pipe, a socket"),
    "a constraint of a folder": ("requirements-all.txt", "-c /tmp", "it is a folder"),
    "itself, by another name": (
        "requirements-all.txt", "-r tests/../requirements-all.txt\nsix", "includes itself",
    ),
    "itself, by two names": (
        "requirements-all.txt",
        "-r tests/../requirements-all.txt\n-r tasks/../requirements-all.txt\n",
        "includes itself",
    ),
    "a number in config.json": (".chalice/config.json", "1" * 5000, "config.json"),
    "NULs": (".chalice/config.json", "\0" * 100, "config.json"),
    "a pipe among the app's": ("chalicelib/pipe", None, "chalicelib/pipe cannot be packed"),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_that_nobody_means(broken: Project, case: str) -> None:
    name, text, words = TEXTS[case]
    path = broken.path / name
    (broken.path / "tests").mkdir()
    path.parent.mkdir(exist_ok=True)
    if text is None:
        os.mkfifo(path)
    else:
        before = path.read_text() + "\n" if name == "pyproject.toml" else ""
        path.write_text(before + text, encoding="utf-8")
    said = error(broken.doit("deploy" if text is None else "plan", "stage=local"))
    assert words in " ".join(said.split()), said
    broken.doit("local-stop")


def test_includes_that_double_at_each_level(broken: Project) -> None:
    """Forty levels: a file that was read is not read again."""
    for number in range(40):
        inner = f"-r r{number + 1}.txt\n"
        broken.write(f"r{number}.txt", inner * 2)
    broken.write("r40.txt", "six==1.16.0\n")
    broken.write("requirements-all.txt", "-r r0.txt\n")
    assert broken.doit("plan", "stage=local").code == 2
    broken.write("r40.txt", "-r s0.txt\n")
    for number in range(100):
        broken.write(f"s{number}.txt", f"-r s{number + 1}.txt\n")
    assert "through more than 100 files" in error(broken.doit("plan", "stage=local"))


# Of who runs it. None: the variable is not set. Each builds the same.
AROUND: dict[str, dict[str, str | None]] = {
    "no home": {"HOME": None, "PATH": "", "TMPDIR": "/nowhere", "NETRC": "{pipe}"},
    "a home that is a device": {"HOME": "/dev/null", "UV_CACHE_DIR": "{cache}", "LC_ALL": "C"},
    "a home that is relative": {"HOME": "a-home", "TMPDIR": "{file}", "LC_ALL": "tr_TR.UTF-8"},
    "a home that is a file": {"HOME": "{file}", "UV_CACHE_DIR": "{cache}", "TZ": "../../x"},
    "Python's variables": {
        "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONHASHSEED": "7",
        "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0",
        "PYTHONINTMAXSTRDIGITS": "640", "PYTHONUSERBASE": "/dev/zero",
    },
    "a terminal's": {"TERM": "\x1b[31m", "COLUMNS": "-5", "LINES": "x", "LANG": "ko_KR.EUC-KR"},
    "CI's": {
        "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/dev/full", "GITHUB_ACTOR": "\udcff",
        "SOURCE_DATE_EPOCH": "-5", "GIT_DIR": "/dev/null", "USER": "\udcff",
    },
}  # fmt: skip


@pytest.mark.parametrize("case", AROUND)
def test_surroundings_that_nobody_means(broken: Project, case: str, tmp_path: Path) -> None:
    """The layer is built and proven all the same. (What of Python's starts with the process is
    there while this test's Python starts.)"""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    places = {name: str(tmp_path / name) for name in ("pipe", "file", "cache")}
    around = clean_environment() | {
        name: value.format(**places) for name, value in AROUND[case].items() if value is not None
    }
    for name in (name for name, value in AROUND[case].items() if value is None):
        around.pop(name)
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "build"], cwd=broken.path, env=around,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), umask=0o077,
    )  # fmt: skip
    said = done.stdout.decode(errors="replace")
    assert (done.returncode, "Traceback" in said) == (0, False), said


@pytest.mark.parametrize("name", ["a\nline", "no\udcffutf8"])
def test_a_folder_that_no_tool_can_be_told(broken: Project, tmp_path: Path, name: str) -> None:
    moved = Project(path=broken.path.rename(tmp_path / name))
    said = error(moved.doit("build"))
    assert "rename the folder" in said


def test_a_folder_of_an_odd_name(broken: Project, tmp_path: Path) -> None:
    """What stands for something in our own words, and in a terminal's, stands for itself."""
    moved = Project(path=broken.path.rename(tmp_path / "{work} %s:,\x1b[31m '\""))
    run = moved.doit("build")
    assert run.code == 0, run.output
    assert "\x1b" not in run.output


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    words = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", sys.executable, "-m", "tasks", "plan"]
    done = subprocess.run(
        words, cwd=gone, env=clean_environment() | {"PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert "is gone\n→ change into" in error(Run(code=done.returncode, output=done.stdout))


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


# With this value Python starts no program, or none of .venv's.
STOPS = [
    "PYTHONHOME", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONMALLOC",
    "PYTHONTRACEMALLOC", "PYTHONINTMAXSTRDIGITS", "PYTHONPLATLIBDIR",
]  # fmt: skip


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
    stop = dict.fromkeys(STOPS, "x") | {"PYTHONSAFEPATH": "1", "PYTHONINSPECT": "1"}
    startup = broken.write("startup/sitecustomize.py", "import socket\nsocket.socket = None\n")
    environment = clean_environment() | stop | {"PYTHONPATH": str(startup.parent)}
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
