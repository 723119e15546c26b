"""Releases: wheel and source distribution, the same bytes each time, run where nothing else is."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from devtools import dist
from tasks.util.version import VERSION
from tests import sample_apps
from tests.installed_wheel import Tool
from tests.project import ROOT, clean_environment

NAME = f"doit_lambda_layer-{VERSION}"
TIME = {"SOURCE_DATE_EPOCH": "1700000000"}


def build(checkout: Path, target: Path) -> dict[str, bytes]:
    """{file: its bytes}, built in this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(checkout)
        return {
            path.name: path.read_bytes()
            for path in dist.build_distributions(target, os.environ | TIME)
        }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files elsewhere: other times, another mode, what lies about in a used checkout."""
    path = tmp_path_factory.mktemp("elsewhere") / "checkout"
    own = {".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "build", "dist"}
    shutil.copytree(ROOT, path, ignore=lambda at, names: own if at == str(ROOT) else set())
    for file in (path / "tasks").rglob("*.py"):
        os.utime(file, (1_500_000_000, 1_500_000_000))
        file.chmod(0o600)
    for left in ("build/deps.zip", "tasks/__pycache__/x.pyc", ".layer-arn.txt", ".env"):
        (path / left).parent.mkdir(exist_ok=True)
        (path / left).write_text("left behind")
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both."""
    target = tmp_path_factory.mktemp("built")
    build(ROOT, target)
    return target


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution's files."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(built / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / NAME


def test_the_same_bytes_from_another_checkout(built: Path, checkout: Path, tmp_path: Path) -> None:
    """Whatever lies in it and whenever its files were written; and nothing else is built."""
    names = (f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz")
    assert build(checkout, tmp_path) == {name: (built / name).read_bytes() for name in names}


def test_the_wheel_is_the_same_without_the_source_distribution(
    built: Path, checkout: Path, tmp_path: Path
) -> None:
    """`uv build` makes it from that, so nothing is missing there."""
    subprocess.run(
        [find_uv_bin(), "build", "-q", "--no-config", "--no-build-isolation", "--wheel",
         "--python", sys.executable, "--out-dir", tmp_path],
        cwd=checkout, env=os.environ | TIME, check=True,
    )  # fmt: skip
    name = f"{NAME}-py3-none-any.whl"
    assert (tmp_path / name).read_bytes() == (built / name).read_bytes()


def test_the_wheel_holds_one_package_with_a_name_of_its_own(wheel: Path) -> None:
    """Every module but those of the tool's own development, the image's scripts, types, licence."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names} == {
        "doit_lambda_layer", f"{NAME}.dist-info",
    }  # fmt: skip
    ours = {path.relative_to(ROOT / "tasks") for path in (ROOT / "tasks").rglob("*.py")}
    own = {Path("commands", name) for name in ("bench.py", "dist.py", "docs.py", "test.py")}
    assert {f"doit_lambda_layer/{path}" for path in ours - own} <= names
    assert not {f"doit_lambda_layer/{path}" for path in own} & names
    scripts = {f"doit_lambda_layer/docker/{path.name}" for path in (ROOT / "docker").glob("*.*")}
    assert {*scripts, "doit_lambda_layer/docker/Dockerfile", "doit_lambda_layer/py.typed"} <= names
    assert "doit_lambda_layer/docs/iam.md" in names  # where iam-policy points
    assert "doit_lambda_layer/docs/gitlab-ci.yml" in names  # where init points
    assert f"{NAME}.dist-info/licenses/LICENSE" in names


def test_its_metadata_says_what_pyproject_says(wheel: Path) -> None:
    """The version from its one place."""
    text = zipfile.ZipFile(wheel).read(f"{NAME}.dist-info/METADATA").decode()
    metadata = email.message_from_string(text)
    assert metadata["Version"] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert VERSION not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_source_distribution_has_what_the_repository_has(unpacked: Path) -> None:
    """And an index's note about it; what lies about stays where it is."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    files = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert {path.as_posix() for path in files} == {*done.stdout.split(), "PKG-INFO"}


def test_the_source_distribution_tests_itself(unpacked: Path) -> None:
    """Those that read files of every kind; all of them would take a quarter of an hour."""
    tests = [f"tests/unit/test_{name}.py" for name in ("documents", "workflows", "rooms")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], cwd=unpacked,
        env=clean_environment() | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_changelog_knows_the_version() -> None:
    """Its newest release is this one, or is still being made."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(.+?)\]", text, re.M)
    assert newest[0] == "Unreleased" or newest[0] == VERSION


def test_the_program_runs_where_nothing_else_is(tool: Tool, tmp_path: Path) -> None:
    """And says what to do in a folder without an app."""
    run = tool.run(tmp_path, "doit-lambda-layer", "--version")
    assert (run.code, run.output) == (0, f"doit-lambda-layer {VERSION}\n")
    assert list(tmp_path.iterdir()) == []


def test_it_runs_without_being_installed(wheel: Path, tmp_path: Path) -> None:
    """`pipx run`, here uv's: an environment for one call, which takes on an app."""
    app = sample_apps.make(tmp_path / "app", sample_apps.WORKER)
    no_account = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

    def run(*words: str) -> str:
        done = subprocess.run(
            [find_uv_bin(), "tool", "run", "--no-config", "--python", sys.executable, "-q",
             "--constraints", ROOT / "doitw.lock", "--from", wheel, "doit-lambda-layer", *words],
            cwd=app, env=clean_environment() | no_account, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("--version") == f"doit-lambda-layer {VERSION}\n"
    assert sample_apps.changed(app) == set()
    written = sample_apps.written(run("init", "--yes"))
    assert sample_apps.changed(app) == written
    assert {"dodo.py", "requirements-all.txt", ".chalice/config.json"} <= written


def test_types_reach_who_imports_it(tool: Tool, tmp_path: Path) -> None:
    """py.typed: mypy takes the wheel's annotations."""
    (tmp_path / "dodo.py").write_text(
        "from doit_lambda_layer.settings.model import Settings\nSettings(lock_wait='soon')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--python-executable", tool.bin / "python", "--config-file",
         os.devnull, "--follow-imports=silent", "dodo.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'Argument "lock_wait" to "Settings" has incompatible type "str"' in done.stdout
