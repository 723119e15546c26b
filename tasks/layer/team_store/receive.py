"""Entries as they arrive: into a file while they are compared with their SHA-256."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ..cache import NEW
from .bundle import PACKS, Entry, object_key
from .objects import BrokenError, DeniedError, MissingError, Objects

GAP = 1 << 18  # bytes that nobody needs, and that cost less than another request
Arrival = tuple[Entry, Path | None]  # None: these are not the entry's bytes


def spans(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Those of one pack, by place: what is read with one request each."""
    found: list[list[Entry]] = []
    end = 0
    for entry in sorted(entries, key=lambda each: each.offset):
        if not found or entry.offset > end + GAP:
            found.append([])
        elif entry.offset < end:
            continue  # no writer of ours lets two overlap
        found[-1].append(entry)
        end = entry.offset + entry.size
    return found


def from_pack(
    objects: Objects, writer: str, span: Sequence[Entry], root: Path
) -> Iterator[Arrival]:
    """Files below `root`, one after the other. None if the pack is gone. DeniedError,
    BrokenError."""
    begin, last = span[0].offset, span[-1]
    key = object_key(writer, PACKS, span[0].pack)
    stream = _Stream(objects.get(key, begin, last.offset + last.size - begin))
    place = begin
    with suppress(MissingError, DeniedError):  # to who may not list, S3 says so of what is gone
        for entry in span:
            for _ in stream.pieces(entry.offset - place):
                pass
            yield entry, received(entry, stream.pieces(entry.size), root)
            place = entry.offset + entry.size


def received(entry: Entry, pieces: Iterable[bytes], root: Path) -> Path | None:
    """A new file with these bytes, beside entries of its kind, if they are the entry's."""
    folder = root / entry.kind
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=NEW)
    path, digest, whole = Path(name), hashlib.sha256(), False
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        whole = digest.hexdigest() == entry.sha256
    finally:
        if not whole:
            path.unlink(missing_ok=True)
    return path if whole else None


class _Stream:
    """Pieces of an answer, cut where one asks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def pieces(self, size: int) -> Iterator[bytes]:
        """BrokenError where it ends before."""
        while size:
            block = self._rest or next(self._blocks, b"")
            if not block:
                raise BrokenError("an object is cut off")
            piece, self._rest = block[:size], block[size:]
            size -= len(piece)
            yield piece
