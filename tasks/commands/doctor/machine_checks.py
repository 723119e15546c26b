"""`doit doctor` on this machine: Python, the project's files, the builder, disk."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ...chalice_project import config
from ...requirements import file as requirements_file
from ...requirements import function_file
from ...settings import lambda_pythons, paths, records
from ...settings.model import LAMBDA_LIMIT, Settings
from ...settings.step_records import InstallRecord
from ...steps import preflight
from ...ui import finding
from ...ui.console import size
from ...ui.finding import Finding
from ...util.errors import BuildError
from . import builder_checks

TREES = 4  # the layer lies here that often at once: installed, pruned, optimized, in proof


def check_machine(settings: Settings) -> Iterator[Finding]:
    yield finding.finding_of("Python", lambda: _python(settings))
    yield finding.finding_of("requirements", lambda: _requirements(settings))
    yield finding.finding_of("requirements.txt", lambda: _function(settings))
    yield finding.finding_of("Chalice", lambda: _chalice(settings))
    yield from builder_checks.check_builder(settings)
    yield finding.finding_of("disk", lambda: _disk(settings))


def _python(settings: Settings) -> Finding | str:
    preflight.check_python(settings)
    here = ".".join(map(str, sys.version_info[:3]))
    if told := lambda_pythons.warning(settings.python, datetime.now(UTC).date()):
        said, _, fix = told.partition(": ")[2].partition("\n")
        return finding.note("Python", f"{here}; {said}", fix)
    return f"{here}, as the layer (python{settings.python}, {settings.architecture})"


def _requirements(settings: Settings) -> str:
    preflight.check_packages(settings)
    count = len(requirements_file.read_requirements(Path(settings.requirements)))
    locked = Path(settings.lock).is_file()
    how = f"pinned in {settings.lock}" if locked else "not locked: see `./doitw help lock`"
    return f"{count} in {settings.requirements}, {how}"


def _function(settings: Settings) -> Finding | str:
    """What of requirements.txt a deploy would not pack."""
    file = function_file.FUNCTION
    asked = function_file.asked(file)
    locked = Path(settings.lock) if Path(settings.lock).is_file() else Path(settings.requirements)
    layer = {*function_file.asked(locked)}
    if told := function_file.double(asked, layer):
        return finding.note("requirements.txt", told, f"take these lines out of {file}")
    return f"{len(asked)} in {file}, none of them in the layer"


def _chalice(settings: Settings) -> str:
    preflight.check_stage(settings)
    preflight.check_layers(settings)
    preflight.check_variables(settings)
    names = ", ".join(config.known_stages(paths.CHALICE_CONFIG))
    return f"{version('chalice')}; {paths.CHALICE_CONFIG} has stages {names}"


def _disk(settings: Settings) -> str:
    """BuildError when the layer's trees do not fit. Where nothing was built yet, the largest that
    Lambda takes is assumed."""
    installed = records.read(settings, InstallRecord)
    wanted = TREES * (installed.bytes if installed else LAMBDA_LIMIT)
    free = {str(place): shutil.disk_usage(place).free for place in (Path(), _temporary())}
    for place, count in free.items():
        if count < wanted:
            problem = f"{size(count)} free in {place}. A build takes up to {size(wanted)}"
            raise BuildError(problem, fix="free some disk space. `rm -r build` is safe")
    return f"{size(min(free.values()))} free; a build takes up to {size(wanted)}"


def _temporary() -> Path:
    return Path(tempfile.gettempdir())
