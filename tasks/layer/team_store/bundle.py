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
from dataclasses import dataclass
from typing import Any

from ...aws.iam.store_statements import STORE_ROOT
from ...util import files

INDEX, PACKS = "index", "packs"  # kinds that are the store's own
MOST = 64 << 20  # bytes of a bundle, unpacked: the example's index has 4 MB
_KIND = re.compile(r"[a-z]{1,20}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PACK = re.compile(r"(\d{8}-[0-9a-f]{64})?")
Name = tuple[str, str]  # kind, key


class UnreadableError(ValueError):
    """No bundle of ours."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`sha256`, `size` (bytes): of the content. `pack`: which one it lies in, '' for the bundle's
    own bytes. `offset`: where it begins there."""

    kind: str
    key: str
    sha256: str
    size: int
    pack: str = ""
    offset: int = 0

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
    for entry, data in entries:
        offset = entry.offset if entry.pack else end
        listed.append([entry.kind, entry.key, entry.sha256, entry.size, entry.pack, offset])
        content.append(b"" if entry.pack else data)
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
        found = [_entry(each) for each in json.loads(head)]
        if sum(each.size for each in found if not each.pack) > len(content):
            raise UnreadableError("entries overlap")
        return [(each, _own(each, content)) for each in found]
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableError(str(error)) from None


def _entry(said: Sequence[Any]) -> Entry:
    kind, key, sha256, size, pack, offset = said
    numbers = all(type(each) is int and each >= 0 for each in (size, offset))
    words = zip((_KIND, _SHA256, _SHA256, _PACK), (kind, key, sha256, pack), strict=True)
    if not (numbers and all(form.fullmatch(word) for form, word in words)):
        raise UnreadableError("an entry has another form")
    return Entry(kind=kind, key=key, sha256=sha256, size=size, pack=pack, offset=offset)


def _own(entry: Entry, content: bytes) -> bytes:
    data = b"" if entry.pack else content[entry.offset : entry.offset + entry.size]
    if len(data) != entry.size and not entry.pack:
        raise UnreadableError("an entry's bytes are not there")
    return data
