"""verify: the zip is proven in the image before anything leaves the machine.

install's tree ──▶ probe ──▶ before.json (kept while install's tree is the same)
build/<layer>.zip ─▶ unpacked at /opt, read-only, no network ─▶ probe ──▶ after
                             only differences count; blame finds the rule at fault
"""

import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tasks.clients import sandboxes
from tasks.core import (
    budget,
    chalice_config,
    distributions,
    modules,
    paths,
    proof,
    records,
    trees,
)
from tasks.core.actions import action
from tasks.core.console import duration, say, size
from tasks.core.errors import LayerError, VerifyError
from tasks.core.sandbox import Job, Sandbox
from tasks.core.settings import LAMBDA_LIMIT, Settings, current

PROBE = paths.DOCKER / "probe.py"
APP = ("app.py", "chalicelib", "vendor")  # of what Chalice packs, beside its own runtime


def task_verify() -> dict[str, object]:
    """Import, load and measure the zip's content in the image, as Lambda would."""
    settings = current()
    record = paths.record(settings, "verify")
    check = [settings.check] if Path(settings.check).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: sandboxes.choose(settings)))],
        "file_dep": [str(paths.record(settings, "zip")), str(PROBE), *check],
        "task_dep": ["report-page"],  # where to look when the layer is too large
        "targets": [str(record)],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    packed = records.read(paths.record(settings, "zip")) or {}
    check = Path(settings.check)
    script = records.file_digest(check) if check.is_file() else settings.check
    return records.digest(
        [packed.get("fingerprint"), packed.get("sha256"), records.file_digest(PROBE), script,
         settings.check_timeout, settings.max_growth]
    )  # fmt: skip


def run(settings: Settings, get_sandbox: Callable[[], Sandbox]) -> records.Record:
    """Prove the zip and write the record. VerifyError: the layer must not be shipped."""
    started = time.monotonic()
    packed = records.read(paths.record(settings, "zip")) or {}
    paths.record(settings, "verify").unlink(missing_ok=True)  # not proven until proven
    sizes = measure(settings)
    spent = spending(settings, packed["unzipped"])
    check_budget(settings, spent, sizes)
    sandbox = get_sandbox()
    say(f"proving in {sandbox.title}, /opt read-only, no network")
    with tempfile.TemporaryDirectory(dir=paths.BUILD, prefix=".verify-") as folder:
        layer = Path(folder) / "layer"
        unpack(paths.layer_zip(settings), layer)
        before, after = probe(settings, sandbox, layer)
        judge(settings, sandbox, layer, before, after)
        own_check(settings, sandbox, layer)
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


# ---- size -----------------------------------------------------------------------------------


def measure(settings: Settings) -> dict[str, int]:
    """{package: bytes unzipped} of the zip; bytecode counts to its module's package."""
    python = paths.tree(settings, "install") / "python"
    owners = distributions.owners(distributions.read(python))
    sizes: dict[str, int] = {}
    with zipfile.ZipFile(paths.layer_zip(settings)) as archive:
        for member in archive.infolist():
            name = member.filename.removeprefix("python/")
            owner = owners.get(distributions.source_of(name)) or name.split("/")[0]
            sizes[owner] = sizes.get(owner, 0) + member.file_size
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def spending(settings: Settings, layer: int) -> budget.Budget:
    """This layer, the function, and the stage's other layers (whose size AWS alone knows)."""
    try:
        configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    except LayerError:
        configured = []  # building needs no Chalice app; preflight is what complains
    others = {arn: None for arn in configured if f":layer:{settings.layer}:" not in arn}
    return budget.Budget(layer=layer, function=function_size(), others=others)


def function_size() -> int:
    """Bytes that Chalice packs, at most: the app's own files and the whole of chalice."""
    import importlib.util

    found = importlib.util.find_spec("chalice")
    roots = [Path(name) for name in APP]
    roots += [Path(found.origin).parent] if found and found.origin else []
    files = [path for root in roots for path in (trees.walk(root) if root.is_dir() else [root])]
    return sum(path.stat().st_size for path in files if path.is_file() and path.suffix != ".pyc")


def check_budget(settings: Settings, spent: budget.Budget, sizes: dict[str, int]) -> None:
    """VerifyError over the limit, or when the layer grew more than `max-growth` allows."""
    if spent.total > LAMBDA_LIMIT:
        heaviest = "\n".join(budget.largest(sizes))
        raise VerifyError(
            f"{size(spent.total)} unzipped is over Lambda's {size(LAMBDA_LIMIT)}; the heaviest:\n"
            f"{heaviest}",
            fix="leave packages out, or files with `drop` and `recipes`: see ./doitw report",
        )
    published = records.read(paths.stage_record(settings, "publish")) or {}
    former = published.get("unzipped")
    if settings.max_growth and former:
        growth = 100 * (spent.layer - former) / former
        if growth > settings.max_growth:
            raise VerifyError(
                f"the layer grew by {growth:.1f} % over {published['arn']} "
                f"({size(former)} → {size(spent.layer)}); max-growth is {settings.max_growth} %",
                fix="see what grew with ./doitw report, or raise max-growth in pyproject.toml",
            )


# ---- proof ------------------------------------------------------------------------------------


