"""tasks/steps/install.py in the image: what has to be compiled, and what cannot be."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from docker import DockerClient

from tests import project
from tests.project import Project, Run, clean_environment

pytestmark = pytest.mark.docker
SOURCE_ONLY = "crcmod==1.7"  # a C extension; no wheel on the index, and works without it
WANTS_MORE = "psycopg2==2.9.9"  # a C extension against libpq, which is not in the image


@pytest.fixture
def copy(tmp_path: Path, lambda_image: str) -> Project:
    found = project.copy(tmp_path / "copy", f"{SOURCE_ONLY}\n")
    return Project(path=found.path, environment={"LAYER_IMAGE": lambda_image})


def test_a_package_without_a_wheel_is_compiled_in_the_image(copy: Project) -> None:
    """For the image's Python, whatever this machine's is."""
    run = copy.doit("install", "builder=docker")
    assert run.code == 0, run.output
    [facts] = (copy.path / "build/store/installed").iterdir()
    files = json.loads(facts.read_text(encoding="utf-8"))["files"]
    assert [path for path in files if path.endswith(".so")] == [
        "crcmod/_crcfunext.cpython-312-x86_64-linux-gnu.so"
    ]


def test_the_record_says_exactly_which_image_it_was(
    copy: Project, docker_engine: DockerClient, lambda_image: str
) -> None:
    """Behind the tag; also in a run that has nothing to install."""
    copy.write("requirements-all.txt", "six==1.17.0\n")
    for run in (copy.doit("install", "builder=docker"), installed_again(copy)):
        assert run.code == 0, run.output
        [record] = copy.path.glob("build/install/*/record.json")
        digest = json.loads(record.read_text(encoding="utf-8"))["image"]
        assert "sha256:" in digest
        assert docker_engine.images.get(digest).id == docker_engine.images.get(lambda_image).id


def installed_again(copy: Project) -> Run:
    copy.write("requirements-all.txt", "six==1.17.0  # again\nsix\n")
    return copy.doit("install", "builder=docker")


def test_what_does_not_compile_is_named_last(copy: Project) -> None:
    """With the compiler's reason and a way out; nothing is left that looks installed."""
    copy.write("requirements-all.txt", f"python-dotenv==1.0.1\n{WANTS_MORE}\n")
    run = copy.doit("install", "builder=docker")
    assert run.code == 1
    end = run.output[run.output.index("✗ install failed") :]
    assert "psycopg2==2.9.9" in end
    assert "pg_config" in end
    assert "→ it has no wheel and does not compile in the image" in end
    assert "Traceback" not in end
    assert not (copy.path / "build/install/shuking-deps-layer/record.json").exists()


def test_a_package_that_does_not_exist_is_named_last(copy: Project) -> None:
    """And nothing of the others is left."""
    copy.write("requirements-all.txt", "python-dotenv==1.0.1\nno-such-package-of-anybody==1\n")
    run = copy.doit("install", "builder=docker")
    assert run.code == 1
    end = run.output[run.output.index("✗ install failed") :]
    assert "no-such-package-of-anybody" in end
    assert "→ no such package on the index" in end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_takes_its_container_along(
    tmp_path: Path, lambda_image: str, number: signal.Signals
) -> None:
    """Ctrl-C, or a CI job that is cancelled, while the installer is at work on the real layer."""
    copy = project.copy(tmp_path / "copy")
    process = subprocess.Popen(
        [sys.executable, "-m", "tasks", "install", "builder=docker"], cwd=copy.path,
        env=clean_environment() | {"LAYER_IMAGE": lambda_image, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    said = [next(process.stdout)]
    while "Using CPython" not in said[-1]:
        said.append(next(process.stdout))
    process.send_signal(number)
    rest, _ = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in rest
    assert "stopped" in rest
    assert not (copy.path / "build/install/shuking-deps-layer/record.json").exists()
