"""docker/probe.py and blame.py in a sandbox: what works in the layer, and what is at fault."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..layer import modules
from ..layer.installed import Installed
from ..requirements import tags
from ..sandbox.protocol import Job, Sandbox, scripts
from ..sandbox.temp_dirs import folder
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import following, say
from ..util import files, input_files
from ..util.errors import VerifyError

SCRIPTS = ("probe.py", "try_imports.py", "blame.py", "restore.py", "inspect_foreign.py")
LAYER, APART = "{opt}", "{work}/apart"  # the layer, and its distributions as installed
Question = dict[str, Any]


def question(tree: Installed, stay: Sequence[str]) -> dict[str, Question]:
    """What to try of each distribution: what is in the layer of it (`stay`), its outermost modules
    first."""
    there = set(stay)
    owned = modules.by_distribution(stay, tree.owners)
    found = {}
    for each in tree.distributions:
        names = owned.get(each.name, [])
        outer = modules.top_level(names)
        found[each.name] = {
            "folder": each.folder if _holds(there, each.folder) else "",
            "modules": [*outer, *sorted(set(names) - set(outer))],
            "libraries": [
                path
                for path in sorted(each.files)
                if path in there and tree.owners[path] == each.name and is_library(path)
            ],
        }
    return found


def _holds(paths: Collection[str], folder: str) -> bool:
    return any(path.startswith(f"{folder}/") for path in paths)


def is_library(path: str) -> bool:
    """A shared object, versioned names included."""
    return path.endswith(".so") or ".so." in path


def prove(
    sandbox: Sandbox, layer: Path, batches: Mapping[str, Question], tree: Installed,
    changed: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    """The answer of docker/probe.py about the layer. `changed`: paths that pruning took or cut."""
    there = {name for path in tree.sizes if path not in changed and (name := modules.dotted(path))}
    gone = {name for path in changed if (name := modules.dotted(path))} - there
    request = {"batches": batches, "gone": sorted(gone), "touched": sorted(changed)}
    return run_script(sandbox, layer, ["probe.py", "prove", LAYER], request)


def read_foreign(
    sandbox: Sandbox, layer: Path, batches: Mapping[str, Question], settings: Settings
) -> dict[str, Any]:
    """The same about a layer that the sandbox does not run, so far as files tell: metadata, and
    what its libraries are made for."""
    request = {"batches": batches, "target": tags.needs(settings)}
    return run_script(sandbox, layer, ["inspect_foreign.py", LAYER], request)


def prove_restored(
    sandbox: Sandbox, layer: Path, batches: Mapping[str, Question], pruned: Mapping[str, str]
) -> dict[str, Any]:
    """The same about the layer with `pruned` put back, {path: its distribution's folder in the
    sandbox}: what was there before pruning."""
    request = {"batches": batches, "gone": [], "touched": []}
    job = Job(
        argv=("{python}", "{work}/restore.py", LAYER, APART, "{work}/restore.json"),
        inputs=_asking(request) | {"restore.json": files.canonical(pruned)},
        opt=(layer,),
        opt_writable=True,
    )
    outcome = sandbox.run(job)
    if outcome.code:
        raise VerifyError(f"the proof did not run:\n{outcome.tail}", fix="report this")
    return run_script(sandbox, None, ["probe.py", "prove", LAYER], request)


def run_script(
    sandbox: Sandbox, layer: Path | None, script: Sequence[str], request: object,
    *, writable: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One run of a script that takes REQUEST and RESULT; its result. Without `layer` it sees what
    the job before left at {opt}."""
    name, *more = script
    with folder() as here:
        job = Job(
            argv=("{python}", f"{{work}}/{name}", *more, "{work}/request.json",
                  "{work}/answer.json"),
            inputs=_asking(request),
            opt=(layer,) if layer else (),
            opt_writable=writable,
            fetch={"{work}/answer.json": here / "answer.json"},
        )  # fmt: skip
        with following("importing and loading") as hear:
            outcome = sandbox.run(job, hear)
        if outcome.code:
            problem = f"the proof did not run:\n{outcome.tail}"
            raise VerifyError(problem, fix="report this, with the lines")
        found: dict[str, Any] = json.loads((here / "answer.json").read_text(encoding="utf-8"))
        return found


def _asking(request: object) -> dict[str, bytes]:
    return scripts(SCRIPTS) | {"request.json": files.canonical(request)}


def blame(sandbox: Sandbox, layer: Path, request: object) -> dict[str, Any]:
    """The answer of docker/blame.py."""
    return run_script(sandbox, layer, ["blame.py", LAYER, APART], request, writable=True)


def own_check(settings: Settings, get_sandbox: Callable[[], Sandbox], layer: Path) -> None:
    """The project's `check`, for the real calls that an import does not reach."""
    if not settings.check:
        return
    path = Path(settings.check)
    if settings.check.endswith(".py") and not path.is_file():
        raise VerifyError(f"check = {settings.check!r}: no such file", fix="correct pyproject.toml")
    script = {"check/check.py": input_files.read(path)} if path.is_file() else {}
    what = "{work}/check/check.py" if script else settings.check
    job = Job(
        argv=("{python}", "{work}/probe.py", "check", "{opt}", what),
        inputs=scripts(SCRIPTS) | script,
        opt=(layer,),
        timeout=float(settings.check_timeout),
    )
    fix = "correct the check, or the layer: keep, rules-off, recipes in pyproject.toml"
    try:
        outcome = get_sandbox().run(job)
    except TimeoutError as error:
        tail = "\n".join(str(error).splitlines()[-8:])
        problem = f"check = {settings.check!r} did not end in {settings.check_timeout} s\n{tail}"
        raise VerifyError(problem.strip(), fix=f"{fix}; check-timeout allows more") from None
    if outcome.code:
        raise VerifyError(f"check = {settings.check!r} failed:\n{outcome.tail}", fix=fix)
    say(f"check {settings.check} passed")


def proof_fingerprint() -> str:
    """Of what proves."""
    return files.digest([files.file_digest(paths.DOCKER / name) for name in SCRIPTS])
