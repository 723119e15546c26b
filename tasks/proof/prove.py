"""Proofs of a layer, from the store where it has one. Else made before and after pruning where not.

A distribution is tried in as much of the layer as it needs (proof/proof_plan.py), and where it then
asks for something that the layer has all the same, in the whole of it.
"""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..layer import exact_image, locked_requirement
from ..layer import installed as installed_layer
from ..layer.builder import LayerBuilder
from ..layer.installed import Installed
from ..layer.prune import plan
from ..sandbox.protocol import Job
from ..sandbox.temp_dirs import folder
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, OptimizeRecord
from ..ui.console import say
from ..util import actor
from . import cache, lambda_libraries, probe, proof_plan, verdict
from .cache import Proof
from .proof_plan import ProofPlan, Questions


def prove(
    settings: Settings, get_workshop: Callable[[], LayerBuilder], tree: Installed, stay:
    Sequence[str],
    place: str,
) -> tuple[dict[str, Proof], list[str]]:  # fmt: skip
    """{distribution: proof}, and the keys that these are kept under. `stay`: the layer's files.
    `place`: where proofs are made, for people."""
    asked = proof_plan.take(settings, tree, stay, place)
    made = signed(_prove(settings, get_workshop(), tree, asked) if asked.missing else {})
    for line in cache.origins(asked.known.values()):
        say(line)
    keep(settings, tree, asked, made)
    found = {**asked.known, **made}
    return {name: found[name] for name in asked.names}, [*asked.keys.values()]


def signed(made: Mapping[str, Proof]) -> dict[str, Proof]:
    """With who made them and when: others take them, too."""
    by, at = actor.current_actor(os.environ), actor.written(datetime.now(UTC))
    return {name: replace(each, by=by, at=at) for name, each in made.items()}


def keep(settings: Settings, tree: Installed, asked: ProofPlan, made: Mapping[str, Proof]) -> None:
    """Those that hold for these bytes."""
    kept = installed_layer.store(settings)
    for name, each in made.items():
        if each.is_kept:
            cache.save(kept, asked.keys[name], each)
    parts = (name.rpartition("-")[0] for name in asked.look.parts.values())
    kept.evict({*asked.keys.values(), *parts, *(each.key for each in tree.distributions)})


def _prove(
    settings: Settings, workshop: LayerBuilder, tree: Installed, asked: ProofPlan
) -> dict[str, Proof]:
    whole, sandbox = paths.layer_zip(settings), workshop.sandbox
    installed = records.needed(settings, InstallRecord)
    exact_image.refuse_other(settings, installed.image, sandbox.digest)
    doing = f"testing in {sandbox.title}, {sandbox.isolation}"
    say(doing if sandbox.runs else f"reading in {sandbox.title}")
    made = Proving(settings, workshop, tree, asked, asked.layer).prove()
    if asked.layer == whole:
        return made
    asked.layer.unlink()
    again = {
        name: asked.missing[name]
        for name, each in made.items()
        if not asked.look.behind(cache.sights(each.after["seen"])) <= set(asked.shown)
    }
    more = replace(asked, missing=again)
    return made | (Proving(settings, workshop, tree, more, whole).prove() if again else {})


