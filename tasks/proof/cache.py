"""What was proven of each distribution, kept by everything that its proof rests on.

A proof holds for a part as long as the part, and those of all that it needs, are the same: what it
requires, and what its modules import while they are imported. So one changed pin proves again what
rests on it, and nothing else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..layer.cache import Store
from ..layer.installed import Installed
from ..requirements import file
from ..requirements.tags import marker_environment
from ..settings.model import Settings
from ..util import modules
from ..util.files import canonical, digest

KIND = "proofs"  # of the store's entries


@dataclass
class Proof:
    """`after`: what docker/probe.py says of the layer; `imports` and `loads`: the errors that
    there were before pruning, too, by module and by library."""

    after: dict[str, Any]
    imports: dict[str, str] = field(default_factory=dict)
    loads: dict[str, str] = field(default_factory=dict)


def load_proofs(store: Store, keys: Mapping[str, str]) -> dict[str, Proof]:
    """{distribution: its proof} of those of {distribution: key} that have one."""
    found = store.all(KIND, keys)
    return {name: Proof(**json.loads(path.read_bytes())) for name, path in found.items()}


def save(store: Store, key: str, proof: Proof) -> None:
    store.put_bytes(KIND, key, canonical(vars(proof)))


def keys(
    edges: Mapping[str, Iterable[str]], parts: Mapping[str, str], more: object
) -> dict[str, str]:
    """{distribution: key}. `edges`: what each needs; `parts`: {distribution: its part's key};
    `more`: what all proofs rest on: who proves, and where."""
    return {
        name: digest([more, name, sorted(parts[each] for each in closure(name, edges))])
        for name in parts
    }


def needs(settings: Settings, tree: Installed) -> dict[str, set[str]]:
    """{distribution: those that it needs in order to be imported}."""
    from ..layer.archive import (
        dist_metadata,  # with what reads metadata: only where something is to be proven
    )

    found = [dist_metadata.parse_metadata(each.texts["METADATA"]) for each in tree.distributions]
    lines = file.read_requirements(Path(settings.requirements))
    asked = [line.requirement for line in lines if line.requirement and not line.constraint]
    required = dist_metadata.needs(found, asked, marker_environment(settings))
    owners = {name: tree.owners[path] for path in tree.sizes if (name := modules.dotted(path))}
    return {
        each.name: {*required.get(each.name, ()), *_imported(each.modules.values(), owners)}
        for each in tree.distributions
    }


def _imported(said: Iterable[Any], owners: Mapping[str, str]) -> set[str]:
    names = {name for *_, first in said for name in first}
    return {owner for name in names if (owner := _owner(name, owners))}


def _owner(name: str, owners: Mapping[str, str]) -> str:
    """Of the module, or else of the innermost package around it: a.b.name → a.b's."""
    while name:
        if name in owners:
            return owners[name]
        name = name.rpartition(".")[0]
    return ""


def closure(name: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """It, and all that it needs directly or not."""
    found, waiting = {name}, [name]
    while waiting:
        for each in edges.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
