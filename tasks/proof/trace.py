"""`trace`: a command runs once on what was installed, and what it opens of it stays.

Observed beside what code says (layer/prune/usage.py). Modules that it never imported are offered as
globs to drop, with their bytes. Nothing is dropped that nobody asked for.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..layer import traced_files
from ..layer.builder import LayerBuilder
from ..layer.installed import Installed
from ..sandbox.job_users import CHECK
from ..sandbox.protocol import Job, Outcome
from ..sandbox.temp_dirs import folder
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import say
from ..util import files, input_files
from ..util.errors import BuildError
from . import prove
from .probe import proof_environment

LATE = 124  # docker/run_traced.py's
HOOKS = ("sitecustomize", "usercustomize")
OFFERED = 20  # globs
SMALL = 20_000  # bytes that are worth no line
FIX = (
    "correct trace in [tool.lambda-layer], or remove it. It has the app's files and those that it "
    "names, as paths or behind -m, and no others. A larger check-timeout allows more time"
)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """`opened`: files of the tree, those in folders that were listed included. `read`: of these
    what code opened itself, as a module whose source it reads."""

    opened: frozenset[str]
    read: frozenset[str]


def run(settings: Settings, workshop: LayerBuilder, tree: Installed) -> Trace | None:
    """What the command opened. It is known from before where nothing changed. None where this
    machine does not run the layer. BuildError where the command fails."""
    place = paths.record(settings, "trace")
    made = files.digest(
        [
            traced_files.part(settings, workshop.sandbox.kind),
            [each.key for each in tree.distributions],
        ]
    )
    known = files.read_record(place) or {}
    if known.get("fingerprint") == made:
        return Trace(opened=frozenset(known["opened"]), read=frozenset(known["read"]))
    if not workshop.sandbox.runs:
        say(f"warning: trace was not run: {workshop.sandbox.title} does not run this layer")
        return None
    seen = _observed(settings, workshop, tree)
    opened, read = expanded(tree, seen), sorted(tree.sizes.keys() & seen["read"])
    if not opened:
        problem = f"trace = {settings.trace!r} opened nothing of the layer"
        raise BuildError(problem, fix=FIX)
    say(f"trace: {len(opened)} of {len(tree.sizes)} files are opened by {settings.trace}")
    files.write_record(place, {"fingerprint": made, "opened": opened, "read": read})
    return Trace(opened=frozenset(opened), read=frozenset(read))


def expanded(tree: Installed, seen: Mapping[str, Collection[str]]) -> list[str]:
    listed = {*seen["listed"]}
    return [
        path for path in tree.sizes if path in seen["opened"] or path.rpartition("/")[0] in listed
    ]


def _observed(settings: Settings, workshop: LayerBuilder, tree: Installed) -> dict[str, set[str]]:
    pins = prove.install(settings, workshop, {each.name for each in tree.distributions})
    with folder() as here:
        workshop.gather({path: pins[name] for path, name in tree.owners.items()}, here / "all.zip")
        outcome = _run(settings, workshop, here / "all.zip")
    last = (outcome.output.splitlines() or [""])[-1]
    if outcome.code == LATE:
        problem = f"trace = {settings.trace!r} did not end in {settings.check_timeout} s"
        raise BuildError(problem, fix=FIX)
    if outcome.code or not last.startswith("= "):
        shown = Outcome(code=0, output=outcome.output.removesuffix(last)).tail
        raise BuildError(f"trace = {settings.trace!r} failed:\n{shown}", fix=FIX)
    return {kind: {*names} for kind, names in json.loads(last[2:]).items()}


def _run(settings: Settings, workshop: LayerBuilder, layer: Path) -> Outcome:
    given = traced_files.named(settings)
    command = [
        "{interpreter}" if each in ("python", "python3") else each
        for each in traced_files.words(settings)
    ]
    job = Job(
        argv=("{python}", "{scripts}/run_traced.py", "{opt}", "{work}/hook", "{work}/traced",
              str(settings.check_timeout), *command),
        kind=CHECK,
        inputs={
            "scripts/run_traced.py": (paths.DOCKER / "run_traced.py").read_bytes(),
            **{f"hook/{name}.py": (paths.DOCKER / "trace_hook.py").read_bytes() for name in HOOKS},
            "traced/.keep": b"",
            **{f"traced/{name}": input_files.read(path) for name, path in given.items()},
        },
        environment=proof_environment(settings),
        opt=(layer,),
        timeout=float(settings.check_timeout + 60),
    )  # fmt: skip
    say(f"tracing {settings.trace} in {workshop.sandbox.title}")
    try:
        return workshop.sandbox.run(job)
    except TimeoutError:
        return Outcome(code=LATE, output="")


def unused(tree: Installed, stay: Sequence[str], opened: Collection[str]) -> dict[str, int]:
    """{glob of modules that were never imported: bytes}, the largest first: whole folders where
    nothing of one was."""
    modules = [path for path in stay if path.endswith(".py") and path not in opened]
    used = {folder for path in opened if path.endswith(".py") for folder in _around(path)}
    found: Counter[str] = Counter()
    for path in modules:
        alone = [folder for folder in _around(path) if folder not in used]
        found[f"{alone[-1]}/**/*.py" if alone else path] += tree.sizes[path]
    large = {glob: count for glob, count in found.most_common(OFFERED) if count >= SMALL}
    return dict(large)


def _around(path: str) -> list[str]:
    """a/b/c.py → a/b, a"""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
