"""The project's `check`, which has passed once for all: the same zip, script and surroundings give
the same answer. So a machine without Docker builds where the store knows it."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from ..layer import installed
from ..layer.team_store import run as team
from ..sandbox.job_users import CHECK
from ..sandbox.protocol import Job, Sandbox, scripts
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord
from ..ui.console import say
from ..util import actor, files, input_files, typed_json
from ..util.errors import VerifyError
from . import probe

KIND = "checks"  # of the store's entries
FORMAT = 1  # raise when docker/probe.py runs a check in another way


class Passed(TypedDict):
    """By whom and when, for people."""

    by: str
    at: str


def ensure(settings: Settings, get_sandbox: Callable[[], Sandbox], sha256: str) -> str:
    """What it is kept under that it has passed, '' where there is none. `sha256`: of the zip.
    VerifyError where it fails, which nobody keeps."""
    if not settings.check:
        return ""
    key, kept = _key(settings, sha256), installed.store(settings)
    team.bring(KIND, [key])
    if known := kept.get(KIND, key):
        passed = json.loads(known.read_bytes())
        say(f"check {settings.check} passed, by {passed['by']} on {passed['at'][:10]}")
        return key
    run(settings, get_sandbox, paths.layer_zip(settings))
    made = Passed(by=actor.current_actor(os.environ), at=actor.written(datetime.now(UTC)))
    kept.put_bytes(KIND, key, files.canonical(made))
    return key


def run(settings: Settings, get_sandbox: Callable[[], Sandbox], layer: Path) -> None:
    """The project's `check`, for the real calls that an import does not reach. VerifyError."""
    path = Path(settings.check)
    if settings.check.endswith(".py") and not path.is_file():
        raise VerifyError(f"check = {settings.check!r}: no such file", fix="correct pyproject.toml")
    script = {"check/check.py": input_files.read(path)} if path.is_file() else {}
    what = "{work}/check/check.py" if script else settings.check
    job = Job(
        argv=("{python}", "{scripts}/probe.py", "check", probe.LAYER, what),
        kind=CHECK,
        inputs={**scripts(probe.SCRIPTS), **script},
        environment=probe.proof_environment(settings),
        opt=(layer,),
        timeout=float(settings.check_timeout),
    )
    fix = "correct the check, or the layer: keep, rules-off, recipes in pyproject.toml"
    try:
        outcome = get_sandbox().run(job)
    except TimeoutError as error:
        tail = "\n".join(str(error).splitlines()[-8:])
        problem = f"check = {settings.check!r} did not end in {settings.check_timeout} s\n{tail}"
        raise VerifyError(
            problem.strip(), fix=f"{fix}. A larger check-timeout allows more"
        ) from None
    if outcome.code:
        raise VerifyError(f"check = {settings.check!r} failed:\n{outcome.tail}", fix=fix)
    say(f"check {settings.check} passed")


def check_entry(path: Path) -> None:
    """ValueError unless it is one."""
    if not typed_json.fits(json.loads(path.read_bytes()), Passed):
        raise ValueError("it has another form")


def _key(settings: Settings, sha256: str) -> str:
    script = Path(settings.check)
    said = files.file_digest(script) if script.is_file() else settings.check
    image = records.needed(settings, InstallRecord).image
    around = [image, probe.proof_fingerprint(settings), *probe.around(settings)]
    return files.digest([FORMAT, sha256, said, *around])
