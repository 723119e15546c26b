"""Proofs of a layer, from the store where it has one; made before and after pruning where not.

A distribution is tried in as much of the layer as it needs (proof/schedule.py), and where it
then asks
for something that the layer has all the same, in the whole of it.
"""

import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..layer import installed as installed_layer
from ..layer import locked_requirement
from ..layer.builder import LayerBuilder
from ..layer.installed import Installed
from ..layer.prune import plan
from ..sandbox.temp_dirs import folder
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import say
from ..util import files, modules
from ..util.errors import VerifyError
from . import cache, probe, schedule, verdict
from .cache import Proof
from .schedule import ProofPlan, Questions

KILLED = "exit status -9"  # as docker/probe.py says it
_MISSED = re.compile(r"No module named '(?P<name>[\w.]+)'")
_NOT_IN = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<package>[\w.]+)'")


def prove(
    settings: Settings, get_workshop: Callable[[], LayerBuilder], tree: Installed, stay:
    Sequence[str],
    place: str,
) -> dict[str, Proof]:  # fmt: skip
    """{distribution: proof}. `stay`: the layer's files; `place`: where proofs are made, for people.
    VerifyError."""
    asked = schedule.take(settings, tree, stay, place)
    made = _prove(settings, get_workshop(), tree, asked) if asked.missing else {}
    kept = installed_layer.store(settings)
    for name, each in made.items():
        cache.save(kept, asked.keys[name], each)
    kept.evict(
        {*asked.keys.values(), *asked.parts.values(), *(each.key for each in tree.distributions)}
    )
    found = {**asked.known, **made}
    return {name: found[name] for name in asked.names}


def _prove(
    settings: Settings, workshop: LayerBuilder, tree: Installed, asked: ProofPlan
) -> dict[str, Proof]:
    whole, sandbox = paths.layer_zip(settings), workshop.sandbox
    doing = f"proving in {sandbox.title}, {sandbox.isolation}"
    say(doing if sandbox.runs else f"reading in {sandbox.title}")
    made = Proving(settings, workshop, tree, asked.edges, asked.layer).prove(asked.missing)
    if asked.layer == whole:
        return made
    asked.layer.unlink()
    if asks_for(made, hidden(tree, asked.shown)):
        made = Proving(settings, workshop, tree, asked.edges, whole).prove(asked.missing)
    return made


def hidden(tree: Installed, shown: Container[str]) -> set[str]:
    """Modules and packages of the other distributions."""
    others = (each for each in tree.distributions if each.name not in shown)
    dotted = (modules.dotted(path) for each in others for path in each.files)
    return {part for name in dotted for part in _chain(name)}


def _chain(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def asks_for(made: Mapping[str, Proof], among: Container[str]) -> bool:
    """Did an import fail for want of one of these modules?"""
    errors = [error for each in made.values() for error in each.after["imports"].values() if error]
    wanted = [found["name"] for error in errors for found in _MISSED.finditer(error)]
    parts = [found for error in errors for found in _NOT_IN.finditer(error)]
    wanted += [f"{found['package']}.{found['name']}" for found in parts]
    return any(name in among for name in wanted)


@dataclass(frozen=True)
class Proving:
    """Before and after pruning. `edges`: proof/cache.py's; `layer`: what lies at /opt."""

    settings: Settings
    workshop: LayerBuilder
    tree: Installed
    edges: Mapping[str, Collection[str]]
    layer: Path

    def prove(self, missing: Questions) -> dict[str, Proof]:
        if not self.workshop.sandbox.runs:
            read = probe.read_foreign(self.workshop.sandbox, self.layer, missing, self.settings)
            return {name: Proof(after=each) for name, each in read.items()}
        changed = pruned(self.settings, self.tree)
        after = probe.prove(self.workshop.sandbox, self.layer, missing, self.tree, changed)
        stop_where_killed(after)
        ours = {path.rpartition("/")[2] for path in changed if probe.is_library(path)}
        unclear = {
            name: missing[name] | doubtful
            for name in missing
            if any((doubtful := verdict.unclear(after[name], ours)).values())
        }
        before = self._before(unclear, changed) if unclear else {}
        return {
            name: Proof(
                after=after[name],
                imports=_failed(after[name], before.get(name, {}), "imports"),
                loads=_failed(after[name], before.get(name, {}), "loads"),
            )
            for name in missing
        }

    def _before(self, unclear: Questions, changed: Mapping[str, str]) -> dict[str, Any]:
        """What the probe says of the same with everything put back that they rest on."""
        names = {each for name in unclear for each in cache.closure(name, self.edges)}
        pins = install(self.settings, self.workshop, names)
        back = {path: pins[name] for path, name in changed.items() if name in names}
        with folder() as here:
            self.workshop.gather(back, here / "installed.zip")
            sandbox, installed = self.workshop.sandbox, here / "installed.zip"
            return probe.prove_restored(sandbox, self.layer, unclear, installed)


def stop_where_killed(after: Mapping[str, Mapping[str, Any]]) -> None:
    """VerifyError: no module sends itself SIGKILL, and nothing is proven by it."""
    for each in after.values():
        for name, error in (each["imports"] | each["loads"]).items():
            if error == KILLED:
                raise VerifyError(
                    f"the system killed what tried {name}, most likely for want of memory",
                    fix="give this machine, or the Docker engine, more memory, then run the same "
                    "command again",
                )


def _failed(after: dict[str, Any], before: dict[str, Any], what: str) -> dict[str, str]:
    """{name: error before pruning}; what was not tried again failed as it does now."""
    errors = after[what] | before.get(what, {})
    return {name: error for name, error in errors.items() if error}


def pruned(settings: Settings, tree: Installed) -> dict[str, str]:
    """{path: distribution} of what pruning took or changed, stripped libraries included. METADATA
    that was cut answers as it did."""
    wanted = plan.read_plans(paths.plan(settings))
    records_cut = {path for each in wanted for path in each.cut if path.endswith("/RECORD")}
    same = {*plan.staying(wanted)} - records_cut
    return {
        path: owner
        for path, owner in tree.owners.items()
        if path not in same or probe.is_library(path)
    }


def install(settings: Settings, workshop: LayerBuilder, names: Container[str]) -> dict[str, str]:
    """Those distributions in the sandbox, also where they are known from before: {name: pin}."""
    record = files.read_record(paths.record(settings, "install")) or {}
    pins = [pin for pin in locked_requirement.recorded(record) if pin.name in names]
    workshop.have(pins, record["options"])
    return {pin.name: pin.key for pin in pins}
