"""What shared objects and programs need of the system that loads them, read from their headers.

For docker/probe.py and inspect_foreign.py. Standard library only. Source of the layout: the System
V ABI, and for versions "Linux Standard Base Core, symbol versioning" (.gnu.version_r, DT_VERNEED).
"""

import contextlib
import struct
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine
LOAD, DYNAMIC, INTERPRETER = 1, 2, 3  # p_type
NEEDED, STRINGS, STRINGS_SIZE, SONAME = 1, 5, 10, 14  # d_tag
VERSIONS, VERSION_COUNT = 0x6FFFFFFE, 0x6FFFFFFF  # DT_VERNEED, DT_VERNEEDNUM
Facts = dict[str, object]


class Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int  # in the file


def read(path: Path) -> "Facts | None":
    """{"machine", "program": is it one, "soname", "needed": [names], "versions": {library:
    [names]}}; None for what is no ELF file. Of a damaged one, and of other than 64 bits
    little-endian, what is known."""
    with path.open("rb") as file:
        head = file.read(64)
        if len(head) < 20 or head[:4] != b"\x7fELF":
            return None
        order = "<" if head[5] == 1 else ">"
        (number,) = struct.unpack(f"{order}H", head[18:20])
        facts: Facts = {
            "machine": MACHINES.get(number, f"machine {number}"),
            "program": False, "soname": "", "needed": [], "versions": {},
        }  # fmt: skip
        if len(head) == 64 and head[4:6] == b"\x02\x01":
            with contextlib.suppress(struct.error, ValueError, IndexError):
                facts |= needs(file, head)
        return facts


def needs(file: BinaryIO, head: bytes) -> Facts:
    segments = list(segments_of(file, head))
    program = any(each.kind == INTERPRETER for each in segments)
    tags = [pair for each in segments if each.kind == DYNAMIC for pair in entries(file, each)]
    found = dict(tags)
    if STRINGS not in found:
        return {"program": program or head[16:18] == b"\x02\x00"}
    strings = at(file, segments, found[STRINGS], found.get(STRINGS_SIZE, 1 << 20))
    return {
        "program": program,
        "soname": text(strings, found[SONAME]) if SONAME in found else "",
        "needed": [text(strings, value) for tag, value in tags if tag == NEEDED],
        "versions": versions(file, segments, found, strings),
    }


def segments_of(file: BinaryIO, head: bytes) -> "list[Segment]":
    start, width, count = *struct.unpack_from("<Q", head, 32), *struct.unpack_from("<2H", head, 54)
    file.seek(start)
    table = file.read(width * count)
    found = []
    for number in range(count):
        kind, _, offset, address, _, size, *_ = struct.unpack_from("<2L6Q", table, width * number)
        found.append(Segment(kind, offset, address, size))
    return found


def entries(file: BinaryIO, segment: Segment) -> "list[tuple[int, int]]":
    """(tag, value) of the dynamic section."""
    file.seek(segment.offset)
    table = file.read(min(segment.size, 1 << 16))
    pairs = list(struct.iter_unpack("<qQ", table[: len(table) // 16 * 16]))
    end = next((number for number, (tag, _) in enumerate(pairs) if tag == 0), len(pairs))
    return pairs[:end]


def at(file: BinaryIO, segments: "list[Segment]", address: int, size: int) -> bytes:
    """What lies at an address when it is loaded."""
    for each in segments:
        if each.kind == LOAD and each.address <= address < each.address + each.size:
            file.seek(each.offset + address - each.address)
            return file.read(size)
    raise ValueError(address)


def text(strings: bytes, start: int) -> str:
    return strings[start : strings.index(b"\0", start)].decode(errors="replace")


def versions(
    file: BinaryIO, segments: "list[Segment]", found: "dict[int, int]", strings: bytes
) -> "dict[str, list[str]]":
    """{library: names of the symbol versions that it wants of that}, as GLIBC_2.17; weak ones may
    be missing."""
    if VERSIONS not in found:
        return {}
    table, place = at(file, segments, found[VERSIONS], 1 << 16), 0
    wanted: dict[str, list[str]] = {}
    for _ in range(found.get(VERSION_COUNT, 0)):
        _, count, library, first, further = struct.unpack_from("<2H3L", table, place)
        names, inner = wanted.setdefault(text(strings, library), []), place + first
        for _ in range(count):
            _, flags, _, name, following = struct.unpack_from("<L2H2L", table, inner)
            if not flags & 0x2:  # VER_FLG_WEAK
                names.append(text(strings, name))
            inner += following
        place += further
    return wanted


def loaded_bytes(path: str) -> int:
    """How much of a file its loading needs: what is left of it at least when it is stripped. 0 for
    what is no ELF file of 64 bits."""
    with Path(path).open("rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
            return 0
        with contextlib.suppress(struct.error):
            segments = segments_of(file, head)
            return max((each.offset + each.size for each in segments), default=0)
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
