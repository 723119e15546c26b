"""What of a layer is to be proven anew, and in how much of it.

A distribution is tried in as much of the layer as it needs (proof/cache.py), so that one changed
pin costs what rests on it. Known as soon as the zip is there: the sandbox can lay it out while the
steps between are at work.
"""

import os
import tempfile
from collections.abc import Collection, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..layer import builder, part
from ..layer import installed as installed_layer
from ..layer.archive import zip_writer
from ..layer.installed import Installed, source_of
from ..layer.prune import plan
from ..layer.team_store import run as team
from ..sandbox.protocol import Sandbox
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, OptimizeRecord
from ..util import files as file_tools
from ..util.errors import LayerError
from . import cache, probe
from .cache import Proof
from .import_order import Question, question

Questions = dict[str, Question]
_READY: dict[tuple[Path, str], "ProofPlan"] = {}  # found ahead, for who needs it next


@dataclass(frozen=True, kw_only=True)
class ProofPlan:
    """`names`: of all distributions. `known`: the proofs that the store has, `missing`: what is to
    be tried of the others. `edges`, `keys`, `look`: proof/cache.py's.
    `met`: packages that every import meets.
    `layer`: a zip of the distributions `shown`, which are all that `missing` needs, and of
    everybody's metadata."""

    names: list[str]
    known: Mapping[str, Proof]
    missing: Questions
    edges: Mapping[str, Collection[str]]
    keys: Mapping[str, str]
    met: Collection[str]
    look: cache.Look
    shown: Collection[str]
    layer: Path


def prepare(settings: Settings) -> None:
    """For verify, while others still work: lay out what it will try, where a sandbox runs. Should
    that fail, verify says why."""
    if here := builder.running(settings):
        with suppress(LayerError):
            lay_out(here.sandbox, prefetch(settings, builder.title(settings)))


def lay_out(sandbox: Sandbox, asked: ProofPlan) -> None:
    """Begin to lay out what will be tried, where something will."""
    if asked.missing:
        sandbox.prepare(asked.layer)


def prefetch(settings: Settings, place: str) -> ProofPlan:
    """For `take`, ahead."""
    tree = installed_layer.needed(settings)
    stay = plan.staying(plan.read_plans(paths.plan(settings)))
    found = _READY[_zip(settings)] = _find(settings, tree, stay, place)
    return found


def take(settings: Settings, tree: Installed, stay: Sequence[str], place: str) -> ProofPlan:
    """`stay`: the layer's files. `place`: where proofs are made, for people."""
    return _READY.pop(_zip(settings), None) or _find(settings, tree, stay, place)


def _zip(settings: Settings) -> tuple[Path, str]:
    return paths.layer_zip(settings).absolute(), records.zip_sha256(settings)


def _find(settings: Settings, tree: Installed, stay: Sequence[str], place: str) -> ProofPlan:
    optimized = records.needed(settings, OptimizeRecord)
    installed = records.needed(settings, InstallRecord)
    edges = cache.needs(settings, tree)
    where: list[object] = [place, installed.image, probe.proof_fingerprint(settings)]
    where += probe.around(settings)
    parts, made = optimized.parts, optimized.made
    look = cache.Look(tree, {name: made[name] for name in parts}, stay)
    asked = question(tree, stay)
    more = [cache.FORMAT, *where, optimized.bytecode is None, look.met]
    rest = {name: file_tools.digest([content, asked[name]]) for name, content in look.parts.items()}
    keys = cache.keys(edges, rest, more)
    rests = {
        key: [(part.KIND, parts[each]) for each in cache.closure(name, edges)]
        for name, key in keys.items()
    }
    team.bring(cache.KIND, [*keys.values()], rests)
    stored = cache.stored(installed_layer.store(settings), keys)
    known = {name: each for name, each in stored.items() if look.keeps(each)}
    missing = {name: each for name, each in asked.items() if name not in known}
    shown = {each for name in missing for each in cache.closure(name, edges)}
    met = {tree.owners[path] for path in look.met}
    shown |= met if missing else set()
    for name in missing.keys() & stored.keys():  # where they looked before, they may look again
        shown |= look.behind(stored[name].rests) - {""}  # nobody's: what came is met in the whole
    return ProofPlan(
        names=list(asked), known=known, missing=missing, edges=edges, keys=keys,
        met=met, look=look, shown=shown,
        layer=excerpt(paths.layer_zip(settings), tree, shown),
    )  # fmt: skip


def excerpt(whole: Path, tree: Installed, shown: Container[str]) -> Path:
    """The layer, or a zip in the run's folder of those of its files that are metadata, or of the
    distributions `shown`."""
    there = [each for each in tree.distributions if each.name in shown]
    if len(there) in (0, len(tree.distributions)):
        return whole
    files = {path for each in there for path in each.files}
    handle, name = tempfile.mkstemp(suffix=".zip")
    with os.fdopen(handle, "wb") as file:
        zip_writer.write_excerpt(
            whole,
            lambda path: path in files or source_of(path) in files or cache.is_metadata(path),
            file,
        )
    return Path(name)
