"""Which distributions share a blob: a heavy one has its own, so that a changed pin sends little."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..layer.part import Member

HEAVY = 128_000  # bytes, packed, from which a distribution has a blob of its own
MOST = 100  # blobs of distributions; an image has 127 layers, the base's and the app's among them
LIGHT = "light packages"


def group(members: Iterable[Member], names: Mapping[Path, str]) -> dict[str, list[Member]]:
    """{what a blob is called: its files}; `names`: {part: distribution}. The same for the same
    parts, and the light ones first: what changes most often is last to be unpacked."""
    owned: dict[str, list[Member]] = defaultdict(list)
    for each in members:
        owned[names[each.path]].append(each)
    sizes = {name: sum(each.packed for each in found) for name, found in owned.items()}
    heavy = sorted((name for name in sizes if sizes[name] >= HEAVY), key=lambda x: (-sizes[x], x))
    own = {name: owned[name] for name in sorted(heavy[:MOST])}
    light = [each for name in sorted(owned.keys() - own.keys()) for each in owned[name]]
    return own | ({LIGHT: light} if light else {})
