"""The app's own Python environment: Chalice imports app.py there, with the versions of boto3 and of
Chalice that the app is written for. This tool's packages come after them, where one is missing.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from ..util.errors import InputError
from ..util.invoked_as import SITES

VENV = ".venv"
OLDEST = (3, 12)  # `requires-python` in pyproject.toml
SECONDS = 20
# Start a module of ours: sys.argv is ["-c", folders to look in last, module, …]. Not in the current
# one first: whatever lies beside app.py (secrets.py, queue.py) is the app's.
START = (
    "import sys; sys.path = [each for each in sys.path if each]; import json, runpy; "
    "sys.path += json.loads(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
ASK = (
    "import json, sys\nfrom importlib.metadata import version\n"
    "print(json.dumps(['%d.%d' % sys.version_info[:2], version('chalice')]))"
)
_VERSION = re.compile(r"\d+")


def interpreter() -> Path:
    """The Python of $VIRTUAL_ENV, or of .venv in the app's folder or one around it (in its
    repository), where it has Chalice. Else our own."""
    for folder in _candidates():
        python = folder / "bin" / "python"
        if python.exists() and _has_chalice(folder):
            return python
    return Path(sys.executable)


def is_own() -> bool:
    """Does Chalice run where this tool runs?"""
    return interpreter() == Path(sys.executable)


def _candidates() -> Iterator[Path]:
    own = Path(sys.prefix).resolve()
    around = [folder / VENV for folder in _project()]
    named = [Path(os.environ["VIRTUAL_ENV"])] if os.environ.get("VIRTUAL_ENV") else []
    for folder in (*named, *around):
        if folder.resolve() == own:
            return  # whoever activated it means this one
        yield folder


def _project() -> list[Path]:
    """The app's folder, and those around it up to its repository's: above that, anybody may have
    put a .venv there."""
    folders = [Path.cwd(), *Path.cwd().parents]
    top = next((number for number, each in enumerate(folders) if (each / ".git").exists()), 0)
    return folders[: top + 1]


def _has_chalice(folder: Path) -> bool:
    return any(folder.glob("lib/python3.*/site-packages/chalice/app.py"))


def command(module: str, *words: str) -> Sequence[str]:
    """To run a module of ours there. Its output is not buffered: an error comes after what led to
    it."""
    if is_own():
        return [sys.executable, "-u", "-m", module, *words]
    return [str(interpreter()), "-u", "-c", START, json.dumps(_last()), module, *words]


def _last() -> list[str]:
    """What our own modules need, the app's folder, and where our modules are: a checkout of ours
    has an app.py, too."""
    root = str(Path(__file__).parents[2])
    return [*SITES, "", *([] if root in SITES else [root])]


def packages() -> list[str]:
    """Where the packages are that Chalice runs with."""
    folder = interpreter().parents[1] / "lib"
    return sys.path if is_own() else [str(path) for path in folder.glob("python3.*/site-packages")]


def python_version() -> str:
    """`3.12`: Chalice deploys the runtime of the Python that runs it."""
    return _asked(str(interpreter()))[0]


def refuse_too_old() -> None:
    """InputError where Chalice's Python cannot run our part in it."""
    found = python_version()
    if is_own() or is_at_least(found, OLDEST):
        return
    oldest = ".".join(map(str, OLDEST))
    raise InputError(
        f"Chalice is installed in {interpreter()} with Python {found}. This tool needs Python "
        f"{oldest} or newer there",
        fix=f"make that environment with Python {oldest} or newer. Without it Chalice runs where "
        "this tool is installed",
    )


def chalice_version() -> str:
    return _asked(str(interpreter()))[1]


@cache
def _asked(python: str) -> tuple[str, str]:
    if python == sys.executable:
        from importlib.metadata import version

        return f"{sys.version_info[0]}.{sys.version_info[1]}", version("chalice")
    try:
        words = [python, "-I", "-c", ASK]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=SECONDS)
        found = json.loads(done.stdout)
        return str(found[0]), str(found[1])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise InputError(
            f"{python} has Chalice, but does not start: {error}",
            fix="make that environment again. Without it Chalice runs where this tool is installed",
        ) from None


def is_at_least(version: str, wanted: tuple[int, ...]) -> bool:
    """`1.34.0` is at least (1, 34)."""
    return tuple(map(int, _VERSION.findall(version)[: len(wanted)])) >= wanted
