"""The trees that are compared, each made in the same run from the same lock."""

import fnmatch
import shutil
import zipfile
from contextlib import chdir
from pathlib import Path

from tasks.layer import installed as installed_layer
from tasks.layer import locked_requirement
from tasks.layer.builder import LayerBuilder
from tasks.layer.installed import Installed
from tasks.requirements import file, uv
from tasks.sandbox import job_users
from tasks.sandbox.protocol import Job, Sandbox
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install, optimize, prune
from tasks.steps import zip as zip_
from tasks.util import files as file_tools
from tasks.util.errors import BuildError

# The classic script: `find … -name X -exec rm -rf`, over folders and over files.
FINDS = (
    ("tests", "test", "__pycache__", "docs", "*.dist-info", "*.egg-info"),
    ("*.pyc", "*.pyo", "*.md"),
)
COMPILE = "{interpreter} -m compileall -q -j 2 {work}/python || true"  # templates do not compile


def installed(settings: Settings, sandbox: Sandbox, target: Path, *, compiled: bool) -> None:
    """As `uv pip install --target` leaves it. `compiled`: as pip does, with bytecode."""
    lines = file.read_requirements(Path(settings.lock))
    pins = locked_requirement.locked_requirements(lines, settings, sandbox.kind)
    job = Job(
        argv=("{uv}", *uv.installing(settings, sandbox.kind, hashed=True)),
        inputs={"requirements.txt": "".join(f"{pin.text}\n" for pin in pins).encode()},
        kind=job_users.INSTALL,
        network=True,
        fetch={} if compiled else {"{work}/python": target / "python"},
    )
    _run(sandbox, job)
    if compiled:
        fetch = {"{work}/python": target / "python"}
        _run(sandbox, Job(argv=("sh", "-c", COMPILE), kind=job_users.INSPECT, fetch=fetch))
    sandbox.close()  # {work} is empty for the next


def _run(sandbox: Sandbox, job: Job) -> None:
    outcome = sandbox.run(job)
    if outcome.code:
        raise BuildError(f"{job.argv[0]} failed:\n{outcome.tail}", fix="see the lines above")


def classic(source: Path, target: Path) -> None:
    """Pruned by the classic script's rules, by name alone."""
    folders, files = FINDS
    for path in file_tools.walk(source):
        parts = path.relative_to(source).parts
        gone = any(fnmatch.fnmatch(part, glob) for part in parts[:-1] for glob in folders)
        if not gone and not any(fnmatch.fnmatch(parts[-1], glob) for glob in files):
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)


def ours(settings: Settings, sandbox: Sandbox, folder: Path, target: Path) -> Installed:
    """Built by this project's steps, as `settings` say, in an empty project at `folder`. What was
    installed for it."""
    folder.mkdir(parents=True)
    (folder / paths.DOCKER).symlink_to(paths.DOCKER.absolute())
    for name in (settings.requirements, settings.lock):
        shutil.copy(name, folder)
    workshop = LayerBuilder(settings, sandbox)
    with chdir(folder):
        install.run(settings, lambda: workshop)
        prune.run(settings)
        optimize.run(settings, lambda: workshop)
        zip_.run(settings)
        with zipfile.ZipFile(paths.layer_zip(settings)) as archive:
            archive.extractall(target)
        found = installed_layer.needed(settings)
    workshop.close()
    return found
