"""Strips shared objects without a tool, and without running anything of them.

What the loader maps of a library stays where it is, byte for byte: only what lies behind that goes
(symbols and debug information), and the list of sections is written anew. So a stripped library
loads as it did, by construction. Where that list cannot be cut off so plainly, the library is left
as it is. The result is the one of `strip --strip-unneeded` (GNU binutils 2.40), byte for byte, for
all libraries of the example. Standard library only.

Layout: System V ABI, chapter 4 (ELF), 64-bit, little end first.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

WORTH = 1024  # bytes a stripped file must save
HEADER = struct.Struct("<16s2HI3QI6H")
SEGMENT, SECTION = struct.Struct("<2I6Q"), struct.Struct("<2I4Q2I2Q")
NOTE = struct.Struct("<3I")  # bytes of its name, bytes of its description, type
PLACE = struct.Struct("<2Q")  # from, to
DYNAMIC, LOAD = 2, 1  # segments
SYMTAB, STRTAB, RELA, NOBITS, REL = 2, 3, 4, 8, 9  # sections
FUNCTIONS = {14, 15, 16}  # sections with addresses of what runs when a library comes and goes
ALLOC, INFO_LINK = 0x2, 0x40  # sections' flags
SHDR_STRINGS = b".shstrtab"
ATTRIBUTES = b".gnu.build.attributes"
DEBUG = (b".debug", b".zdebug", b".gnu.debuglto_", b".gnu.linkonce.wi.", b".line", b".stab")


class Section(NamedTuple):
    """As in the file's list of sections; `name` in place of its number."""

    name: bytes
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int

    @property
    def end(self) -> int:
        return self.offset + (0 if self.kind == NOBITS else self.size)


def strip_all(root: Path, names: Iterable[str], slim: Path) -> dict[str, Any]:
    """Strip what is safe of the files `names` below `root`; stripped ones are laid below `slim`.
    {"files", "bytes" saved, "left_alone"}."""
    report: dict[str, Any] = {"files": 0, "bytes": 0, "left_alone": []}
    for name in names:
        if not is_shared_object(root / name):
            continue
        content = (root / name).read_bytes()
        try:
            stripped = b"" if is_rewritten(root / name, content) else strip(content)
        except (struct.error, ValueError, IndexError):  # ELF by its first bytes alone
            stripped = b""
        if not stripped:
            report["left_alone"].append(name)
        elif len(content) - len(stripped) >= WORTH:
            (slim / name).parent.mkdir(parents=True, exist_ok=True)
            (slim / name).write_bytes(stripped)
            report["files"] += 1
            report["bytes"] += len(content) - len(stripped)
    return report


def is_shared_object(file: Path) -> bool:
    if ".so" not in file.name:
        return False
    with file.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def is_rewritten(file: Path, elf: bytes) -> bool:
    """Did auditwheel lay this file out anew? Then there is little to gain: what is loaded lies
    behind the symbols, too. It keeps libraries in `<package>.libs` and writes that folder into what
    needs them."""
    if any(parent.name.endswith((".libs", ".dylibs")) for parent in file.parents):
        return True
    return any(".libs" in path for path in run_paths(elf))


def segments(elf: bytes) -> list[tuple[int, ...]]:
    """[(type, flags, offset, address, physical address, bytes, bytes in memory, alignment)];
    nothing of what is no 64-bit little-endian ELF file."""
    if elf[4:6] != b"\x02\x01":
        return []
    header = HEADER.unpack_from(elf)
    return [SEGMENT.unpack_from(elf, header[5] + SEGMENT.size * i) for i in range(header[10])]


def run_paths(elf: bytes) -> list[str]:
    """DT_RPATH and DT_RUNPATH; nothing where it has none."""
    heads = segments(elf)
    entries = [
        struct.unpack_from("<2Q", elf, start)
        for kind, _, offset, _, _, length, *_ in heads
        if kind == DYNAMIC
        for start in range(offset, offset + length - 15, 16)
    ]
    strings = next((value for tag, value in entries if tag == 5), 0)  # DT_STRTAB, an address
    for kind, _, offset, address, _, length, *_ in heads:
        if kind == LOAD and address <= strings < address + length:
            strings += offset - address
            break
    starts = [strings + value for tag, value in entries if tag in (15, 29)]
    return [elf[start : elf.index(b"\0", start)].decode(errors="replace") for start in starts]


