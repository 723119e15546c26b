"""docker/preload.py: what was run before is imported as if it had not been."""

import json
import os
import subprocess
import sys
import types

import pytest

from tests import sandbox_scripts

NAMES = (
    "asyncio asyncio.events concurrent.futures csv ctypes email.message http http.client "
    "importlib.metadata importlib.resources inspect os.path pathlib socket ssl subprocess "
    "tempfile urllib.request zipfile"
)
CODE = f"""
import sys
sys.path.insert(0, {str(sandbox_scripts.FOLDER)!r})
import importlib, json, builtins, contextlib, importlib.machinery, typing
import preload
runtime = frozenset(sys.modules)
names, warm = json.loads(sys.argv[1]), sys.argv[2] == "warm"
if warm:
    ready = preload.Preloaded(runtime)
    assert frozenset(sys.modules) == runtime
    ready.provide()
"""
LOOK = (
    CODE
    + """
for name in names:
    importlib.import_module(name)
attached = sorted(
    f"{name}: {part}" for name, module in sys.modules.items()
    for part, value in vars(module).items() if sys.modules.get(f"{name}.{part}") is value
)
told = [[x.origin, x.loader.__class__.__name__] for n in names if (x := sys.modules[n].__spec__)]
print(json.dumps([sorted(sys.modules), attached, told, warm and "_ssl" in ready._modules]))
"""
)


def looked(*names: str, way: str) -> list[object]:
    words = [sys.executable, "-S", "-c", LOOK, json.dumps(names), way]
    found: list[object] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize("name", NAMES.split())
def test_an_import_brings_what_it_brings_anyway(name: str) -> None:
    """The same modules, each in its package, and nothing else: who uses one that was not imported
    fails as in Lambda."""
    *cold, _ = looked(name, way="cold")
    *warm, _ = looked(name, way="warm")
    assert warm == cold


def test_they_have_run_before() -> None:
    assert looked("ssl", way="warm")[-1] is True


def test_what_is_loaded_again_runs_again() -> None:
    code = CODE + (
        "import tempfile; tempfile.template = 'mine'; importlib.reload(tempfile); "
        "print(tempfile.template)"
    )
    words = [sys.executable, "-S", "-c", code, "[]", "warm"]
    assert subprocess.run(words, capture_output=True, check=True).stdout == b"tmp\n"


def said(code: str) -> str:
    """What this prints in a process that has them ready."""
    words = [sys.executable, "-S", "-c", CODE + code, "[]", "warm"]
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()


def test_what_a_module_registers_beside_itself_comes_along() -> None:
    """typing.io and typing.re are no modules: antlr4 4.7 imports them."""
    assert (
        said("from typing.io import TextIO; import typing.re; print(TextIO.__name__)") == "TextIO"
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "print(importlib.util.find_spec('inspect').loader.__class__.__name__)",
            "SourceFileLoader",
        ),
        ("import runpy; print(bool(runpy.run_module('csv')['reader']))", "True"),
        ("import csv; old = csv; del sys.modules['csv']; import csv; print(csv is old)", "False"),
        (
            "spec = importlib.util.find_spec('csv'); copy = importlib.util.module_from_spec(spec);"
            "spec.loader.exec_module(copy); import csv; print(csv is copy)",
            "False",
        ),
        (
            "import socket\nclass Mine(socket.socket): pass\nsocket.socket = Mine\n"
            "import ssl; print(issubclass(ssl.SSLSocket, Mine))",
            "True",
        ),
        (
            "asked = []\nclass Hears:\n"
            "    def find_spec(self, name, *_):\n        asked.append(name)\n"
            "sys.meta_path.insert(0, Hears())\nimport urllib.request; print('ssl' in asked)",
            "True",
        ),
    ],
    ids=["find_spec", "runpy", "again", "copy", "patched", "hook"],
)
def test_whoever_could_notice_gets_what_python_loads(code: str, says: str) -> None:
    """Code that looks for a module, wants a second one, patches another or listens to imports."""
    assert said(f"import importlib.util\n{code}") == says


def test_functions_of_os_that_a_class_holds_are_found() -> None:
    """pathlib of Python 3.10 has taken os.stat before anybody watches it."""

    class Accessor:
        look, text = os.stat, str

    module = types.ModuleType(__name__)
    vars(module).update(Accessor=Accessor, fork=os.fork, path=os.path)
    found = list(sandbox_scripts.load("preload").holding([module]))
    assert found == [(module, "fork", "fork"), (Accessor, "look", "stat")]
