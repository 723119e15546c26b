"""Shared objects for tests: a real one, and the same with symbols."""

import struct
from pathlib import Path

import deflate

from tests import sandbox_scripts

FOUND = next(Path(deflate.__file__).parent.glob("*.so"))  # any real one will do
PLAIN: bytes = sandbox_scripts.load("strip_libraries").strip(FOUND.read_bytes())
_SECTIONS, _COUNT = 40, 60  # where an ELF file says where its list of sections is, and how long
_HEAD = struct.Struct("<2I4Q2I2Q")


def with_symbols(size: int = 4096, elf: bytes = PLAIN) -> bytes:
    """So many bytes of them, behind all else, as a linker leaves them."""
    (start,), (count,) = (
        struct.unpack_from("<Q", elf, _SECTIONS),
        struct.unpack_from("<H", elf, _COUNT),
    )
    heads = elf[start : start + count * _HEAD.size]
    symbols = _HEAD.pack(0, 2, 0, 0, start, size, 0, 0, 8, 24)
    grown = bytearray(elf[:start] + bytes(size) + heads + symbols)
    struct.pack_into("<Q", grown, _SECTIONS, start + size)
    struct.pack_into("<H", grown, _COUNT, count + 1)
    return bytes(grown)
