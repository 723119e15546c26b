"""A runner without Docker: all parts and proofs are in the store, so nothing is pulled or made."""

import shutil
from pathlib import Path

import pytest

from tests import project
from tests.project import Project

pytestmark = pytest.mark.docker
NO_DOCKER = "tcp://127.0.0.1:1"
MADE = ("installing in", "optimizing in", "testing in", "pulling")


@pytest.fixture
def copy(tmp_path: Path, lambda_image: str) -> Project:
    """Locked. The lock has no digest of the image, which no registry has."""
    found = project.copy(tmp_path / "copy", "six==1.17.0\n")
    caches = str(tmp_path / "caches")
    made = Project(
        path=found.path, environment={"LAYER_IMAGE": lambda_image, "XDG_CACHE_HOME": caches}
    )
    assert made.doit("lock", "builder=docker").code == 0
    return made


def test_without_docker_it_builds_what_the_store_has(copy: Project) -> None:
    """The same bytes, in a fresh clone; it says by whom and when each package was tested. One that
    the store has not is an error in words."""
    first = copy.doit("builder=docker")
    assert first.code == 0, first.output
    path = copy.path.with_name("clone")
    shutil.copytree(copy.path, path, ignore=shutil.ignore_patterns("build", ".doit.sqlite3*"))
    clone = Project(path=path, environment=copy.environment | {"DOCKER_HOST": NO_DOCKER})
    run = clone.doit("builder=docker")
    assert run.code == 0, run.output
    assert not any(words in run.output for words in MADE), run.output
    assert "1 package tested by " in run.output
    [one], [two] = copy.path.glob("build/*.zip"), path.glob("build/*.zip")
    assert one.read_bytes() == two.read_bytes()
    clone.write("requirements-all.txt", "six==1.16.0\n")
    (path / "requirements-all.lock").unlink()
    refused = clone.doit("builder=docker")
    assert refused.code == 1
    assert "Traceback" not in refused.output
