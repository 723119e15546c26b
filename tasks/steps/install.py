"""install: the requirements, for Lambda's platform, into build/install/<layer>/opt/python."""

import time
from collections.abc import Callable
from pathlib import Path

from tasks.clients import sandboxes
from tasks.core import distributions, identity, locks, paths, records, requirements, trees
from tasks.core.actions import action
from tasks.core.console import duration, say, size
from tasks.core.errors import BuildError
from tasks.core.installer import explain
from tasks.core.platforms import platform_tag
from tasks.core.sandbox import Job, Sandbox
from tasks.core.settings import Settings, current


def task_install() -> dict[str, object]:
    """Install the requirements inside Lambda's image (or with builder=host on this machine)."""
    settings = current()
    record = paths.record(settings, "install")
    inputs = [*requirements.files(Path(settings.requirements)), paths.DOCKER / "Dockerfile"]
    lock = [Path(settings.lock)] if Path(settings.lock).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: sandboxes.choose(settings)))],
        "file_dep": [str(path) for path in (*inputs, *lock)],
        "targets": [str(record)],
        "uptodate": [
            records.is_fresh(
                record, lambda: identity.install_inputs(settings, sandboxes.kind(settings))
            )
        ],
    }


def run(settings: Settings, get_sandbox: Callable[[], Sandbox]) -> records.Record:
    """Install, check the result, write the record. Input mistakes are found before Docker is
    touched. InputError, BuildError."""
    lines = requirements.read(Path(settings.requirements))
    locks.check(settings)
    sandbox = get_sandbox()
    fingerprint = identity.install_inputs(settings, sandbox.kind)
    started = time.monotonic()
    say(f"installing in {sandbox.title}")
    target = paths.tree(settings, "install")
    install(settings, sandbox, target / "python")
    record = describe(target, requirements.direct_names(lines))
    record |= {"fingerprint": fingerprint, "builder": sandbox.title}
    records.write(paths.record(settings, "install"), record)
    count, took = len(record["distributions"]), duration(time.monotonic() - started)
    say(f"{count} packages, {size(record['bytes'])} unpacked, in {took}")
    return record


def install(settings: Settings, sandbox: Sandbox, target: Path) -> None:
    """Run uv in the sandbox; `target` (…/python) is replaced when it has succeeded."""
    locked = Path(settings.lock).is_file()
    source = Path(settings.lock if locked else settings.requirements)
    job = Job(
        argv=("{uv}", *command(settings, sandbox.kind, locked=locked)),
        inputs=requirements.as_inputs(requirements.read(source)),
        fetch={"{work}/python": target},
        network=True,
        installs=True,
    )
    outcome = sandbox.run(job, on_line=say)
    if outcome.code:
        raise explain(outcome.output, settings)


def command(settings: Settings, builder: str, *, locked: bool) -> tuple[str, ...]:
    """uv's arguments. For another machine than it runs on uv must be told the platform, and then
    takes wheels only: without that it builds for the host, silently (astral-sh/uv#16019)."""
    words = ["pip", "install", "--no-progress", "--target", "{work}/python", "--link-mode", "copy"]
    words += ["--no-config", "--requirements", "{work}/requirements.txt", "--no-compile-bytecode"]
    if locked:
        words += ["--require-hashes", "--no-deps"]
    if builder == "host":
        words += ["--python-platform", platform_tag(settings), "--only-binary", ":all:"]
        words += ["--python-version", settings.python]
    return (*words, "--python", "{interpreter}", "--no-python-downloads")


def describe(opt: Path, direct: list[str]) -> records.Record:
    """What was installed: the record's facts. BuildError when it cannot be a layer."""
    found = distributions.read(opt / "python")
    problems = distributions.problems(found, opt / "python") + trees.unholdable(opt)
    if problems:
        raise BuildError(
            "\n".join(problems[:10]), fix="pin versions that agree, or drop one of the packages"
        )
    listed = [
        {"name": each.name, "version": each.version, "direct": each.name in direct}
        for each in found
    ]
    return {**trees.measure(opt), "distributions": listed}
