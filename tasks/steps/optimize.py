"""optimize: what only the layer's own platform can do, run in the sandbox.

build/prune/<layer>/opt ──copy──▶ sandbox: docker/optimize.py
          │                          strip shared objects, compile bytecode
          │ hard links                  │ only changed and new files travel back
          ▼                             ▼
build/optimize/<layer>/opt  ◀───────────┘
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tasks.clients import sandboxes
from tasks.core import paths, records, trees
from tasks.core.actions import action
from tasks.core.console import duration, following, say, size
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, Sandbox
from tasks.core.settings import LAMBDA_LIMIT, Settings, current

SCRIPT = paths.DOCKER / "optimize.py"
NOTHING: records.Record = {"strip": None, "bytecode": None}


def task_optimize() -> dict[str, object]:
    """Strip shared objects and compile bytecode inside Lambda's image."""
    settings = current()
    record = paths.record(settings, "optimize")
    return {
        "actions": [action(lambda: run(settings, lambda: sandboxes.choose(settings)))],
        "file_dep": [str(paths.record(settings, "prune")), str(SCRIPT)],
        "targets": [str(record), str(paths.tree(settings, "optimize"))],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    pruned = records.read(paths.record(settings, "prune")) or {}
    wanted = [settings.strip, settings.bytecode, settings.base_image, sandboxes.kind(settings)]
    return records.digest([pruned.get("fingerprint"), records.file_digest(SCRIPT), wanted])


def run(settings: Settings, get_sandbox: Callable[[], Sandbox]) -> records.Record:
    """Strip and compile prune's tree as the settings say, write the record. BuildError."""
    started = time.monotonic()
    pruned, tree = (paths.tree(settings, step) for step in ("prune", "optimize"))
    if not pruned.is_dir():
        raise BuildError(f"{pruned} is not there", fix="run `doit` to build it")
    paths.record(settings, "optimize").unlink(missing_ok=True)  # no tree, no record
    changed = tree.with_name("changed")
    try:
        report = _in_sandbox(settings, get_sandbox, pruned, changed)
        merge(pruned, changed, tree)
    finally:
        shutil.rmtree(changed, ignore_errors=True)
    record = {"fingerprint": fingerprint(settings), **report, **trees.measure(tree)}
    records.write(paths.record(settings, "optimize"), record)
    for line in summary(record):
        say(line)
    say(f"{size(record['bytes'])} unzipped, in {duration(time.monotonic() - started)}")
    return record


def _in_sandbox(
    settings: Settings, get_sandbox: Callable[[], Sandbox], pruned: Path, changed: Path
) -> records.Record:
    """The script's report; its files are in `changed`. Without work no sandbox is started."""
    flags = [*["--strip"] * settings.strip, *["--compile"] * (settings.bytecode == "compile")]
    if not flags:
        return NOTHING
    sandbox = get_sandbox()
    say(f"optimizing in {sandbox.title}")
    return optimize(sandbox, pruned, changed, flags)


def optimize(sandbox: Sandbox, pruned: Path, changed: Path, flags: list[str]) -> records.Record:
    """Run docker/optimize.py over a copy of `pruned`; changed and new files land in `changed`."""
    budget = ("--budget", str(LAMBDA_LIMIT))
    job = Job(
        argv=("{python}", "{work}/optimize.py", "{opt}", "{work}/out", *flags, *budget),
        inputs={"optimize.py": SCRIPT.read_bytes()},
        opt=pruned,
        opt_writable=True,
        fetch={"{work}/out": changed},
    )
    with following("compiling") as hear:
        outcome = sandbox.run(job, hear)
    if outcome.code:
        raise BuildError(
            f"stripping or compiling failed in {sandbox.title}:\n{outcome.tail}",
            fix='go without: strip = false, bytecode = "none" in [tool.lambda-layer]',
        )
    report = changed / "report.json"
    found: records.Record = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    return found


def merge(pruned: Path, changed: Path, tree: Path) -> None:
    """`tree` becomes `pruned` with the files of `changed` laid over it, as hard links."""
    shutil.rmtree(tree, ignore_errors=True)
    for root in (changed, pruned):
        for path in trees.walk(root):
            target = tree / path.relative_to(root)
            if not target.exists():
                trees.link_or_copy(path, target)


def summary(record: records.Record) -> list[str]:
    """What happened, for people."""
    lines = []
    if strip := record["strip"]:
        left = f"{len(strip['left_alone'])} left alone (laid out by auditwheel)"
        lines.append(f"stripped {strip['files']} libraries, {size(strip['bytes'])} saved; {left}")
        lines += [f"not stripped: {strip['skipped']}"] if strip["skipped"] else []
        lines += [f"put back, it no longer loaded: {name}" for name in strip["put_back"]]
    if code := record["bytecode"]:
        skipped = f"; {len(code['skipped'])} files are not valid Python" if code["skipped"] else ""
        lines.append(f"compiled {code['files']} modules, {size(code['bytes'])}{skipped}")
        lines += [f"bytecode left out: {code['left_out']}"] if code["left_out"] else []
    return lines
