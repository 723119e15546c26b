"""A zip writer whose bytes depend on names, contents and execute bits alone.

It takes packed files over as they are (layer/part.py), so that the zip is the same whether a part
was made now or a week ago, on one core or many. They are packed with libdeflate out of a pinned
wheel (`deflate` on PyPI): Python's zipfile leaves that to the zlib it was built with, and zlib-ng
(Fedora) gives other bytes than zlib. Format: APPNOTE.TXT 6.3.10 (PKWARE). A layer is without zip64,
which nothing of Lambda's size needs. What an image is proven from may have it.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import IO

from ...ui.console import Advance
from ...util.errors import BuildError
from ..part import Member

PYTHON = "python/"  # where Lambda looks for modules in a layer
DATE = (1980 - 1980) << 9 | 1 << 5 | 1  # 1980-01-01, the first day a zip can name
MAX_ENTRIES, MAX_BYTES = 0xFFFE, 0xFFFF_FFFE
OPEN = 100  # parts at a time
BLOCK = 1 << 20  # bytes in memory at once
AT_ONCE = 16 << 20  # bytes of a file that are, where it saves time
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END64, LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")  # 4.3.14, 4.3.15
EXTRA64 = struct.Struct("<2HQ")  # 4.5.3, of an offset alone
VERSION, VERSION64, UNIX, UTF8 = 20, 45, 3 << 8, 1 << 11
SHORT, LONG = 0xFFFF, 0xFFFF_FFFF  # "see zip64"


def write_zip(
    members: Sequence[Member], target: IO[bytes], advance: Advance = lambda packed: None,
    *, large: bool = False,
) -> None:  # fmt: skip
    """Write the files in the order given. `advance` hears of their packed bytes. `large`: nobody
    but this tool will read it. BuildError for what a zip cannot hold."""
    if not large:
        _check_limits(members)
    if any(max(each.size, each.packed) > MAX_BYTES for each in members):
        raise BuildError("a file is over 4 GB", fix='leave it out: drop = ["…"]')
    directory, offset = [], 0
    with ExitStack() as stack:
        sources = _Sources(stack)
        for member in members:
            directory.append(_central(member, offset))
            offset += target.write(_local(member)) + member.packed
            for block in sources.blocks(member):
                target.write(block)
                advance(len(block))
    listing = b"".join(directory)
    target.write(listing)
    target.write(_end(len(members), len(listing), offset))


def _check_limits(members: Sequence[Member]) -> None:
    """Of what Lambda reads."""
    if len(members) > MAX_ENTRIES:
        problem = f"{len(members)} files are more than a zip holds for Lambda ({MAX_ENTRIES})"
        raise BuildError(problem, fix='leave some out: drop = ["…"] in [tool.lambda-layer]')
    if sum(each.packed + len(each.name.encode()) + 128 for each in members) > MAX_BYTES:
        raise BuildError("the zip would be over 4 GB", fix="leave packages out of the layer")


def _end(count: int, length: int, offset: int) -> bytes:
    """What is behind the list, which has `length` bytes and begins at `offset`."""
    if count <= MAX_ENTRIES and offset + length <= MAX_BYTES:
        return END.pack(b"PK\x05\x06", 0, 0, count, count, length, offset, 0)
    large = END64.pack(
        b"PK\x06\x06", END64.size - 12, UNIX | VERSION64, VERSION64, 0, 0, count, count, length,
        offset,
    )  # fmt: skip
    locator = LOCATOR.pack(b"PK\x06\x07", 0, offset + length, 1)
    return large + locator + END.pack(b"PK\x05\x06", 0, 0, SHORT, SHORT, LONG, LONG, 0)


def members(layer: Path) -> tuple[Member, ...]:
    """The files of a zip of ours, by name. Read once a run: the bill, the report and the proof
    ask."""
    status = layer.stat()
    return _members(layer, status.st_mtime_ns, status.st_size, status.st_ino)


@cache
def _members(layer: Path, *_: int) -> tuple[Member, ...]:
    with zipfile.ZipFile(layer) as archive:
        return tuple(_packed_in(layer, each) for each in archive.infolist())


def write_excerpt(layer: Path, keep: Callable[[str], bool], target: IO[bytes]) -> None:
    """Some files of a zip of ours, packed as they are there. `keep`: by the path below python/."""
    write_zip([each for each in members(layer) if keep(each.name)], target, large=True)


def opened(member: Member, layer: IO[bytes]) -> IO[bytes]:
    """A file of a zip of ours, to be read. `layer`: the zip itself, open. What is not large is read
    at once: libdeflate needs half the time of zlib, and zipfile would read the whole list for each
    file anew. zipfile.BadZipFile for what is not as the list says, here or when it is read."""
    if member.size > AT_ONCE:
        with zipfile.ZipFile(member.path) as archive:
            return archive.open(PYTHON + member.name)  # and keeps it open
    layer.seek(member.offset)
    return io.BytesIO(_inflated(member, layer.read(member.packed)))


def _inflated(member: Member, packed: bytes) -> bytes | bytearray:
    import deflate

    stored = member.method == zipfile.ZIP_STORED
    try:
        data = packed if stored else deflate.deflate_decompress(packed, member.size)
    except deflate.DeflateError:
        data = b""
    if len(data) != member.size or deflate.crc32(data) != member.crc:
        raise zipfile.BadZipFile(f"{member.name!a} is not what the zip's list says of it")
    return data


def _packed_in(layer: Path, info: zipfile.ZipInfo) -> Member:
    return Member(
        name=info.filename.removeprefix(PYTHON), mode=info.external_attr >> 16 & 0o777,
        method=info.compress_type, crc=info.CRC, size=info.file_size, path=layer,
        offset=info.header_offset + LOCAL.size + len(info.filename.encode()),
        packed=info.compress_size, made=False,
    )  # fmt: skip


class _Sources:
    """The parts' files, open while they are read from."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack, self._open = stack, dict[Path, IO[bytes]]()

    def blocks(self, member: Member) -> Iterator[bytes]:
        """What a member is packed as, never all of a large library at once. BuildError where the
        part ends before it does."""
        file = self._at(member)
        left = member.packed
        while left:
            block = file.read(min(left, BLOCK))
            if not block:
                raise BuildError(f"{member.path} is cut off", fix="run the command again")
            left -= len(block)
            yield block

    def _at(self, member: Member) -> IO[bytes]:
        if member.path not in self._open:
            if len(self._open) == OPEN:
                self._stack.close()
                self._open.clear()
            self._open[member.path] = self._stack.enter_context(member.path.open("rb"))
        file = self._open[member.path]
        file.seek(member.offset)
        return file


def _name(member: Member) -> bytes:
    return (PYTHON + member.name).encode()


def _common(member: Member) -> tuple[int, ...]:
    name = _name(member)
    flags = 0 if name.isascii() else UTF8
    sizes = (member.crc, member.packed, member.size, len(name))
    return (VERSION, flags, member.method, 0, DATE, *sizes, 0)


def _local(member: Member) -> bytes:
    return LOCAL.pack(b"PK\x03\x04", *_common(member)) + _name(member)


def _central(member: Member, offset: int) -> bytes:
    attributes = (0o100000 | member.mode) << 16
    common, extra = _common(member), b""
    if offset > MAX_BYTES:
        extra, offset = EXTRA64.pack(1, EXTRA64.size - 4, offset), LONG
        common = (VERSION64, *common[1:-1], len(extra))
    head = (b"PK\x01\x02", UNIX | VERSION, *common, 0, 0, 0, attributes, offset)
    return CENTRAL.pack(*head) + _name(member) + extra
