"""`doit lock`: every package of the layer, transitive ones too, pinned with hashes."""

import time
from functools import cache, partial
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer import resolution
from ..layer.builder import index_options
from ..layer.source_builder import SourceBuilder
from ..requirements import file, lockfile, uv
from ..sandbox.host import HostSandbox
from ..sandbox.job_kinds import INSTALL
from ..sandbox.protocol import Job, Sandbox
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import duration, say
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
    text = lockfile.header(settings) + resolve(settings, before)
    files.write_atomic(lock, text.encode())
    for line in changes(lockfile.locked_versions(before), lockfile.locked_versions(text)):
        say(line)
    took = duration(time.monotonic() - started)
    say(f"{lock}: {len(lockfile.locked_versions(text))} packages pinned with hashes, in {took}")
    say(f"next: ./doitw builds exactly these; commit {lock}")


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
        words = partial(uv.resolving, settings, sandbox.kind)
        resolution.resolve(sandbox, sources, job, words, asked, settings)
    finally:
        sandbox.close()
        if in_a_container.cache_info().currsize:
            in_a_container(settings).close()
    return result.read_text(encoding="utf-8")


@cache
def in_a_container(settings: Settings) -> Sandbox:
    """Where what has no wheel says what it needs. BuildError where there is no engine."""
    from ..sandbox.container.sandbox import ContainerSandbox

    try:
        return ContainerSandbox(settings)
    except BuildError as error:
        problem = f"a package has no wheel, and its build scripts would run as you: {error.problem}"
        raise BuildError(problem, fix="start Docker, or pin a version that has a wheel") from None


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """`name old → new`, a line each, for packages that came, went or moved."""
    return [
        f"{name} {before.get(name, '–')} → {after.get(name, '–')}"
        for name in sorted(before.keys() | after.keys())
        if before and before.get(name) != after.get(name)
    ]
