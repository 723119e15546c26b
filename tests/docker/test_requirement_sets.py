"""Packages of unusual make through the whole build in the image, with a check of real calls.

Large ones (pandas, scikit-learn, …) are measured by `./doitw bench-sets`.
"""

import json
import zipfile
from pathlib import Path

import pytest

from tests import handmade_wheels, project
from tests.project import Project

pytestmark = pytest.mark.docker
REQUIREMENTS = """\
docopt==0.6.2               # source only, a single module
tabulate==0.9.0             # a console script
certifi==2024.8.30          # data read through importlib.resources
google-cloud-core==2.4.1    # a namespace that two distributions share
google-cloud-storage==2.18.2
setuptools==75.6.0          # pkg_resources
pycryptodome==3.21.0        # libraries that it loads by their paths, with cffi or ctypes
soundfile==0.12.1           # one that it looks for by its name
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

import pkg_resources
import soundfile
from Crypto.Cipher import AES

brought = importlib.metadata.packages_distributions()
assert {"google-cloud-core", "google-cloud-storage"} <= {*brought["google"]}, brought
assert brought["docopt"] == ["docopt"]
assert brought["Crypto"] == ["pycryptodome"]
assert pkg_resources.get_distribution("tabulate").version == "0.9.0"
assert "google-api-core" in {each.key for each in pkg_resources.require("google-cloud-storage")}
assert [*pkg_resources.iter_entry_points("console_scripts", "tabulate")][0].load() is script.load()
assert pkg_resources.resource_string("certifi", "cacert.pem").decode() == pem
assert len(AES.new(b"k" * 16, AES.MODE_GCM).encrypt(b"x" * 9)) == 9
assert "FLAC" in soundfile.available_formats()
"""
BILLED = """\
cryptography==50.0.2
pillow==13.0.0
pydantic-core==2.50.5
psycopg2-binary==2.9.13
"""
CACHED = """\
from numba import njit

@njit(cache=True)
def double(x):
    return x * 2
"""
CHECK_CACHED = """\
import os

import cached

assert cached.double(21) == 42
files = [file for _, _, files in os.walk(os.environ["NUMBA_CACHE_DIR"]) for file in files]
assert len([file for file in files if file.startswith("cached.double-")]) == 2, files
"""


def checked(folder: Path, image: str, requirements: str, check: str) -> Project:
    found = project.copy(folder, requirements)
    found.write("proof.py", check)
    text = found.read("pyproject.toml")
    found.write("pyproject.toml", text.replace("[tool.ruff]", 'check = "proof.py"\n\n[tool.ruff]'))
    return Project(path=found.path, environment={"LAYER_IMAGE": image})


def build(made: Project, bytecode: str, more: str = "") -> str:
    text = made.read("pyproject.toml")
    lines = f'bytecode = "{bytecode}"\n{more}\ncheck ='
    made.write("pyproject.toml", text.replace("check =", lines))
    run = made.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert "check proof.py passed" in run.output
    assert "compiled anew" not in run.output
    made.write("pyproject.toml", text)
    return run.output


def test_every_make_of_package_works_out_of_the_layer(tmp_path: Path, lambda_image: str) -> None:
    """With sources, and as bytecode alone; what was looked up in metadata, loaded by a name or a
    path, is there."""
    made = checked(tmp_path / "copy", lambda_image, REQUIREMENTS, CHECK)
    build(made, "compile")
    build(made, "only")


@pytest.mark.long
def test_a_cache_of_numbas_is_kept(tmp_path: Path, lambda_image: str) -> None:
    """It dates by the source, which that package keeps."""
    folder = tmp_path / "copy"
    made = checked(
        folder,
        lambda_image,
        "--find-links ./vendor\nnumba==0.60.0\nkept-by-numba==1.0\n",
        CHECK_CACHED,
    )
    handmade_wheels.wheel(folder / "vendor", "kept_by_numba", {"cached.py": CACHED.encode()})
    output = build(made, "only", 'proof-env = {NUMBA_CACHE_DIR = "/tmp/numba"}')
    assert "kept-by-numba keeps its sources: its code reads sources (cached.py)" in output


@pytest.mark.long
def test_what_wheels_list_and_their_licenses_are_shipped(tmp_path: Path, lambda_image: str) -> None:
    """OpenSSL, krb5 and about 140 crates, which no metadata names."""
    made = checked(tmp_path / "copy", lambda_image, BILLED, "import cryptography")
    build(made, "compile")
    bill = json.loads(made.read("build/shuking-deps-layer.cdx.json"))
    assert len(bill["components"]) >= 184
    with zipfile.ZipFile(made.path / "build/shuking-deps-layer.zip") as layer:
        licenses = [name for name in layer.namelist() if ".dist-info/licenses/" in name]
    assert {name.split("/")[1].split("-")[0] for name in licenses} == {
        "cryptography", "pillow", "pydantic_core", "psycopg2_binary", "cffi", "pycparser",
        "typing_extensions",
    }  # fmt: skip
