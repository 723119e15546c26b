"""What the objects of the team's store are called and hold.

    store/v1/<writer>/<kind>/<key>           a bundle: one entry, or one and what goes with it
    store/v1/<writer>/index/<input hash>     a bundle of everything that one build rests on
    store/v1/<writer>/packs/<day>-<sha256>   bytes of large entries, end to end
    …-2                                      a bundle in the place of one whose pack is gone

A bundle lists entries and holds their bytes, or names the pack and the place where these lie. It
may have been written by anybody: nothing is believed that has another form.
"""

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...aws.iam.store_actions import STORE_ROOT
from ...settings.model import WRITER
from ...util import files

INDEX, PACKS = "index", "packs"  # kinds that are the store's own
MOST = 64 << 20  # bytes of a bundle, unpacked: the example's index has 4 MB
_KIND = re.compile(r"[a-z]{1,20}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WRITER = re.compile(WRITER, re.ASCII)
_PACK = re.compile(r"(\d{8}-[0-9a-f]{64})?")
Name = tuple[str, str]  # kind, key


class UnreadableError(ValueError):
    """No bundle of ours."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`sha256`, `size` (bytes): of the content. `pack`: which one it lies in, '' for the bundle's
    own bytes. `offset`: where it begins there. `of`: another writer, who alone says what it holds.
    Nothing of it lies here then."""

    kind: str
    key: str
    sha256: str
    size: int
    pack: str = ""
    offset: int = 0
    of: str = ""

    @property
    def is_inside(self) -> bool:
        """Does the bundle have its bytes?"""
        return not (self.pack or self.of)

    @property
    def name(self) -> Name:
        return self.kind, self.key


def folder(writer: str) -> str:
    """What all keys of a writer begin with."""
    return f"{STORE_ROOT}/{writer}/"


def object_key(writer: str, kind: str, key: str) -> str:
    return f"{folder(writer)}{kind}/{key}"


def again(writer: str, kind: str, key: str) -> str:
    """In the place of an object that says what is no longer there: nobody can replace that one. It
    is read only then, so its turn is over when that one has expired."""
    return f"{object_key(writer, kind, key)}-2"


def bundle(entries: Iterable[tuple[Entry, bytes]]) -> bytes:
    """`bytes`: of an entry that lies in no pack."""
    listed, content, end = [], [], 0
    for each, data in entries:
        listed.append(row(replace(each, offset=end) if each.is_inside else each))
        content.append(data if each.is_inside else b"")
        end += len(content[-1])
    return zlib.compress(b"\n".join([files.canonical(listed), b"".join(content)]), 1)


def opened(data: bytes) -> list[tuple[Entry, bytes]]:
    """The entries of a bundle, each with its bytes. UnreadableError."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MOST)
        if not unpacker.eof:
            raise UnreadableError("it is cut off, or too large")
        head, _, content = text.partition(b"\n")
        found = [entry(each) for each in json.loads(head)]
        if sum(each.size for each in found if each.is_inside) > len(content):
            raise UnreadableError("entries overlap")
        return [(each, _own(each, content)) for each in found]
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableError(str(error)) from None


def row(entry: Entry) -> list[object]:
    """As a bundle lists it."""
    said = [entry.kind, entry.key, entry.sha256, entry.size, entry.pack, entry.offset]
    return [*said, *([entry.of] * bool(entry.of))]


def entry(said: Sequence[Any]) -> Entry:
    """UnreadableError, ValueError, TypeError for what is none."""
    kind, key, sha256, size, pack, offset, *of = said
    numbers = all(type(each) is int and each >= 0 for each in (size, offset))
    numbers = numbers and (size > 0 or not pack)  # no request has a range of no bytes
    forms, texts = (_KIND, _SHA256, _SHA256, _PACK), (kind, key, sha256, pack)
    words = zip((*forms, *[_WRITER] * len(of)), (*texts, *of), strict=True)
    if not (numbers and len(of) <= 1 and all(form.fullmatch(word) for form, word in words)):
        raise UnreadableError("an entry has another form")
    other = of[0] if of else ""
    return Entry(
        kind=kind, key=key, sha256=sha256, size=size, pack=pack, offset=offset, of=other
    )  # fmt: skip


def _own(entry: Entry, content: bytes) -> bytes:
    data = content[entry.offset : entry.offset + entry.size] if entry.is_inside else b""
    if len(data) != entry.size and entry.is_inside:
        raise UnreadableError("an entry's bytes are not there")
    return data
