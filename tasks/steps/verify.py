"""verify: the zip is proven in the image before anything leaves the machine.

install's tree ──▶ probe ──▶ before.json (kept while install's tree is the same)
build/<layer>.zip ─▶ unpacked at /opt, read-only, no network ─▶ probe ──▶ after
                             only differences count; blame finds the rule at fault
"""

import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tasks.clients import sandboxes
from tasks.core import budget, paths, probing, proof, records
from tasks.core.actions import action
from tasks.core.console import duration, say
from tasks.core.errors import VerifyError
from tasks.core.sandbox import Sandbox
from tasks.core.settings import Settings, current


def task_verify() -> dict[str, object]:
    """Import, load and measure the zip's content in the image, as Lambda would."""
    settings = current()
    record = paths.record(settings, "verify")
    check = [settings.check] if Path(settings.check).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: sandboxes.choose(settings)))],
        "file_dep": [str(paths.record(settings, "zip")), str(probing.PROBE), *check],
        "task_dep": ["report-page"],  # where to look when the layer is too large
        "targets": [str(record)],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    packed = records.read(paths.record(settings, "zip")) or {}
    check = Path(settings.check)
    script = records.file_digest(check) if check.is_file() else settings.check
    return records.digest(
        [packed.get("fingerprint"), packed.get("sha256"), records.file_digest(probing.PROBE),
         script, settings.check_timeout, settings.max_growth,
         budget.other_sizes(settings)]
    )  # fmt: skip


def run(settings: Settings, get_sandbox: Callable[[], Sandbox]) -> records.Record:
    """Prove the zip and write the record. VerifyError: the layer must not be shipped."""
    started = time.monotonic()
    packed = records.read(paths.record(settings, "zip")) or {}
    paths.record(settings, "verify").unlink(missing_ok=True)  # not proven until proven
    sizes = budget.measure(settings)
    spent = budget.spending(settings, packed["unzipped"])
    budget.check(settings, spent, sizes)
    sandbox = get_sandbox()
    isolated = ", /opt read-only, no network" if sandbox.kind == "docker" else ", not isolated"
    say(f"proving in {sandbox.title}{isolated}")
    with tempfile.TemporaryDirectory(dir=paths.BUILD, prefix=".verify-") as folder:
        layer = Path(folder) / "layer"
        unpack(paths.layer_zip(settings), layer)
        before, after = probing.compare(settings, sandbox, layer)
        judge(settings, sandbox, layer, before, after)
        probing.own_check(settings, sandbox, layer)
    facts = counts(before, after)
    record = {
        "fingerprint": fingerprint(settings),
        "sha256": packed["sha256"],
        "unzipped": packed["unzipped"],
        "packages": sizes,
        **facts,
    }
    records.write(paths.record(settings, "verify"), record)
    show(facts, spent, time.monotonic() - started)
    return record


def unpack(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        archive.extractall(target)


def judge(
    settings: Settings, sandbox: Sandbox, layer: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """VerifyError for what broke, is unusable, or will be compiled at each cold start."""
    if unusable := proof.unusable(before):
        lines = "\n".join(f"{name}: {error}" for name, error in unusable.items())
        fix = "pin versions that work together, or add the missing package or library"
        raise VerifyError(f"does not import, before any pruning:\n{lines}", fix=fix)
    if broken := proof.breaks(before, after):
        raise probing.blame(settings, sandbox, layer, broken)
    if wrong := proof.defects(after, still_there(layer)):
        fix = "`./doitw report` shows what each rule took; rules-off switches one off"
        raise VerifyError("\n".join(wrong), fix=fix)
    optimized = records.read(paths.record(settings, "optimize")) or {}
    if (optimized.get("bytecode") or {}).get("files") and after["compiled"]:
        fix = 'report this; bytecode = "none" ships the layer without'
        raise VerifyError(f"Python compiles {after['compiled']} modules anew at import", fix=fix)
    for line in proof.doubts(before, after):
        say(f"warning: {line}")


def still_there(layer: Path) -> set[str]:
    """Normalised names of the distributions whose dist-info is in the layer."""
    return {
        canonicalize_name(folder.name.removesuffix(".dist-info").rpartition("-")[0])
        for folder in (layer / "python").glob("*.dist-info")
    }


def counts(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """Numbers for the record and for people."""
    return {
        "modules": sum(not error for error in after["imports"].values()),
        "modules_that_never_imported": sum(bool(error) for error in before["imports"].values()),
        "distributions": len(after["distributions"]),
        "libraries": sum(not error for error in after["loads"].values()),
        "compiled_anew": after["compiled"],
    }


def show(facts: dict[str, int], spent: budget.Budget, seconds: float) -> None:
    say(
        f"{facts['modules']} modules import as before ({facts['modules_that_never_imported']} want "
        f"packages that nobody asked for), {facts['distributions']} distributions "
        f"answer, {facts['libraries']} libraries load, {facts['compiled_anew']} compiled anew "
        f"({duration(seconds)})"
    )
    for line in spent.sentences():
        say(line)
