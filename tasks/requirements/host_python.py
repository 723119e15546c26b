"""builder=host: what this machine can do for a layer, and what it has to leave out.

    here                                installs   compiles   strips, loads, imports
    the layer's machine and Python      yes        yes        yes
    its Python, another machine         wheels     yes        no
    neither, or its machine alone       wheels     no         no

Bytecode is the same on every machine, but not for every Python (PEP 3147: its magic number). What
was stripped must be seen to load, so without that nothing is.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from ..settings.model import Settings
from ..util import files
from .tags import MACHINES

ANSWER_SECONDS = 10
# Where those that are not on PATH lie: pyenv's and uv's own.
_HOMES = (("PYENV_ROOT", ".pyenv", "versions/{python}.*"),
          ("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "cpython-{python}.*"))  # fmt: skip
_ASK = (
    "import platform, sys\n"
    "print(sys.implementation.cache_tag + sys.abiflags, platform.python_version())"
)


def runs(settings: Settings) -> bool:
    """Does this machine run what is installed for the layer, and so test it?"""
    return has_machine(settings) and bool(version(settings.python))


def has_machine(settings: Settings) -> bool:
    here = (platform.system(), platform.machine())
    return here == ("Linux", MACHINES[settings.architecture])


def feasible(settings: Settings) -> Settings:
    """The settings as they can be built: what this machine leaves out is switched off, and so
    part of the layer's identity as if somebody had switched it off."""
    if settings.builder != "host" or runs(settings):
        return settings
    bytecode = settings.bytecode if version(settings.python) else "none"
    written = (("strip", settings.strip), ("bytecode", settings.bytecode))
    return replace(settings, strip=False, bytecode=bytecode, written=(*settings.written, *written))


def target(settings: Settings) -> str:
    return f"Python {settings.python} on {settings.architecture}"


def title(settings: Settings) -> str:
    """For people, also in reports and manifests: what builds, and what it does not test."""
    here = f"this machine's Python {version(settings.python) or platform.python_version()}"
    return here if runs(settings) else f"{here}, which does not run {target(settings)}"


def left_out(settings: Settings) -> list[str]:
    """Sentences for people."""
    if runs(settings):
        return []
    lines = [f"for {target(settings)} from wheels alone, which this machine does not run: "
             "nothing is stripped, no import is tested"]  # fmt: skip
    if not version(settings.python):
        lines.append(f"no bytecode: it takes a Python {settings.python}, and none was found here")
    return lines


def interpreter(python: str) -> str:
    """The base interpreter of that version. Where there is none, our own: it installs, reads and
    packs. Nothing of the tool's own .venv is importable in it."""
    return _found(python)[0] or _own()


def version(python: str) -> str:
    """Of the CPython of that version that is here, in full. '' where none is."""
    return _found(python)[1]


def _own() -> str:
    return str(getattr(sys, "_base_executable", sys.executable))


@cache
def _found(python: str) -> tuple[str, str]:
    if python == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return _own(), platform.python_version()
    for path in _candidates(python, files.home()):
        if found := _asked(path, f"cpython-{python.replace('.', '')}"):
            return str(path), found
    return "", ""


def _candidates(python: str, home: Path) -> Iterator[Path]:
    """Where an interpreter of that version would lie. Nothing is downloaded. (`uv python find` ends
    at the first of pyenv's shims that does not start.)"""
    for variable, place, pattern in _HOMES:
        root = Path(os.environ.get(variable) or home / place)
        found = root.glob(f"{pattern.format(python=python)}/bin/python{python}")
        yield from sorted(found, reverse=True)
    for folder in os.get_exec_path():
        if (path := Path(folder, f"python{python}")).is_file():
            yield path


def _asked(path: Path, tag: str) -> str:
    """Its version, if it starts and its bytecode is of that kind. Pyenv's shims may not start."""
    try:
        said = subprocess.run(
            [path, "-I", "-S", "-c", _ASK], capture_output=True, text=True, check=False,
            timeout=ANSWER_SECONDS,
        ).stdout.split()  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said[1] if said[:1] == [tag] else ""
