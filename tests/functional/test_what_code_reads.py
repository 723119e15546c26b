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
    "resource": ("from importlib import resources\ndef run(n='x'):"
                 " return resources.read_text(f'{__name__}.tests', n + '.sql')",
                 {"tests/__init__.py": "", "tests/x.sql": "select", "tests/test_a.py": ""}),
    "begun": ("from . import loader\ndef run(): return loader.load('tests').x",
              {"loader.py": "import importlib\nKINDS = ['tests']\n"
               "def load(kind): return importlib.import_module('begun.' + kind)\n",
               "tests/__init__.py": "x = 1", "tests/test_a.py": "import unittest"}),
    "table": (HERE + "import json\ndef run(): return [open(here + '/' + each).read() for each"
              " in json.load(open(here + '/index.json'))]",
              {"index.json": '["pages/start.md", "pages/end.md"]', "pages/start.md": "a",
               "pages/end.md": "b"}),  # MLflow's and CrewAI's prompts
    "kernels": (HERE + "def run(): return sorted(os.listdir(here + '/kernels'))",
                {"kernels/k.cu": "", "kernels/k.c": "", "kernels/k.h": "", "_x.so": ""}),
    "placed": ("from .paths import HERE\ndef run(n='job'): return (HERE / f'{n}.py').read_text()",
               {"paths.py": "import pathlib\nHERE = pathlib.Path(__file__).parent\n",
                "job.py": "x = 1"}),
    "version": (HERE + "def run(): return open(os.path.join(here, '__init__.py')).read()[:6]", {}),
    "found": (HERE + "import unittest\ndef run(): return unittest.TestLoader().discover("
              "here + '/checks', top_level_dir=os.path.dirname(here)).countTestCases()",
              {"checks/__init__.py": "", "checks/test_a.py":
               "import unittest\nclass A(unittest.TestCase):\n    def test_x(self): pass\n"}),
    "bases": ("import inspect\nclass Base:\n"
              "    def text(self): return open(inspect.getfile(type(self))[:-3] + '.txt').read()\n"
              "def run(): return 1", {}),
    "derived": ("from bases import Base\nclass C(Base): pass\ndef run(): return C().text()",
                {"__init__.txt": "z"}),
    "itself": ("import os\n_F = os.path.abspath(__file__)\ndef run():\n"
               "    with open(_F) as file: return file.read(9)", {}),
    "asking": ("from importlib import metadata\ndef run(): return"
               " metadata.metadata('asking').get_payload(),"
               " metadata.distribution('asking').read_text('WHEEL')", {}),
    "multi": (HERE + "import importlib.util\ndef run():\n"
              "    place = os.path.join(os.path.dirname(here), 'multi.py')\n"
              "    spec = importlib.util.spec_from_file_location('multi_', place)\n"
              "    other = importlib.util.module_from_spec(spec)\n"
              "    spec.loader.exec_module(other)\n    return other.x", {}),  # python-multipart
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
    wheels["multi_module"] = {"multi.py": "x = 1"}
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
