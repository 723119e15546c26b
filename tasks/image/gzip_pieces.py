"""gzip of what is too large for memory, as one stream, with libdeflate's bytes.

libdeflate packs a whole buffer at once, and ends it: the last block says that it is the last. In a
piece that it packs into one block, that is the first bit, which is taken away here. An empty stored
block behind it brings the stream to the next byte, where the next piece begins (RFC 1951, 3.2.3 and
3.2.4). The price is 5 % of size: a piece cannot refer to the one before.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

WHOLE = 64 << 20  # bytes up to which a tar is packed at once
SEVERAL = 2 << 20  # bytes up to which several threads do that at the same time
PIECE = 64 << 10  # bytes; of less than 10,000 libdeflate always makes one block
HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no name, no time
# An empty stored block: its three bits may fit into the byte before, or need one of their own.
ENDS = (b"\0\0\xff\xff", b"\0\0\0\xff\xff")
LAST = b"\x03\0"  # an empty block that is the last
TAIL = struct.Struct("<LL")  # CRC-32, length


def packed(source: IO[bytes], level: int) -> Iterator[bytes]:
    """`level`: libdeflate's."""
    crc = length = 0
    yield HEAD
    while piece := source.read(PIECE):
        crc, length = zlib.crc32(piece, crc), length + len(piece)
        yield from _blocks(piece, level)
    yield LAST + TAIL.pack(crc, length & 0xFFFF_FFFF)


def member(blocks: Iterable[bytes], crc: int, length: int) -> Iterator[bytes]:
    """A whole stream of deflate, as one member of gzip. `crc`, `length`: of what it holds."""
    yield HEAD
    yield from blocks
    yield TAIL.pack(crc, length & 0xFFFF_FFFF)


def _blocks(piece: bytes, level: int) -> Iterator[bytes]:
    """Of a piece that is several blocks nobody knows where the last one begins: halves of it."""
    import deflate

    made = bytearray(deflate.deflate_compress(piece, level))
    if not made[0] & 1:
        half = len(piece) // 2
        yield from _blocks(piece[:half], level)
        yield from _blocks(piece[half:], level)
        return
    made[0] &= 0xFE
    yield next(bytes(made + end) for end in ENDS if _is_whole(bytes(made + end), piece))


def _is_whole(stream: bytes, piece: bytes) -> bool:
    """Is it the piece, and could another one begin right behind it?"""
    inflater = zlib.decompressobj(-15)
    try:
        found = inflater.decompress(stream + LAST)
    except zlib.error:
        return False
    return inflater.eof and not inflater.unused_data and found == piece
