"""`doit lock`: every package of the layer, transitive ones too, pinned with hashes."""

import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..context import arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import resolution
from ..layer.builder import index_options
from ..layer.locked_requirement import from_source
from ..layer.wheels import find_missing, missing_wheels, uv_errors
from ..layer.wheels.source_builder import SourceBuilder, close_container, in_a_container
from ..requirements import file, lockfile, references, uv
from ..sandbox.container import docker_engine, docker_images
from ..sandbox.host import HostSandbox
from ..sandbox.job_users import INSTALL
from ..sandbox.protocol import Job, Sandbox
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import count, duration, say
from ..util import files
from ..util.errors import BuildError


def task_lock() -> dict[str, object]:
    """Pin all packages with hashes."""
    settings = current()
    return {"actions": [action(lambda: write_lock(settings))]}


def write_lock(settings: Settings) -> None:
    """Resolve and write. Pins of an existing lock stay where the requirements allow them."""
    started = time.monotonic()
    lock, before = Path(settings.lock), lockfile.start(settings)
    text = lockfile.header(settings) + image_line(settings) + resolve(settings, before)
    files.write_atomic(lock, text.encode())
    for line in changes(lockfile.locked_versions(before), lockfile.locked_versions(text)):
        say(line)
    took = duration(time.monotonic() - started)
    pinned = count(len(lockfile.locked_versions(text)), "package")
    say(f"{lock}: {pinned} pinned with hashes, in {took}")
    if arguments.current().format_:
        say(f"{write_pylock(settings, text)}: the same as PEP 751 has it")
    say(f"next: ./doitw builds exactly these; commit {lock}")


def image_line(settings: Settings) -> str:
    """The base image's digest, so that a build knows its key without a registry. One that the lock
    has stays, as versions do. '' where containers do not build, or nobody here knows it."""
    if settings.builder == "host" or "@" in settings.image_name:
        return ""
    digest = settings.locked_image
    try:
        digest = digest or docker_images.offered(docker_engine.connect(), settings)
        why = "no registry has it"
    except BuildError as error:
        why = error.problem.splitlines()[0]
    if not digest:
        say(f"note: {settings.lock} has no digest of image {settings.image_name}: {why}")
    return lockfile.image_line(settings, digest)


def write_pylock(settings: Settings, text: str) -> Path:
    """pylock.toml beside the lock, whose text this is: with the files' addresses, and without the
    logins that an index of yours has in its own. BuildError in uv's words."""
    target, made = Path(settings.lock).with_name("pylock.toml"), paths.BUILD / "lock/pylock.toml"
    lines = [line for line in file.read_requirements(Path(settings.requirements)) if line.is_option]
    options, wheels = references.carried(index_options(line.text for line in lines))
    asked = "".join(f"{line}\n" for line in options) + text
    sandbox = HostSandbox(settings)
    job = Job(
        argv=("{uv}", *uv.exporting(settings, sandbox.kind)),
        kind=INSTALL,
        inputs={"requirements.txt": asked.encode(), **wheels},
        network=True,
        indexes=True,
        fetch={"{work}/pylock.toml": made},
    )
    try:
        outcome = sandbox.run(job)
    finally:
        sandbox.close()
    if outcome.code:
        raise uv_errors.explain(outcome.output, settings, sandbox.kind)
    written = re.sub(r"://[^/\s\"@]*@", "://", made.read_text(encoding="utf-8"))
    files.write_atomic(target, written.encode())
    return target


def resolve(settings: Settings, before: str) -> str:
    """uv's resolution for the layer's platform. BuildError in its words when there is none."""
    result = paths.BUILD / "lock" / "resolved.lock"
    asked = file.read_requirements(Path(settings.requirements))
    inputs = file.as_inputs(resolution.without_sources(asked))
    job = Job(
        argv=(),
        kind=INSTALL,
        inputs={**inputs, "resolved.txt": before.encode()},
        network=True,
        indexes=True,
        fetch={"{work}/resolved.txt": result},
    )
    sandbox = HostSandbox(settings)
    sources = SourceBuilder(settings, lambda: in_a_container(settings))
    sources.options = index_options(line.text for line in asked)
    try:
        newest = arguments.current().exclude_newer
        words = partial(uv.resolving, settings, sandbox.kind, newest=newest)
        refuse_missing_wheels(sources, sandbox, job, asked)
        resolution.resolve(sandbox, sources, job, words, asked, settings)
    finally:
        sandbox.close()
        close_container(settings)
    return result.read_text(encoding="utf-8")


def refuse_missing_wheels(
    sources: SourceBuilder, sandbox: Sandbox, job: Job, asked: Sequence[file.Line]
) -> None:
    """BuildError that names all of them, before a build ends at one after the other. What a line
    `--no-binary` allows to be built is none of them."""
    allowed = {*from_source(line.text for line in asked if line.is_option)}
    found = [] if ":all:" in allowed else find_missing.find(sources, sandbox, job, asked)
    refused = [each for each in found if each.name not in allowed]
    if refused:
        raise missing_wheels.refusal(refused, sources.settings)


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """`name old → new`, a line each, for packages that came, went or moved."""
    return [
        f"{name} {before.get(name, '–')} → {after.get(name, '–')}"
        for name in sorted(before.keys() | after.keys())
        if before and before.get(name) != after.get(name)
    ]
