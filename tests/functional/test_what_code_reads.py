"""Packages that read what rules take by name, each modelled on a public one, called as installed
and in the layer."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.settings import paths
from tasks.settings.model import Settings
from tests import handmade_layers

HERE = "import os\nhere = os.path.dirname(__file__)\n"
GUARD = "import inspect\ndef checked(f):\n    f.text = inspect.getsource(f)\n    return f\n"
# {name: (its __init__, which has `run`; other files)}
PACKAGES: dict[str, tuple[str, dict[str, str]]] = {
    "stubs": (HERE + "def run(): return open(os.path.join(here, 'api.pyi')).read()",
              {"api.py": "", "api.pyi": "x: int"}),  # pyglossary, jurigged
    "ownstub": ("def run(): return open(__file__ + 'i').read()", {"__init__.pyi": "y: int"}),
    "pages": (HERE + "def run(d='docs'): return sorted(os.listdir(os.path.join(here, d)))",
              {"docs/a.rst": "x", "docs/b.html": "y"}),  # flask and jinja2 with template_folder
    "lazy": ("import importlib\n_PARTS = ('core', 'tests')\ndef __getattr__(name):\n"
             "    if name in _PARTS: return importlib.import_module(f'{__name__}.{name}')\n"
             "    raise AttributeError(name)\ndef run(): import lazy; return lazy.tests.suite.x",
             {"core.py": "", "tests/__init__.py": "from . import suite",
              "tests/suite.py": "import unittest\nx = 1", "tests/test_a.py": ""}),  # sympy, SciPy
    "star": ("__all__ = ['core', 'tests']\n"
             "def run():\n    names = {}\n    exec('from star import *', names)\n"
             "    return names['tests'].x", {"core.py": "", "tests/__init__.py": "x = 1",
                                             "tests/test_a.py": ""}),
    "walked": ("import pkgutil\ndef run(): return [each.name for each in"
               " pkgutil.walk_packages(__path__, 'walked.')]",
               {"docs/__init__.py": "", "docs/p.py": "", "tests/__init__.py": "",
                "tests/test_a.py": ""}),  # stevedore's users, django-extensions
    "shown": ("'''\n>>> from shown.test.utils import path\n'''\n"
              "import importlib\ndef run():  # as its user does\n"
              "    utils = importlib.import_module('.'.join(['shown', 'te' + 'st', 'utils']))\n"
              "    return open(utils.path('x.txt')).read()",
              {"test/__init__.py": "", "test/test_a.py": "", "test/test_data/x.txt": "data",
               "test/utils.py": "import os\ndef path(name):\n"
               "    return os.path.join(os.path.dirname(__file__), 'test_data', name)"}),  # gensim
    "heads": (HERE + "def run(): return sorted(os.listdir(here + '/include/heads'))",
              {"include/heads/x.h": "//"}),  # pybind11, nanobind
    "guard": (GUARD + "def run(): return checked(run).text", {}),  # typeguard, icontract
    "guarded": ("from guard import checked\n@checked\ndef run(): return run.text", {}),  # inflect
    "plugins": (HERE + "import re\ndef run(): return [f for f in sorted(os.listdir(here)) if"
                " re.match(r'^(p\\w*)\\.py$', f)]", {"p1.py": "", "p2.py": ""}),
    "jobs": ("import runpy\nfrom pathlib import Path\ndef run(n='job'): return"
             " runpy.run_path(str(Path(__file__).with_name(n + '.py')))['x']", {"job.py": "x = 1"}),
    "sliced": ("def run(): return open(__file__[:-3] + '.json').read()", {"__init__.json": "{}"}),
}  # fmt: skip
CALLS = "import importlib, sys\nsys.path.insert(0, sys.argv[1])\n" + "".join(
    f"print({name!r}, importlib.import_module({name!r}).run())\n" for name in PACKAGES
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = handmade_layers.project(tmp_path, monkeypatch)
    wheels = {
        name: {f"{name}/__init__.py": init}
        | {f"{name}/{path}": text for path, text in files.items()}
        for name, (init, files) in PACKAGES.items()
    }
    handmade_layers.lay_wheels(found, wheels)
    for path in Path("wheels").iterdir():
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall("plain")
    return found


def called(folder: Path) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-IBc", CALLS, str(folder)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("bytecode", ["compile", "only"])
def test_the_layer_answers_as_what_was_installed(settings: Settings, bytecode: str) -> None:
    """Line by line; what nobody reads is gone all the same."""
    chosen = replace(settings, bytecode=bytecode)
    handmade_layers.pack(chosen)
    with zipfile.ZipFile(paths.layer_zip(chosen)) as archive:
        archive.extractall("opt")
    assert called(Path("opt/python")) == called(Path("plain"))
    assert not Path("opt/python/shown/test/test_a.py").exists()
    assert Path("opt/python/lazy/core.py").exists() == (bytecode == "compile")
