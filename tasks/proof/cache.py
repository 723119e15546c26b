"""What was proven of each distribution, kept by everything that its proof rests on.

A proof holds for a part as long as the part, and those of all that it needs, are the same: what it
requires, and what its modules import while they are imported. So one changed pin proves again what
rests on it, and nothing else.

No reading of sources knows all that code looks at. So the probe notes what the layer was asked for
(docker/try_imports.py, Watch), and a proof holds only where that, too, is the same: `Rests`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from ..layer.cache import Store
from ..layer.installed import Installed, source_of
from ..requirements import file
from ..requirements.file import canonical as canonical_name
from ..requirements.tags import marker_environment
from ..settings.model import Settings
from ..ui.console import count
from ..util import modules, typed_json
from ..util.files import canonical, digest
from . import causes

KIND = "proofs"  # of the store's entries
FORMAT = 1  # raise when a proof says other things: several versions of the tool share a store
LISTED = 5  # origins of proofs
OPEN = ("absent", "asked", "found", "listed")  # sights that a distribution more can change
EVERYBODY = "asked:"  # names and entry points of all


class Elf(TypedDict):
    """Of docker/elf.py."""

    machine: str
    program: bool
    soname: str
    needed: list[str]
    versions: dict[str, list[str]]
    run_paths: NotRequired[list[str]]
    damaged: NotRequired[bool]


class Hides(TypedDict):
    used: bool
    lacks: list[str]


class After(TypedDict):
    """What docker/probe.py says of a layer, and docker/inspect_foreign.py but for the last two."""

    imports: dict[str, str]
    loads: dict[str, str]
    compiled: int
    missed: list[str]
    needs: dict[str, list[str]]
    others: dict[str, list[str]]
    seen: dict[str, list[str]]
    hides: dict[str, Hides]
    hidden: dict[str, str]
    metadata: str
    elf: dict[str, Elf]
    seconds: NotRequired[dict[str, float]]
    memory: NotRequired[dict[str, int]]


@dataclass
class Proof:
    """`after`: what docker/probe.py says of the layer. `imports` and `loads`: the errors that
    there were before pruning, too, by module and by library. `rests`: {what was looked at: digest
    of what the layer had there} beyond what its key says."""

    after: dict[str, Any]
    imports: dict[str, str] = field(default_factory=dict)
    loads: dict[str, str] = field(default_factory=dict)
    rests: dict[str, str] = field(default_factory=dict)
    by: str = ""  # who made it, as others read it
    at: str = ""  # when

    @property
    def is_certain(self) -> bool:
        """Would the same bytes give the same answer another time?"""
        errors = [self.after["imports"], self.after["loads"], self.imports, self.loads]
        return all(causes.is_certain(error) for each in errors for error in each.values())

    @property
    def is_kept(self) -> bool:
        """Does it hold whenever and after whatever it was made? None where time or memory ran out,
        none of a zip that is not what was made."""
        return self.is_certain and not self.after["compiled"]


def check_proof(path: Path) -> None:
    """ValueError unless it is one, and follows from bytes alone, also if another machine says
    it."""
    found = Proof(**json.loads(path.read_bytes()))
    if not (typed_json.fits(found, Proof) and typed_json.fits(found.after, After)):
        raise ValueError("it has another form")
    if not found.is_kept:
        raise ValueError("it does not follow from the bytes")


def stored(store: Store, keys: Mapping[str, str]) -> dict[str, Proof]:
    """{package: its test} of those of {package: key} that have one, whether it holds or not."""
    found = store.all(KIND, keys)
    return {name: Proof(**json.loads(path.read_bytes())) for name, path in found.items()}


def origins(proofs: Iterable[Proof]) -> list[str]:
    """By whom and when packages were tested, most of them first, for people."""
    made = Counter((each.by, each.at[:10]) for each in proofs if each.by)
    found = [f"{count(number, 'package')} tested by {by} on {at}"
             for (by, at), number in made.most_common()]  # fmt: skip
    more = len(found) - LISTED
    return [*found[:LISTED], *([f"and {count(more, 'more time')}"] if more > 0 else [])]


def save(store: Store, key: str, proof: Proof) -> None:
    store.put_bytes(KIND, key, canonical(vars(proof)))


@dataclass(frozen=True)
class Look:
    """What a layer has at a place. `parts`: {distribution: its part's name}. `stay`: the
    layer's files. Sights, as docker/try_imports.py notes them: `read:folder`, `listed:folder`,
    `absent:name`, `found:namespace`, `asked:distribution` or, of everybody, `asked:`."""

    tree: Installed
    parts: Mapping[str, str]
    stay: Sequence[str]

    @cached_property
    def _in(self) -> dict[str, set[str]]:
        """{folder, or file at the top: whose files lie in it}"""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for path in self.stay:
            found[path.rpartition("/")[0] or path].add(self.tree.owners.get(path, ""))
        return found

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for folder, owners in self._in.items():
            for each in around(folder):
                found[each] |= owners
        return found

    @cached_property
    def _names(self) -> set[str]:
        """Of all modules, files and folders."""
        modules_ = {part for path in self.stay for part in chain(modules.dotted(path))}
        return {*self.stay, *self._below, *modules_}

    @cached_property
    def _metadata(self) -> list[tuple[str, str]]:
        """(name, what its entry points are) of all that have metadata."""
        folders = [each for each in self._below if is_metadata(each) and "/" not in each]
        return sorted((named(each), self.content(f"{each}/entry_points.txt")) for each in folders)

    @cached_property
    def met(self) -> dict[str, str]:
        """{file that every import meets: what it holds}. Modules that hide standard ones, and .pth
        files."""
        return {path: self.content(path) for path in self.stay if modules.is_met_by_all(path)}

    def content(self, path: str) -> str:
        """What decides what that file holds. '' if it is not there."""
        if path not in self._names:
            return ""
        owner = self.tree.owners[path]
        hashes = (each.hashes for each in self.tree.distributions if each.name == owner)
        return next(hashes).get(path) or self.parts.get(owner, "")

    def owners(self, sight: str) -> set[str]:
        """Whose parts it rests on. '' where nobody may come to have it."""
        kind, name = sight.partition(":")[0], _name(sight)
        if kind == "absent":
            return {""} if name in self._names else set()
        if kind == "asked":
            return {canonical_name(name)} & self.parts.keys() if name else {*self.parts}
        found = self._below if kind == "listed" else self._in
        return found.get(name) or found.get(source_of(name), set())

    def at(self, sight: str) -> str:
        if sight == EVERYBODY:
            return digest([sorted(self.parts), self._metadata])
        there = [_name(sight) in self._below] * sight.startswith("found:")
        parts = sorted((each, self.parts.get(each, "")) for each in self.owners(sight))
        return digest([*there, *parts])

    def keeps(self, proof: Proof) -> bool:
        """Does it hold here?"""
        return all(self.at(sight) == digest_ for sight, digest_ in proof.rests.items())

    def beyond(self, seen: Mapping[str, Iterable[str]], own: Collection[str]) -> list[str]:
        """Sights that do not rest on the distributions `own` alone."""
        return [each for each in sights(seen) if not self.owners(each) <= set(own)]

    def behind(self, sights: Iterable[str]) -> set[str]:
        """Owners of what these name. Metadata is left out: every excerpt has it."""
        found = (each for each in sights if not each.startswith(EVERYBODY))
        return {
            owner for each in found if not is_metadata(_name(each)) for owner in self.owners(each)
        }

    def rests(self, seen: Mapping[str, Iterable[str]], own: Collection[str]) -> dict[str, str]:
        """What else must stay as it is for an answer to hold: also that nobody comes to have what
        is not there, or to lie in a folder that was listed."""
        open_ = [f"{kind}:{name}" for kind in OPEN for name in seen.get(kind, ())]
        return {sight: self.at(sight) for sight in [*self.beyond(seen, own), *open_]}


def sights(seen: Mapping[str, Iterable[str]]) -> list[str]:
    """As `Look` names them. `seen`: docker/try_imports.py's."""
    return [f"{kind}:{name}" for kind, names in seen.items() for name in names]


def _name(sight: str) -> str:
    return sight.partition(":")[2]


def is_metadata(path: str) -> bool:
    """Is it a file or folder of some package's metadata?"""
    return path.partition("/")[0].endswith((".dist-info", ".egg-info"))


def named(folder: str) -> str:
    """Whose metadata it has, without its version."""
    return canonical_name(folder.rpartition(".")[0].partition("-")[0])


def around(path: str) -> Iterator[str]:
    """a/b.py → a/b.py, a, '' (the layer)"""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def chain(name: str) -> Iterator[str]:
    """a.b.c → a.b.c, a.b, a"""
    while name:
        yield name
        name = name.rpartition(".")[0]


def keys(
    edges: Mapping[str, Iterable[str]], parts: Mapping[str, str], more: object
) -> dict[str, str]:
    """{distribution: key}. `edges`: what each needs. `parts`: what the part of each holds, and
    what is tried of it. (With its key alone, another writer's part would speak for ours.)
    `more`: what all proofs rest on: who proves, and where."""
    return {
        name: digest([more, name, sorted(parts[each] for each in closure(name, edges))])
        for name in parts
    }


def needs(settings: Settings, tree: Installed) -> dict[str, set[str]]:
    """{distribution: those that it needs in order to be imported}."""
    from ..layer.archive import (
        dist_metadata,
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