@dataclass(frozen=True)
class Proving:
    """Before and after pruning. `layer`: what lies at /opt."""

    settings: Settings
    workshop: LayerBuilder
    tree: Installed
    asked: ProofPlan
    layer: Path

    def prove(self) -> dict[str, Proof]:
        missing, sandbox = self.asked.missing, self.workshop.sandbox
        if not sandbox.runs:
            read = probe.read_foreign(sandbox, self.layer, missing)
            return {name: Proof(after=each) for name, each in read.items()}
        changed = pruned(self.settings, self.tree)
        after = probe.run(sandbox, self._trying(missing, changed))
        covered = self._without_others(after, changed)
        ours = {path.rpartition("/")[2] for path in changed if lambda_libraries.is_library(path)}
        unclear = {
            name: missing[name] | doubtful
            for name in missing
            if any((doubtful := verdict.unclear(after[name], ours)).values())
        }
        before = self._before(unclear, changed, covered) if unclear else {}
        return {name: self._proof(name, after[name], before.get(name, {})) for name in missing}

    def _trying(
        self, asked: Questions, changed: Mapping[str, str], covered: Sequence[str] = ()
    ) -> Job:
        return probe.proof(
            self.settings,
            self.workshop.sandbox,
            self.layer,
            asked,
            self.tree,
            changed,
            without_bytecode(self.settings),
            covered,
            sourceless(self.settings),
        )

    def _without_others(self, after: dict[str, Any], changed: Mapping[str, str]) -> list[str]:
        """Imports that loaded libraries which this machine has and Lambda has not are tried again
        without these: some can do without. A container cannot hide any, and need not, where its
        image is Lambda's own. The files that are hidden."""
        found = {
            name: list(each["others"].values()) for name, each in after.items() if each["others"]
        }
        files = sorted({path for lists in found.values() for each in lists for path in each})
        if not files or self.workshop.sandbox.kind != "host":
            return []
        asked = {
            name: self.asked.missing[name]
            | {"modules": list(after[name]["others"]), "libraries": [], "programs": []}
            for name in found
        }
        again = probe.run(self.workshop.sandbox, self._trying(asked, changed, files))
        for name, each in again.items():
            after[name]["imports"] |= each["imports"]
            after[name]["others"] = each["others"]
        return files

    def _before(
        self, unclear: Questions, changed: Mapping[str, str], covered: Sequence[str]
    ) -> dict[str, Any]:
        """What the probe says of the same with everything put back that they rest on."""
        names = {each for name in unclear for each in cache.closure(name, self.asked.edges)}
        names |= set(self.asked.met)
        pins = install(self.settings, self.workshop, names)
        back = {path: pins[name] for path, name in changed.items() if name in names}
        with folder() as here:
            self.workshop.gather(back, here / "installed.zip")
            return probe.prove_restored(
                self.settings,
                self.workshop.sandbox,
                self.layer,
                unclear,
                here / "installed.zip",
                covered,
            )

    def _proof(self, name: str, after: dict[str, Any], before: dict[str, Any]) -> Proof:
        own = cache.closure(name, self.asked.edges)
        return Proof(
            after=after,
            imports=_failed(after, before, "imports"),
            loads=_failed(after, before, "loads"),
            rests=self.asked.look.rests(after["seen"], own),
        )


def without_bytecode(settings: Settings) -> set[str]:
    """Modules of the layer that have none, as they should."""
    made = records.needed(settings, OptimizeRecord).bytecode
    return {*made.skipped, *made.left_out} if made else set()


def _failed(after: dict[str, Any], before: dict[str, Any], what: str) -> dict[str, str]:
    """{name: error before pruning}. What was not tried again failed as it does now."""
    errors = after[what] | before.get(what, {})
    return {name: error for name, error in errors.items() if error}


def pruned(settings: Settings, tree: Installed) -> dict[str, str]:
    """{path: distribution} of what pruning took or changed, stripped libraries and sources that are
    not shipped included. METADATA that was cut answers as it did."""
    wanted = plan.read_plans(paths.plan(settings))
    records_cut = {path for each in wanted for path in each.cut if path.endswith("/RECORD")}
    same = {*plan.staying(wanted)} - records_cut - sourceless(settings)
    return {
        path: owner
        for path, owner in tree.owners.items()
        if path not in same or lambda_libraries.is_library(path)
    }


def sourceless(settings: Settings) -> set[str]:
    """Modules that are in the layer as bytecode alone, as paths of their sources."""
    return {path for each in plan.read_plans(paths.plan(settings)) for path in each.only}


def install(settings: Settings, workshop: LayerBuilder, names: Container[str]) -> dict[str, str]:
    """Those distributions in the sandbox, also where they are known from before: {name: pin}."""
    record = records.needed(settings, InstallRecord)
    pins = [pin for pin in locked_requirement.recorded(record) if pin.name in names]
    workshop.have(pins, record.options)
    return {pin.name: pin.key for pin in pins}
