"""Blobs of an image, kept in the store by what they are made from: two entries each, the blob as
it is and what a manifest says of it.

A heavy distribution has a blob of its own, so that a changed pin sends little.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from ..layer import installed, part
from ..layer.cache import Store
from ..layer.part import Member
from ..settings.model import Settings
from ..util import files
from . import tar_layer
from .tar_layer import Layer

BLOBS, FACTS = "blobs", "blob-facts"
HEAVY = 128_000  # bytes, packed, from which a distribution has a blob of its own
MOST = 100  # blobs of distributions; an image has 127 layers, and few bases have over 25
LIGHT = "light packages"
AT_ONCE = 4  # blobs that are packed, each of so many parts in memory (gzip_pieces.py)
FORMAT = 1  # raise when other bytes are made of the same parts


def made_by() -> list[object]:
    """What decides the bytes, beside what is packed."""
    return [FORMAT, version("deflate")]


def of_parts(
    settings: Settings, members: Sequence[Member], names: Mapping[Path, str], most: int = MOST
) -> list[Layer]:
    """One layer for each group of distributions. `names`: {part: distribution}. `most`: that have
    one of their own."""
    level, kept = part.LEVELS[settings.compression], installed.store(settings)
    write = tar_layer.splice_layer if settings.splice else tar_layer.write_layer
    how = [*made_by(), level, *(["spliced"] * settings.splice)]

    def make(title: str, content: Sequence[Member]) -> Layer:
        made_from = [[x.path.name, x.name] for x in content]
        key = files.digest([*how, title, made_from])
        whole = tar_layer.of_members(content)
        return keep(kept, key, lambda path: write(whole, path, level, title))

    groups = group(members, names, most)
    sizes = {name: sum(each.packed for each in found) for name, found in groups.items()}
    with ThreadPoolExecutor(min(os.cpu_count() or 1, AT_ONCE)) as pool:
        largest_first = sorted(groups, key=lambda name: -sizes[name])
        made = {name: pool.submit(make, name, groups[name]) for name in largest_first}
        return [made[name].result() for name in groups]


def group(
    members: Iterable[Member], names: Mapping[Path, str], most: int = MOST
) -> dict[str, list[Member]]:
    """{what a blob is called: its files}. `names`: {part: distribution}. The same for the same
    parts, and the light ones first: what changes most often is last to be unpacked."""
    owned: dict[str, list[Member]] = defaultdict(list)
    for each in members:
        owned[names[each.path]].append(each)
    sizes = {name: sum(each.packed for each in found) for name, found in owned.items()}
    heavy = sorted((name for name in sizes if sizes[name] >= HEAVY), key=lambda x: (-sizes[x], x))
    own = {name: owned[name] for name in sorted(heavy[:most])}
    light = [each for name in sorted(owned.keys() - own.keys()) for each in owned[name]]
    return own | ({LIGHT: light} if light else {})


def keep(kept: Store, key: str, make: Callable[[Path], Layer]) -> Layer:
    """The layer of that key, made where the store has it not."""
    facts = kept.get(FACTS, key)
    if facts and kept.get(BLOBS, key):
        return Layer(**json.loads(facts.read_bytes()))
    with kept.new(BLOBS) as new:
        made = make(new)
        kept.put(BLOBS, key, new, sha256=made.digest.removeprefix("sha256:"))
    kept.put_bytes(FACTS, key, files.canonical(asdict(made)))
    return made


def keys(settings: Settings, layers: Iterable[Layer]) -> Iterator[str]:
    """What the store keeps these under, so that it does not let them go."""
    folder = installed.store(settings).root / BLOBS
    wanted = {each.digest.removeprefix("sha256:") for each in layers}
    for path in folder.glob("*"):
        key, _, digest = path.name.rpartition("-")
        if digest in wanted:
            yield key


def has(kept: Store, digest: str) -> bool:
    """Is a blob of that name there? It is compared only when it is used: a look at gigabytes costs
    seconds."""
    return any((kept.root / BLOBS).glob(f"*-{digest.removeprefix('sha256:')}"))


def find(kept: Store, digest: str) -> Path | None:
    """The blob of that digest, by its name: the store compares it when it is used."""
    end = f"-{digest.removeprefix('sha256:')}"
    for path in (kept.root / BLOBS).glob(f"*{end}"):
        if found := kept.get(BLOBS, path.name.removesuffix(end)):
            return found
    return None