def probe(settings: Settings, sandbox: Sandbox, layer: Path) -> tuple[Any, Any]:
    """(before, after): what works as installed, and what works in the layer."""
    request = question(settings, layer / "python")
    installed = records.read(paths.record(settings, "install")) or {}
    cache = paths.record(settings, "verify").with_name("before.json")
    key = records.digest([installed.get("tree"), request, sandbox.title, PROBE.read_text()])
    before = records.read(cache) or {}
    if before.get("key") != key:
        before = prove(sandbox, paths.tree(settings, "install"), request) | {"key": key}
        records.write(cache, before)
    return before, prove(sandbox, layer, request)


def question(settings: Settings, python: Path) -> dict[str, Any]:
    """What to try: every module and library that is in the layer, by distribution."""
    files = [path.relative_to(python).as_posix() for path in trees.walk(python)]
    installed = records.read(paths.record(settings, "install")) or {}
    owners = distributions.owners(distributions.read(paths.tree(settings, "install") / "python"))
    owned = modules.by_distribution(files, owners)
    direct = [each["name"] for each in installed["distributions"] if each["direct"]]
    return {
        "direct": {name: modules.top_level(owned.get(name, [])) for name in direct},
        "modules": owned,
        "libraries": [path for path in files if path.endswith(".so") or ".so." in path],
    }


def prove(sandbox: Sandbox, opt: Path, request: dict[str, Any]) -> dict[str, Any]:
    return ask(sandbox, "prove", opt, request, writable=False)


def ask(
    sandbox: Sandbox, mode: str, opt: Path, request: dict[str, Any], *, writable: bool
) -> dict[str, Any]:
    """One run of docker/probe.py; its answer."""
    with tempfile.TemporaryDirectory(dir=paths.BUILD, prefix=".answer-") as folder:
        answer = Path(folder) / "answer.json"
        job = Job(
            argv=("{python}", "{work}/probe.py", mode, "{opt}", "{work}/request.json",
                  "{work}/answer.json"),
            inputs={"probe.py": PROBE.read_bytes(), "request.json": records.canonical(request)},
            opt=opt,
            opt_writable=writable,
            fetch={"{work}/answer.json": answer},
        )  # fmt: skip
        outcome = sandbox.run(job)
        if outcome.code:
            shown = "\n".join(outcome.output.splitlines()[-8:])
            raise VerifyError(f"the proof did not run:\n{shown}", fix="report this, with the lines")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


def judge(
    settings: Settings, sandbox: Sandbox, layer: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """VerifyError for what broke, is unusable, or will be compiled at each cold start."""
    if unusable := proof.unusable(before):
        lines = "\n".join(f"{name}: {error}" for name, error in unusable.items())
        fix = "pin versions that work together, or add the missing package or library"
        raise VerifyError(f"does not import, before any pruning:\n{lines}", fix=fix)
    if broken := proof.breaks(before, after):
        raise blame(settings, sandbox, layer, broken)
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


def blame(
    settings: Settings, sandbox: Sandbox, layer: Path, broken: list[proof.Break]
) -> VerifyError:
    """Find the rule and file at fault for the first break; name them all."""
    first = broken[0]
    say(f"{len(broken)} things broke; looking for the rule at fault")
    removed = json.loads(
        paths.record(settings, "prune").with_name("removed.json").read_text(encoding="utf-8")
    )
    python = paths.tree(settings, "install") / "python"
    libraries = [path.relative_to(python).as_posix() for path in trees.walk(python)]
    removed["strip"] = [path for path in libraries if path.endswith(".so") or ".so." in path]
    both = layer.with_name("both")
    trees.link_tree(layer / "python", both / "python")
    trees.link_tree(python, both / "before" / "python")
    name = first.name if first.kind == "import" else f"{{opt}}/python/{first.name}"
    request = {"kind": first.kind, "name": name, "removed": removed}
    found = ask(sandbox, "blame", both, request, writable=True)
    shutil.rmtree(both)
    listed = "\n".join(f"{each.name}: {each.error}" for each in broken[: proof.LISTED])
    at_fault = f"rule {found['rule']!r} took " if found["rule"] else "missing: "
    files = ", ".join(found["paths"][:3])
    return VerifyError(
        f"worked as installed, does not in the layer:\n{listed}\n{at_fault}{files}",
        fix=proof.fix_for(found),
    )


def own_check(settings: Settings, sandbox: Sandbox, layer: Path) -> None:
    """The project's `check`, for the real calls that an import does not reach."""
    if not settings.check:
        return
    path = Path(settings.check)
    if settings.check.endswith(".py") and not path.is_file():
        raise VerifyError(f"check = {settings.check!r}: no such file", fix="correct pyproject.toml")
    script = {"check/check.py": path.read_bytes()} if path.is_file() else {}
    what = "{work}/check/check.py" if script else settings.check
    job = Job(
        argv=("{python}", "{work}/probe.py", "check", "{opt}", what),
        inputs={"probe.py": PROBE.read_bytes(), **script},
        opt=layer,
        timeout=float(settings.check_timeout),
    )
    fix = "correct the check, or the layer: keep, rules-off, recipes in pyproject.toml"
    try:
        outcome = sandbox.run(job)
    except TimeoutError as error:
        tail = "\n".join(str(error).splitlines()[-8:])
        problem = f"check = {settings.check!r} did not end in {settings.check_timeout} s\n{tail}"
        raise VerifyError(problem.strip(), fix=f"{fix}; check-timeout allows more") from None
    if outcome.code:
        tail = "\n".join(outcome.output.splitlines()[-8:])
        raise VerifyError(f"check = {settings.check!r} failed:\n{tail}", fix=fix)
    say(f"check {settings.check} passed")


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
