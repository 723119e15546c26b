"""What shared objects and programs need of the system that loads them, read from their headers.

For docker/probe.py, inspect_foreign.py, inspect_installed.py and strip_libraries.py. Standard
library only.
Source of the layout: the System V ABI, and for versions "Linux Standard Base Core, symbol
versioning" (.gnu.version_r, DT_VERNEED).

Anybody may have written the file. Each of its numbers is compared with its size before it is used,
and `Piece` ends what overlaps or goes in circles: reading takes steps in proportion to the size.
"""

import contextlib
import struct
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine
MINE = b"\x02\x01"  # 64 bits, little end first
OTHERS = {b"\x01\x01", b"\x01\x02", b"\x02\x02"}
LOAD, DYNAMIC, INTERPRETER = 1, 2, 3  # p_type
NEEDED, STRINGS, STRINGS_SIZE, SONAME = 1, 5, 10, 14  # d_tag
RUN_PATHS = {15, 29}  # DT_RPATH, DT_RUNPATH
VERSIONS, VERSION_COUNT = 0x6FFFFFFE, 0x6FFFFFFF  # DT_VERNEED, DT_VERNEEDNUM
HEADER, SEGMENT = struct.Struct("<16s2HI3QI6H"), struct.Struct("<2I6Q")
ENTRY = struct.Struct("<qQ")  # of the dynamic section
LIBRARY, VERSION = struct.Struct("<2H3L"), struct.Struct("<L2H2L")  # Verneed, Vernaux
TABLE = 1 << 16  # bytes of a dynamic section, or of versions: no linker writes more
NAMES = 1 << 20  # bytes of all names that are read of one file
TIMES = 2  # so often is each byte of a piece read, on average; at most once where none is hostile
Facts = dict[str, object]


class UnreadableError(Exception):
    """It begins as an ELF file and says of itself what cannot be."""


class Piece:
    """Bytes of a file. What is taken lies inside, and is no more than `most` bytes in all."""

    def __init__(self, content: bytes, most: "int | None" = None) -> None:
        self.content = content
        self._left = TIMES * len(content) if most is None else most

    def spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise UnreadableError("its lists overlap, or go in circles")

    def take(self, start: int, size: int) -> bytes:
        check(start, size, len(self.content))
        self.spend(size)
        return self.content[start : start + size]

    def unpack(self, layout: struct.Struct, start: int) -> "tuple[Any, ...]":
        return layout.unpack(self.take(start, layout.size))

    def text(self, start: int) -> bytes:
        end = self.content.find(b"\0", start)
        check(start, 1, end + 1)
        self.spend(end + 1 - start)
        return self.content[start:end]


def check(start: int, size: int, end: int) -> None:
    if size and start + size > end:
        raise UnreadableError(f"bytes {start} to {start + size} of {end}")


class Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int  # in the file
    memory: int
    align: int


def read(path: Path) -> "Facts | None":
    """{"machine", "program": is it one, "soname", "needed": [names], "versions": {library:
    [names]}, "run_paths": as it says them}. None for what is no ELF file. Of a damaged one the
    machine, and "damaged". Of other than 64 bits little-endian, what is known."""
    with path.open("rb", buffering=0) as file:
        head = file.read(HEADER.size)
        if len(head) < 20 or head[:4] != b"\x7fELF":
            return None
        order = "<" if head[5] == 1 else ">"
        (number,) = struct.unpack(f"{order}H", head[18:20])
        facts: Facts = {
            "machine": MACHINES.get(number, f"machine {number}"),
            "program": False, "soname": "", "needed": [], "versions": {}, "run_paths": [],
        }  # fmt: skip
        if head[4:6] not in OTHERS:
            try:
                facts |= needs(file)
            except Exception:  # whatever it is, it is this file's alone
                facts["damaged"] = True
        return facts


def needs(file: BinaryIO) -> Facts:
    header = header_of(file)
    segments = segments_of(file, header)
    program = any(each.kind == INTERPRETER for each in segments)
    tags = entries(file, segments)
    found = dict(tags)
    if STRINGS not in found:
        return {"program": program or header[1] == 2}
    strings = strings_of(file, segments, found)
    return {
        "program": program,
        "soname": text(strings, found[SONAME]) if SONAME in found else "",
        "needed": [text(strings, value) for tag, value in tags if tag == NEEDED],
        "versions": versions(file, segments, found, strings),
        "run_paths": [text(strings, value) for tag, value in tags if tag in RUN_PATHS],
    }


def header_of(file: BinaryIO) -> "tuple[Any, ...]":
    header = piece(file, 0, HEADER.size).unpack(HEADER, 0)
    if header[0][:6] != b"\x7fELF" + MINE:
        raise UnreadableError("is not of 64 bits, little end first")
    return header


def segments_of(file: BinaryIO, header: "tuple[Any, ...] | None" = None) -> "list[Segment]":
    header = header or header_of(file)
    start, width, count, end = header[5], header[9], header[10], file.seek(0, 2)
    if count and width != SEGMENT.size:
        raise UnreadableError(f"segments of {width} bytes")
    table = piece(file, start, SEGMENT.size * count).content
    found = [Segment(*each) for each in SEGMENT.iter_unpack(table)]
    for each in found:
        check(each.offset, each.size, end)
    return found