def strip(elf: bytes) -> bytes:
    """Without symbols and debug information; as it is where these do not lie behind all else.
    struct.error, ValueError or IndexError where it is broken."""
    loaded = max(head[2] + head[5] for head in segments(elf))
    found = sections(elf)
    stays = [number for number, each in enumerate(found) if number == 0 or is_kept(each)]
    end = max([loaded, *(found[number].end for number in stays if found[number].flags & ALLOC)])
    behind = [each for each in found[1:] if not each.flags & ALLOC]
    if not behind or min(each.offset for each in behind) < end:
        return elf
    return joined(elf, end, found, stays)


def sections(elf: bytes) -> list[Section]:
    header = HEADER.unpack_from(elf)
    heads = [SECTION.unpack_from(elf, header[6] + SECTION.size * i) for i in range(header[12])]
    names = heads[header[13]][4]
    return [
        Section(elf[names + name : elf.index(b"\0", names + name)], *more) for name, *more in heads
    ]


def is_kept(section: Section) -> bool:
    if section.flags & ALLOC:
        return True
    linking = section.kind in (SYMTAB, STRTAB, RELA, REL)
    return not (linking or section.name.startswith(DEBUG) or section.name == b".gdb_index")


def joined(elf: bytes, end: int, found: list[Section], stays: list[int]) -> bytes:
    """The file up to `end`, what else stays, and a new list of sections."""
    renumbered = {old: new for new, old in enumerate(stays)}
    out, kept = bytearray(elf[:end]), [found[0]]
    for section in (found[number] for number in stays[1:]):
        if not section.flags & ALLOC:
            content = elf[section.offset : section.end]
            content = merged(content) if section.name == ATTRIBUTES else content
            out += bytes(-len(out) % max(section.align, 1))
            section = section._replace(offset=len(out), size=len(content))
            out += content
        refers = section.flags & INFO_LINK or section.kind in (RELA, REL)
        info = renumbered.get(section.info, 0) if refers else section.info
        entry = 8 if section.kind in FUNCTIONS else section.entry
        link = renumbered.get(section.link, 0)
        kept.append(section._replace(link=link, info=info, entry=entry))
    places, strings = string_table([SHDR_STRINGS, *(each.name for each in kept[1:])])
    kept.append(Section(SHDR_STRINGS, STRTAB, 0, 0, len(out), len(strings), 0, 0, 1, 0))
    out += strings
    out += bytes(-len(out) % 8)
    header = list(HEADER.unpack_from(elf))
    header[6], header[12], header[13] = len(out), len(kept), len(kept) - 1
    out[: HEADER.size] = HEADER.pack(*header)
    return bytes(out) + b"".join(SECTION.pack(places[name], *more) for name, *more in kept)


def string_table(names: list[bytes]) -> tuple[dict[bytes, int], bytes]:
    """({name: where}, the table). What another name ends with lies in it."""
    places, table = {b"": 0}, bytearray(b"\0")
    within = {
        name: max((other for other in names if other.endswith(name)), key=len) for name in names
    }
    for name in dict.fromkeys(names):
        if within[name] == name:
            places[name] = len(table)
            table += name + b"\0"
    for name in names:
        places[name] = places[within[name]] + len(within[name]) - len(name)
    return places, bytes(table)


def merged(notes: bytes) -> bytes:
    """What the compiler says of itself: one note for all the places of which it says the same, as
    binutils merges them (objcopy.c; a gap that alignment makes keeps two places apart there)."""
    heads, places, start = set(), set(), 0
    while start < len(notes):
        size, described, _ = NOTE.unpack_from(notes, start)
        middle = start + NOTE.size + size + -size % 4
        heads.add(notes[start:middle])
        places.add(notes[middle : middle + described])
        start = middle + described + -described % 4
    if len(heads) != 1 or any(len(place) != PLACE.size for place in places):
        return notes
    (head,), ranges = heads, list[tuple[int, int]]()
    for first, last in sorted(PLACE.unpack(place) for place in places):
        if first == last:
            continue
        if ranges and not ranges[-1][1] < first <= ranges[-1][1] + -ranges[-1][1] % 16:
            ranges[-1] = ranges[-1][0], max(ranges[-1][1], last)
        else:
            ranges.append((first, last))
    return b"".join(head + PLACE.pack(*each) for each in ranges)
