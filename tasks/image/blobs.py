"""Blobs of an image, kept in build/store by what they are made from: two entries each, the blob as
it is and what a manifest says of it."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ..layer import installed, part
from ..layer.cache import Store
from ..layer.part import Member
from ..settings.model import Settings
from ..util import files
from . import groups, tar_layer
from .tar_layer import Layer

BLOBS, FACTS = "blobs", "blob-facts"
FORMAT = 1  # raise when other bytes are made of the same parts


def of_parts(
    settings: Settings, members: Sequence[Member], names: Mapping[Path, str]
) -> list[Layer]:
    """One layer for each group of distributions; `names`: {part: distribution}."""
    level, kept = part.LEVELS[settings.compression], installed.store(settings)
    found = []
    for title, content in groups.group(members, names).items():
        key = files.digest([FORMAT, level, title, [[x.path.name, x.name] for x in content]])
        found.append(
            keep(
                kept, key,
                lambda path, content=content, title=title: tar_layer.write_layer(  # type: ignore[misc] # mypy has no defaults
                    tar_layer.of_members(content), path, level, title
                ),
            )
        )  # fmt: skip
    return found


def keep(kept: Store, key: str, make: Callable[[Path], Layer]) -> Layer:
    """The layer of that key, made where the store has it not."""
    facts = kept.get(FACTS, key)
    if facts and kept.get(BLOBS, key):
        return Layer(**json.loads(facts.read_bytes()))
    folder = kept.root / BLOBS
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".blob-") as temporary:
        made = make(Path(temporary, "blob"))
        kept.put(BLOBS, key, Path(temporary, "blob"))
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


def find(kept: Store, digest: str) -> Path | None:
    """The blob of that digest, by its name: the store compares it when it is used."""
    end = f"-{digest.removeprefix('sha256:')}"
    for path in (kept.root / BLOBS).glob(f"*{end}"):
        if found := kept.get(BLOBS, path.name.removesuffix(end)):
            return found
    return None
