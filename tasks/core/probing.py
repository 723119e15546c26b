"""docker/probe.py in a sandbox: what works as installed and in the layer, and what is at fault."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.core import distributions, modules, paths, proof, records, trees
from tasks.core.console import following, say
from tasks.core.errors import VerifyError
from tasks.core.sandbox import Job, Sandbox
from tasks.core.settings import Settings

PROBE = paths.DOCKER / "probe.py"


def compare(settings: Settings, sandbox: Sandbox, layer: Path) -> tuple[Any, Any]:
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
        "libraries": libraries(files),
    }


def libraries(files: Iterable[str]) -> list[str]:
    """The shared objects among the paths, versioned names included."""
    return [path for path in files if path.endswith(".so") or ".so." in path]


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
        with following("importing and loading") as hear:
            outcome = sandbox.run(job, hear)
        if outcome.code:
            problem = f"the proof did not run:\n{outcome.tail}"
            raise VerifyError(problem, fix="report this, with the lines")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


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
    removed["strip"] = libraries(path.relative_to(python).as_posix() for path in trees.walk(python))
    both = layer.with_name("both")
    trees.link_tree(layer / "python", both / "python")
    trees.link_tree(python, both / "before" / "python")
    request = {"kind": first.kind, "name": first.name, "removed": removed}
    found = ask(sandbox, "blame", both, request, writable=True)
    shutil.rmtree(both)
    listed = "\n".join(f"{each.name}: {each.error}" for each in broken[: proof.LISTED])
    return VerifyError(
        f"worked as installed, does not in the layer:\n{listed}\n{proof.at_fault(found, removed)}",
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
        raise VerifyError(f"check = {settings.check!r} failed:\n{outcome.tail}", fix=fix)
    say(f"check {settings.check} passed")
