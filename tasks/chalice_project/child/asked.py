"""Chalice itself asked what an app is, where reading its files does not tell. `chalice` may be
imported by a package of the app's environment, by vendor/, or by a folder of sys.path's."""

import os
import tempfile
from contextlib import chdir
from pathlib import Path

from ...settings.model import Settings
from ...util import files
from ...util.errors import InputError
from .. import environment
from ..source.declared import Route
from . import process

OURS = Path(__file__).parents[3]


def routes(root: Path, stage: str) -> list[Route]:
    """Those of the app, imported in its own environment as a deploy does. InputError with the
    import's own words where Chalice cannot use it."""
    with tempfile.TemporaryDirectory() as scratch, chdir(root):
        report = Path(scratch, "asked.json")
        _, lines = process.import_app(_told(stage, report), str(report))
        found = files.read_record(report) or {"error": "".join(lines).strip() or "it ended Python"}
    if "error" not in found:
        return [Route(**each) for each in found["routes"]]
    fix = "run it in the folder of the app"
    if "ModuleNotFoundError" in found["error"]:
        fix += ", where its packages are installed: in its .venv, or with its environment active"
    raise InputError(
        f"{root.resolve()} is no Chalice app: the files of it that were read do not import "
        f"chalice, so app.py was run, and Chalice cannot use it:\n{found['error']}",
        fix=fix,
    )


def _told(stage: str, report: Path) -> process.Told:
    """Nothing is left behind in the app's folder."""
    default, environ = Settings(), {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if environment.is_own():  # which need not have this package installed
        paths = [os.environ.get("PYTHONPATH", ""), str(OURS)]
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return {
        "words": ["import", "--stage", stage], "access": None, "variables": {},
        "environ": environ, "region": default.region, "python": default.python,
        "report": str(report),
    }  # fmt: skip