def piece(file: BinaryIO, start: int, size: int, most: "int | None" = None) -> Piece:
    check(start, size, file.seek(0, 2))
    file.seek(start if size else 0)
    return Piece(file.read(size), most)


def entries(file: BinaryIO, segments: "list[Segment]") -> "list[tuple[int, int]]":
    """(tag, value) of the dynamic section."""
    found = [each for each in segments if each.kind == DYNAMIC]
    if len(found) > 1:
        raise UnreadableError(f"{len(found)} dynamic sections")
    pairs = []
    for each in found:
        table = piece(file, each.offset, min(each.size, TABLE) // ENTRY.size * ENTRY.size)
        pairs = list(ENTRY.iter_unpack(table.content))
    end = next((number for number, (tag, _) in enumerate(pairs) if tag == 0), len(pairs))
    return pairs[:end]


def strings_of(file: BinaryIO, segments: "list[Segment]", found: "dict[int, int]") -> Piece:
    """The names of the dynamic section."""
    size = found.get(STRINGS_SIZE, NAMES)
    strings = at(file, segments, found[STRINGS], size, NAMES)
    check(0, found.get(STRINGS_SIZE, 0), len(strings.content))
    return strings


def at(
    file: BinaryIO, segments: "list[Segment]", address: int, size: int, most: "int | None" = None
) -> Piece:
    """What lies at an address when it is loaded: so many bytes, or what there is."""
    for each in segments:
        if each.kind == LOAD and each.address <= address < each.address + each.size:
            skipped = address - each.address
            return piece(file, each.offset + skipped, min(size, each.size - skipped), most)
    raise UnreadableError(f"nothing is loaded at {address}")


def text(strings: Piece, start: int) -> str:
    return strings.text(start).decode(errors="replace")


def versions(
    file: BinaryIO, segments: "list[Segment]", found: "dict[int, int]", strings: Piece
) -> "dict[str, list[str]]":
    """{library: names of the symbol versions that it wants of that}, as GLIBC_2.17. Weak ones may
    be missing."""
    if VERSIONS not in found:
        return {}
    table = at(file, segments, found[VERSIONS], TABLE)
    wanted: dict[str, list[str]] = {}
    libraries = chain(table, LIBRARY, 0, found.get(VERSION_COUNT, 0))
    for place, (_, count, library, first, _) in libraries:
        names = wanted.setdefault(text(strings, library), [])
        for _, (_, flags, _, name, _) in chain(table, VERSION, place + first, count):
            if not flags & 0x2:  # VER_FLG_WEAK
                names.append(text(strings, name))
    return wanted


def chain(
    table: Piece, layout: struct.Struct, place: int, count: int
) -> "Iterator[tuple[int, tuple[Any, ...]]]":
    """(where, what) of so many entries. The last number of each is how far away the next one is."""
    for further in reversed(range(count)):
        entry = table.unpack(layout, place)
        yield place, entry
        if further and not entry[-1]:
            raise UnreadableError(f"a list ends {further} entries early")
        place += entry[-1]


def run_paths(file: BinaryIO) -> "list[str]":
    """DT_RPATH and DT_RUNPATH. Nothing where it has none."""
    segments = segments_of(file)
    tags = entries(file, segments)
    if not (starts := [value for tag, value in tags if tag in RUN_PATHS]):
        return []
    strings = strings_of(file, segments, dict(tags))
    return [text(strings, start) for start in starts]


def loaded_bytes(path: str) -> int:
    """How much of a file its loading needs: what is left of it at least when it is stripped. 0 for
    what is no ELF file of 64 bits that can be read."""
    with Path(path).open("rb", buffering=0) as file, contextlib.suppress(UnreadableError):
        return max((each.offset + each.size for each in segments_of(file)), default=0)
    return 0


def read_all(root: str, names: "list[str]") -> "dict[str, Facts]":
    """{path: facts} of those that are ELF files."""
    found = {}
    for name in names:
        path = Path(root, name)
        if path.is_file() and (facts := read(path)):
            found[name] = facts
    return found


def outside(mapped: Iterable[str], own: str, system: Collection[str]) -> "list[str]":
    """Of the libraries that a process has loaded, those that Lambda would not have: not Python's
    (in the folder `own`), not of its `system`, nor there for one of these, as a Python that is
    linked otherwise needs it, or a libcurl. Of those that come with one of them nothing is said."""
    files = {soname(path): path for path in mapped if "/gconv/" not in path}
    known = [name for name, path in files.items() if path.startswith(own)]
    known += [name for name in files if name.startswith("libnss_") or name in system]
    rest = files.keys() - closure(known, files)
    inner = {name for each in rest for name in library(files[each]).needed}
    return sorted(files[name] for name in rest - inner)


def closure(names: Iterable[str], files: "dict[str, str]") -> "set[str]":
    """These, and all that they need of `files`."""
    waiting = list(names)
    found = set(waiting)
    while waiting:
        new = [name for name in library(files[waiting.pop()]).needed if name in files]
        waiting += [name for name in new if name not in found]
        found.update(new)
    return found


class Library(NamedTuple):
    soname: str
    needed: "list[str]"


def soname(path: str) -> str:
    return library(path).soname or path.rpartition("/")[2]


@cache
def library(path: str) -> Library:
    facts: Any = {}
    with contextlib.suppress(OSError):
        facts = read(Path(path)) or {}
    return Library(facts.get("soname", ""), facts.get("needed", []))
