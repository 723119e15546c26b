"""Small projects: one pure-Python requirement, built on this machine, an embedded AWS each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project
from tests.project import Project

SIX = "six==1.16.0\n"
SETTINGS = """
[tool.lambda-layer]
layer = "deps"
builder = "host"
"""
APP = """
from importlib.metadata import version

from chalice import Chalice

app = Chalice(app_name="shuking")


@app.route("/health")
def health():
    import six

    return {"six": version("six"), "file": six.__file__}
"""


def small(path: Path, requirements: str = SIX) -> Project:
    """A copy of the project with little in its layer."""
    copy = project.copy(path, requirements)
    text = copy.read("pyproject.toml")
    copy.write("pyproject.toml", text[: text.index("[tool.lambda-layer]")] + SETTINGS)
    copy.write("app.py", APP)
    return copy


@pytest.fixture
def layer(tmp_path: Path) -> Iterator[Project]:
    """A small project; its embedded AWS ends with the test."""
    copy = small(tmp_path / "project")
    yield copy
    copy.doit("local-stop")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A small project that is deployed, for tests that only look."""
    copy = small(tmp_path_factory.mktemp("deployed") / "project")
    copy.deploy()
    yield copy
    copy.doit("local-stop")
