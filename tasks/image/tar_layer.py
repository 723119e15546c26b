"""One layer of an image: a tar that depends on names, contents and execute bits alone, in gzip.

Lambda refuses a layer in which a file comes before its folders (aws-lambda-web-adapter#236), so all
parents are written, each before what it holds. The gzip is one stream of libdeflate's out of a
pinned wheel, for the reason that archive/zip_writer.py gives.
"""

import hashlib
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ..layer.archive.zip_writer import BLOCK
from ..layer.part import DEFLATED, Member
from ..util.errors import BuildError
from . import gzip_pieces

TIME = 315532800  # 1980-01-01, UTC: the zip's time, too
PYTHON = "opt/python/"  # where a layer would lie, so that the layer's proof holds
END = b"\0" * (2 * tarfile.BLOCKSIZE)
WHITEOUT = ".wh."
RAW = -15  # zlib: a stream of deflate without a head
_LARGE = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class File:
    """`name`: its path from the image's root. `size`: bytes. `blocks`: its content. `packed`: the
    same as a stream of deflate, None where nothing has packed it. `crc`: CRC-32 of it then."""

    name: str
    mode: int
    size: int
    blocks: Callable[[], Iterator[bytes]]
    packed: Callable[[], Iterator[bytes]] | None = None
    crc: int = 0


@dataclass(frozen=True, kw_only=True)
class Layer:
    """As a manifest names it: `digest` and `size` of the blob, `diff_id` of the tar in it, which
    has `unpacked` bytes (0: not known)."""

    digest: str
    size: int
    diff_id: str
    unpacked: int
    title: str = ""


def of_members(members: Iterable[Member]) -> Iterator[File]:
    """Files of finished parts, where Lambda lays a layer out."""
    for each in members:
        yield File(
            name=PYTHON + each.name, mode=each.mode, size=each.size,
            blocks=lambda each=each: unpacked(each),  # type: ignore[misc] # mypy has no defaults
            packed=(lambda each=each: _packed(each)) if each.method == DEFLATED else None,  # type: ignore[misc] # the same
            crc=each.crc,
        )  # fmt: skip


def unpacked(member: Member) -> Iterator[bytes]:
    """A part's file, in blocks. BuildError where it is not what the part says of it."""
    crc = size = 0
    for block in _inflated(member) if member.method == DEFLATED else _packed(member):
        crc, size = zlib.crc32(block, crc), size + len(block)
        yield block
    if (crc, size) != (member.crc, member.size):
        problem = f"{member.path} is damaged: {member.name!a} is not what its list says"
        raise BuildError(problem, fix="run `./doitw cache clean=1`, then the command again")


def _inflated(member: Member) -> Iterator[bytes]:
    """However little is packed: zeros are a thousand times as large."""
    inflater = zlib.decompressobj(RAW)
    for packed in _packed(member):
        yield inflater.decompress(packed, BLOCK)
        while inflater.unconsumed_tail:
            yield inflater.decompress(inflater.unconsumed_tail, BLOCK)
    while rest := inflater.decompress(b"", BLOCK):
        yield rest


def _packed(member: Member) -> Iterator[bytes]:
    with member.path.open("rb") as file:
        file.seek(member.offset)
        left = member.packed
        while left and (block := file.read(min(left, BLOCK))):
            left -= len(block)
            yield block


def write_layer(content: Iterable[File], target: Path, level: int, title: str = "") -> Layer:
    """The blob at `target`. `level`: libdeflate's."""
    with tempfile.TemporaryFile(dir=target.parent) as tar:
        diff_id, length = write_tar(content, tar)
        return compress(tar, target, level, diff_id=diff_id, unpacked=length, title=title)


