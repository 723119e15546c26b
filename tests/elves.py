"""ELF files made by hand: what they need, and nothing that runs."""

import struct
from collections.abc import Mapping, Sequence

X86, ARM = 62, 183  # e_machine
LOAD, DYNAMIC, INTERPRETER = 1, 2, 3
TAGS = {"STRSZ": 10, "VERNEED": 0x6FFFFFFE, "VERNEEDNUM": 0x6FFFFFFF}


class _Strings:
    def __init__(self) -> None:
        self.content = b"\0"

    def add(self, text: str) -> int:
        start = len(self.content)
        self.content += text.encode() + b"\0"
        return start


def elf(
    *needed: str,
    machine: int = X86,
    soname: str = "",
    versions: Mapping[str, Sequence[str]] = {},
    program: bool = False,
    run_path: str = "",
    debug: int = 0,
) -> bytes:
    """A shared object of 64 bits, little-endian; `versions`: {library: symbol versions}; `debug`:
    bytes behind what is loaded, which stripping takes."""
    strings = _Strings()
    pairs = [(1, strings.add(name)) for name in needed]
    pairs += [(14, strings.add(soname))] if soname else []
    pairs += [(29, strings.add(run_path))] if run_path else []
    wanted = _versions(strings, versions)
    count = 3 if program else 2
    start = 64 + 56 * count
    dynamic_size = 16 * (len(pairs) + 5)
    names = start + dynamic_size
    table = names + len(strings.content)
    pairs += [(5, names), (10, len(strings.content))]
    pairs += [(0x6FFFFFFE, table), (0x6FFFFFFF, len(versions))] if versions else []
    dynamic = b"".join(struct.pack("<2Q", *pair) for pair in [*pairs, (0, 0)])
    body = dynamic.ljust(dynamic_size, b"\0") + strings.content + wanted
    end = start + len(body)
    segments = [(LOAD, 0, end), (DYNAMIC, start, dynamic_size)]
    segments += [(INTERPRETER, start, 1)] * program
    heads = b"".join(
        struct.pack("<2L6Q", kind, 4, offset, offset, offset, size, size, 8)
        for kind, offset, size in segments
    )
    return _head(machine, count) + heads + body + bytes(debug)


def with_numbers(content: "bytes | bytearray", changed: "dict[int | str, int]") -> bytes:
    """Lies. `changed`: {where, or a dynamic tag: the 8 bytes there}."""
    damaged = bytearray(content)
    for where, value in changed.items():
        if isinstance(where, str):
            where = content.index(struct.pack("<Q", TAGS[where])) + 8
        struct.pack_into("<Q", damaged, where, value)
    return bytes(damaged)


def _head(machine: int, count: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<2HL3QL6H", 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)


def _versions(strings: _Strings, versions: Mapping[str, Sequence[str]]) -> bytes:
    """DT_VERNEED's table."""
    out = b""
    for number, (library, names) in enumerate(versions.items(), 1):
        size = 16 + 16 * len(names)
        further = size if number < len(versions) else 0
        out += struct.pack("<2H3L", 1, len(names), strings.add(library), 16, further)
        for index, name in enumerate(names, 1):
            following = 16 if index < len(names) else 0
            out += struct.pack("<L2H2L", 0, 0, index + 1, strings.add(name), following)
    return out
