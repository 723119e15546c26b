"""`doit lock`: every package of the layer, transitive ones too, pinned with hashes."""

import time
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..requirements import file, lockfile
from ..requirements.tags import platform_tag
from ..requirements.uv import explain
from ..sandbox.host import HostSandbox
from ..sandbox.job_kinds import INSTALL
from ..sandbox.protocol import Job
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import duration, say
from ..util import files


def task_lock() -> dict[str, object]:
    """Pin every package of the layer, with hashes, in <requirements>.lock."""
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
    inputs = file.as_inputs(file.read_requirements(Path(settings.requirements)))
    job = Job(
        argv=(
            "{uv}", "pip", "compile", "{work}/requirements.txt", "--output-file", "{work}/lock",
            "--no-config", "--quiet", "--generate-hashes", "--no-header", "--no-annotate",
            "--python-platform", platform_tag(settings), "--python-version", settings.python,
            "--python", "{interpreter}", "--no-python-downloads",
        ),
        kind=INSTALL,
        inputs=inputs | {"lock": before.encode()},
        network=True,
        indexes=True,
        fetch={"{work}/lock": result},
    )  # fmt: skip
    sandbox = HostSandbox(settings)
    try:
        outcome = sandbox.run(job)
    finally:
        sandbox.close()
    if outcome.code:
        raise explain(outcome.output, settings, sandbox.kind)
    return result.read_text(encoding="utf-8")


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """`name old → new`, a line each, for packages that came, went or moved."""
    return [
        f"{name} {before.get(name, '–')} → {after.get(name, '–')}"
        for name in sorted(before.keys() | after.keys())
        if before and before.get(name) != after.get(name)
    ]
