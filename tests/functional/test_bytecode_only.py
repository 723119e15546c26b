"""`bytecode = "only"`, through the real steps: modules without sources, proven like any layer."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import prune
from tasks.util import files as file_tools
from tests import handmade_layers

PKG = {
    "pkg/__init__.py": "from . import plugins\nNAME = 'pkg'\n",
    "pkg/plugins/__init__.py": "import pkgutil\n"
    "NAMES = [each.name for each in pkgutil.iter_modules(__path__)]\n",
    "pkg/plugins/one.py": "x = 1\n",
    "pkg/__main__.py": "import pkg\nprint(pkg.plugins.NAMES, pkg.__file__.rpartition('/')[2])\n",
    "pkg/py2.py": "print 'x'\n",
    "pkg-1.0.dist-info/licenses/LICENSE": "mine",
}
READER = {"reader.py": "import inspect\ndef f(): pass\nTEXT = inspect.getsource(f)\n"}
# No look from outside sees what this one reads.
SLY = {"sly.py": "NAME = __spec__.origin.rstrip('c')\nTEXT = ''.join(open(NAME))\n"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return replace(handmade_layers.project(tmp_path, monkeypatch), bytecode="only")


def test_a_layer_of_bytecode_works_like_one_with_sources(settings: Settings) -> None:
    """Its modules are found, listed and run; code that reads its source has it, and prune says so.
    RECORD names what is there."""
    handmade_layers.lay_wheels(settings, {"pkg": PKG, "reader": READER})
    record = handmade_layers.build(settings)
    assert (record.modules, record.compiled_anew) == (4, 0)
    pruned = file_tools.read_record(paths.record(settings, "prune")) or {}
    assert pruned["sources"] == {"reader": "its code reads sources (reader.py)"}
    with zipfile.ZipFile(paths.layer_zip(settings)) as archive:
        names = {each.removeprefix("python/") for each in archive.namelist()}
        listed = archive.read("python/pkg-1.0.dist-info/RECORD").decode()
        archive.extractall("opt")
    assert {name for name in names if name.endswith(".py")} == {"pkg/py2.py", "reader.py"}
    assert {line.partition(",")[0] for line in listed.splitlines()} == {
        name for name in names if name.startswith("pkg")
    }
    run = subprocess.run(
        [sys.executable, "-I", "-c", "import sys, runpy; sys.path.insert(0, 'opt/python');"
         "runpy.run_module('pkg', run_name='__main__')"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout == "['one'] __init__.pyc\n"


def test_what_misses_its_source_is_named(settings: Settings) -> None:
    """With the line that brings it back, which does."""
    handmade_layers.lay_wheels(settings, {"pkg": PKG, "sly": SLY})
    error = handmade_layers.refused(settings)
    assert "sly: " in error.problem
    assert error.fix == 'add to [tool.lambda-layer]: keep = ["sly.py"]'
    assert handmade_layers.build(replace(settings, keep=("sly.py",))).modules == 4


def test_a_key_in_bytecode_is_found(settings: Settings) -> None:
    """There is no source to read it in."""
    key, secret = "AKIA" + "QWERTYUIOPASDFGH", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY"
    text = f"KEY = '{key}'\naws_secret_access_key = '{secret}'\n"
    handmade_layers.lay(settings, PKG | {"pkg/keys.py": text})
    problem = handmade_layers.refused(settings).problem
    assert "pkg/keys.pyc (pkg): the ID of an AWS access key, an AWS secret access key" in problem


def test_a_change_of_the_setting_prunes_anew(settings: Settings) -> None:
    """What stays is the same, and what is shipped of it is not."""
    handmade_layers.lay(settings, PKG)
    handmade_layers.pack(settings)
    small = paths.layer_zip(settings).stat().st_size
    assert prune.fingerprint(settings) != prune.fingerprint(replace(settings, bytecode="compile"))
    handmade_layers.pack(replace(settings, bytecode="compile"))
    assert paths.layer_zip(settings).stat().st_size > small
