"""What of a layer is to be proven anew, and in how much of it.

A distribution is tried in as much of the layer as it needs (core/proofs.py), so that one changed
pin costs what rests on it. Known as soon as the zip is there: the sandbox can lay it out while the
steps between are at work.
"""

import os
import tempfile
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import archive, distributions, paths, plans, probing, proofs, records
from .distributions import Installed, source_of
from .probing import Question
from .proofs import Proof
from .settings import Settings

Questions = dict[str, Question]
_READY: dict[tuple[Path, str], "Due"] = {}  # found ahead, for who needs it next


@dataclass(frozen=True, kw_only=True)
class Due:
    """`names`: of all distributions; `known`: the proofs that the store has, `missing`: what is to
    be tried of the others. `edges`, `keys`: core/proofs.py's; `parts`: optimize's record's.
    `layer`: a zip of the distributions `shown`, which are all that `missing` needs."""

    names: list[str]
    known: Mapping[str, Proof]
    missing: Questions
    edges: Mapping[str, Collection[str]]
    keys: Mapping[str, str]
    parts: Mapping[str, str]
    shown: Container[str]
    layer: Path


def get_ready(settings: Settings, place: str) -> Due:
    """For `ready`, ahead."""
    tree = distributions.needed(settings)
    stay = plans.staying(plans.read(paths.plan(settings)))
    found = _READY[_zip(settings)] = _find(settings, tree, stay, place)
    return found


def ready(settings: Settings, tree: Installed, stay: Sequence[str], place: str) -> Due:
    """`stay`: the layer's files; `place`: where proofs are made, for people."""
    return _READY.pop(_zip(settings), None) or _find(settings, tree, stay, place)


def _zip(settings: Settings) -> tuple[Path, str]:
    packed = records.read(paths.record(settings, "zip")) or {}
    return paths.layer_zip(settings).absolute(), packed.get("sha256", "")


def _find(settings: Settings, tree: Installed, stay: Sequence[str], place: str) -> Due:
    optimized = records.read(paths.record(settings, "optimize")) or {}
    edges = proofs.needs(settings, tree)
    more = [place, probing.fingerprint(), optimized["bytecode"] is None]
    keys = proofs.keys(edges, optimized["parts"], more)
    known = proofs.load(distributions.store(settings), keys)
    asked = probing.question(tree, stay)
    missing = {name: each for name, each in asked.items() if name not in known}
    shown = {each for name in missing for each in proofs.closure(name, edges)}
    return Due(
        names=list(asked), known=known, missing=missing, edges=edges, keys=keys,
        parts=optimized["parts"], shown=shown,
        layer=excerpt(paths.layer_zip(settings), tree, shown),
    )  # fmt: skip


def excerpt(whole: Path, tree: Installed, shown: Container[str]) -> Path:
    """The layer, or a zip of those of its files that are of the distributions `shown`, in the run's
    folder."""
    there = [each for each in tree.distributions if each.name in shown]
    if len(there) in (0, len(tree.distributions)):
        return whole
    files = {path for each in there for path in each.files}
    handle, name = tempfile.mkstemp(suffix=".zip")
    with os.fdopen(handle, "wb") as file:
        archive.write_excerpt(whole, lambda path: path in files or source_of(path) in files, file)
    return Path(name)
