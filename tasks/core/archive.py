"""A zip writer whose bytes depend on names, contents and execute bits alone.

Python's zipfile leaves the compressing to the zlib it was built with, and zlib-ng (Fedora) gives
other bytes than zlib. This one uses libdeflate out of a pinned wheel (`deflate` on PyPI), which
also packs 3–4 % smaller than `zip -9`. Format: APPNOTE.TXT 6.3.10 (PKWARE), without zip64, which
nothing of Lambda's size needs.
"""

import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tasks.core.console import Advance
from tasks.core.errors import BuildError

LEVEL = 12  # libdeflate's best
IN_FLIGHT = 64_000_000  # bytes of content read ahead; one larger file goes alone
WORKERS = 2  # also bounds memory: libdeflate takes up to 3× a file while it packs it
DATE = (1980 - 1980) << 9 | 1 << 5 | 1  # 1980-01-01, the first day a zip can name
MAX_ENTRIES, MAX_BYTES = 0xFFFE, 0xFFFF_FFFE
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
VERSION, UNIX, UTF8, STORED, DEFLATED = 20, 3 << 8, 1 << 11, 0, 8


@dataclass(frozen=True, kw_only=True)
class _Member:
    """One file, packed."""

    name: bytes
    mode: int
    method: int
    crc: int
    size: int
    data: bytes


def write_zip(root: Path, files: list[Path], target: IO[bytes], advance: Advance) -> int:
    """Write the files below `root`, sorted by name, and return the sum of their sizes in bytes.

    Memory stays flat: `IN_FLIGHT` bytes of files at a time. `advance` hears of bytes read.
    BuildError for a link, and for what a zip cannot hold.
    """
    names = {path.relative_to(root).as_posix(): path for path in files}
    if len(names) > MAX_ENTRIES:
        problem = f"{len(names)} files are more than a zip holds for Lambda ({MAX_ENTRIES})"
        raise BuildError(problem, fix='leave some out: drop = ["…"] in [tool.lambda-layer]')
    directory, total, offset = [], 0, 0
    for member in _packed([(name, names[name]) for name in sorted(names)]):
        directory.append(_central(member, offset))
        offset += target.write(_local(member)) + target.write(member.data)
        total += member.size
        if offset > MAX_BYTES:
            raise BuildError("the zip would be over 4 GB", fix="leave packages out of the layer")
        advance(member.size)
    listing = b"".join(directory)
    count = len(directory)
    target.write(listing)
    target.write(END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), offset, 0))
    return total


def _packed(files: list[tuple[str, Path]]) -> Iterator[_Member]:
    """Packed on both cores (libdeflate lets go of the GIL), handed out in order."""
    waiting: deque[tuple[int, Future[_Member]]] = deque()
    in_flight = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for name, path in files:
            size = path.lstat().st_size
            while waiting and in_flight + size > IN_FLIGHT:
                done, future = waiting.popleft()
                in_flight -= done
                yield future.result()
            waiting.append((size, pool.submit(_pack, name, path)))
            in_flight += size
        for _, future in waiting:
            yield future.result()


def _pack(name: str, path: Path) -> _Member:
    import deflate

    if path.is_symlink():
        raise BuildError(f"{name} is a link", fix="report this: prune should have replaced it")
    content = path.read_bytes()
    packed = deflate.deflate_compress(content, LEVEL)
    smaller = len(packed) < len(content)
    return _Member(
        name=name.encode(),
        mode=0o755 if path.stat().st_mode & 0o111 else 0o644,
        method=DEFLATED if smaller else STORED,
        crc=zlib.crc32(content),
        size=len(content),
        data=bytes(packed) if smaller else content,
    )


def _common(member: _Member) -> tuple[int, ...]:
    flags = 0 if member.name.isascii() else UTF8
    sizes = (member.crc, len(member.data), member.size, len(member.name))
    return (VERSION, flags, member.method, 0, DATE, *sizes, 0)


def _local(member: _Member) -> bytes:
    return LOCAL.pack(b"PK\x03\x04", *_common(member)) + member.name


def _central(member: _Member, offset: int) -> bytes:
    attributes = (0o100000 | member.mode) << 16
    head = (b"PK\x01\x02", UNIX | VERSION, *_common(member), 0, 0, 0, attributes, offset)
    return CENTRAL.pack(*head) + member.name
