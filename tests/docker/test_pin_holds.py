"""A pin that was set with one builder holds against another: no requirement has changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, small

pytestmark = pytest.mark.docker


@pytest.fixture
def either(tmp_path: Path, lambda_image: str) -> Iterator[Project]:
    """A small project that may be built in the image and on this machine."""
    copy = small(tmp_path / "project", "six==1.17.0\n")
    copy.environment.update(LAYER_IMAGE=lambda_image)
    yield copy
    copy.doit("local-stop")


def ends(project: Project, *words: str) -> str:
    run = project.doit(*words, "stage=local")
    assert run.code == 0, run.output
    return run.output


def test_a_deploy_by_the_other_builder_keeps_it(either: Project) -> None:
    """Version 2 is bad; `plan` says what `deploy` does, with either builder."""
    ends(either, "deploy", "builder=host")
    either.write("requirements-all.txt", "six==1.16.0\n")
    ends(either, "deploy", "builder=host")
    ends(either, "rollback", "version=1", "builder=host")
    for builder in ("host", "docker"):
        said = ends(either, "plan", f"builder={builder}")
        assert "it stays there until ./doitw unpin stage=local" in said
        assert "nothing to do" in said
        said = ends(either, "deploy", f"builder={builder}")
        assert "it stays there: nothing is built" in said
        assert "with version 1 of deps, answers 200" in said
    either.write("requirements-all.txt", "six==1.15.0\n")
    assert "the pin has ended" in ends(either, "deploy", "builder=docker")