def splice_layer(content: Iterable[File], target: Path, level: int, title: str = "") -> Layer:
    """The same tar, with the packed files as they are: gzip of several members, in little time."""
    import deflate

    with target.open("wb") as file:
        plain, made, between = _Hashed(None), _Hashed(file), bytearray()

        def flush() -> None:
            made.write(bytes(deflate.gzip_compress(bytes(between), level)))
            between.clear()

        for each, head in _entries(content):
            plain.write(head)
            between += head
            for block in each.blocks() if each else ():
                plain.write(block)
                if each and not each.packed:
                    between += block
                    flush() if len(between) > BLOCK else None
            if each and each.packed:
                flush()
                for part in gzip_pieces.member(each.packed(), each.crc, each.size):
                    made.write(part)
            padding = b"\0" * (-plain.length % tarfile.BLOCKSIZE)
            plain.write(padding)
            between += padding
        plain.write(END)
        between += END
        flush()
    return Layer(
        digest=f"sha256:{made.sha256.hexdigest()}", size=made.length,
        diff_id=f"sha256:{plain.sha256.hexdigest()}", unpacked=plain.length, title=title,
    )  # fmt: skip


def compress(
    tar: IO[bytes], target: Path, level: int, *, diff_id: str, unpacked: int, title: str = ""
) -> Layer:
    """A tar as one blob."""
    tar.seek(0)
    with target.open("wb") as file:
        hashed = _Hashed(file)
        if unpacked <= gzip_pieces.WHOLE:
            hashed.write(_at_once(tar, unpacked, level))
        else:
            for block in gzip_pieces.packed(tar, level):
                hashed.write(block)
    return Layer(
        digest=f"sha256:{hashed.sha256.hexdigest()}", size=hashed.length, diff_id=diff_id,
        unpacked=unpacked, title=title,
    )  # fmt: skip


def _at_once(tar: IO[bytes], unpacked: int, level: int) -> bytes:
    """Large ones one after the other: each takes twice its size of memory."""
    import deflate

    with nullcontext() if unpacked <= gzip_pieces.SEVERAL else _LARGE:
        return bytes(deflate.gzip_compress(tar.read(), level))


def write_tar(content: Iterable[File], target: IO[bytes]) -> tuple[str, int]:
    """(sha256 of it, bytes). Sorted, and each folder before what it holds."""
    hashed = _Hashed(target)
    for each, head in _entries(content):
        hashed.write(head)
        for block in each.blocks() if each else ():
            hashed.write(block)
        hashed.write(b"\0" * (-hashed.length % tarfile.BLOCKSIZE))
    hashed.write(END)
    return f"sha256:{hashed.sha256.hexdigest()}", hashed.length


def _entries(content: Iterable[File]) -> Iterator[tuple[File | None, bytes]]:
    """(file, its head). None for the file of a folder."""
    found = {each.name: each for each in content}
    for name in sorted({*found, *_folders(found)}):
        _refuse_whiteout(name)
        each = found.get(name)
        yield each, _head(name, each.mode if each else 0o755, each.size if each else None)


def _refuse_whiteout(name: str) -> None:
    """An engine, and Lambda, would take it for the deletion of what lies below at that place
    (OCI image specification, layer.md). No layer can carry such a file."""
    if (last := name.rpartition("/")[2]).startswith(WHITEOUT):
        other = last.removeprefix(WHITEOUT)
        raise BuildError(
            f"no image can have {name}: a name that begins with {WHITEOUT} deletes {other!r} there",
            fix='rename it. If a package brings it: `drop = ["…"]` leaves it out',
        )


def _folders(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        found.update(map(str, PurePosixPath(name).parents))
    return found - {"."}


def _head(name: str, mode: int, size: int | None) -> bytes:
    """`size`: None for a folder."""
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.size = mode, TIME, size or 0
    info.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


class _Hashed:
    """What is written, and what it amounts to."""

    def __init__(self, target: IO[bytes] | None) -> None:
        self._target, self.sha256, self.length = target, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        if self._target:
            self._target.write(data)
        self.sha256.update(data)
        self.length += len(data)
