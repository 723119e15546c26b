"""Packages of unusual make through the whole build in the image, with a check of real calls.

Large ones (pandas, scikit-learn, …) are measured by `./doitw bench-sets`.
"""

from pathlib import Path

import pytest

from tests import project
from tests.project import Project

pytestmark = pytest.mark.docker
REQUIREMENTS = """\
docopt==0.6.2               # source only, a single module
tabulate==0.9.0             # a console script
certifi==2024.8.30          # data read through importlib.resources
google-cloud-core==2.4.1    # a namespace that two distributions share
google-cloud-storage==2.18.2
"""
CHECK = """\
import importlib.metadata
import importlib.resources

import docopt
from google.auth.credentials import AnonymousCredentials
from google.cloud import client, storage

assert docopt.docopt("Usage: x [--y]", ["--y"]) == {"--y": True}
(script,) = importlib.metadata.entry_points(group="console_scripts", name="tabulate")
assert callable(script.load())
pem = importlib.resources.files("certifi").joinpath("cacert.pem").read_text()
assert "BEGIN CERTIFICATE" in pem
assert issubclass(storage.Client, client.Client)
assert storage.Client("p", AnonymousCredentials()).bucket("b").blob("o").public_url
"""


@pytest.fixture
def copy(tmp_path: Path, lambda_image: str) -> Project:
    found = project.copy(tmp_path / "copy", REQUIREMENTS)
    found.write("proof.py", CHECK)
    text = found.read("pyproject.toml")
    found.write("pyproject.toml", text.replace("[tool.ruff]", 'check = "proof.py"\n\n[tool.ruff]'))
    return Project(path=found.path, environment={"LAYER_IMAGE": lambda_image})


def test_every_make_of_package_works_out_of_the_layer(copy: Project) -> None:
    run = copy.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert "check proof.py passed" in run.output
    assert "compiled anew" not in run.output
