"""Strips shared objects without a tool, and without running anything of them.

What the loader maps of a library stays where it is, byte for byte: only what lies behind that goes
(symbols and debug information), and the list of sections is written anew. So a stripped library
loads as it did, by construction. Where that list cannot be cut off so plainly, the library is left
as it is. The result is the one of `strip --strip-unneeded` (GNU binutils 2.40), byte for byte, for
all libraries of the example. Standard library only. What a file says of itself is read by elf.py's
rules.

Layout: System V ABI, chapter 4 (ELF), 64-bit, little end first.
"""

import io
import os
import struct
import sys
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - compress.py says why
import elf as elf_files
from elf import HEADER, OTHERS, Piece, Segment, UnreadableError

WORTH = 1024  # bytes a stripped file must save
SECTION = struct.Struct("<2I4Q2I2Q")
RESERVED = 0xFF00  # sections; a file of so many counts them elsewhere
NOTE = struct.Struct("<3I")  # bytes of its name, bytes of its description, type
PLACE = struct.Struct("<2Q")  # from, to
SYMTAB, STRTAB, RELA, NOBITS, REL = 2, 3, 4, 8, 9  # sections
FUNCTIONS = {14, 15, 16}  # sections with addresses of what runs when a library comes and goes
ALLOC, INFO_LINK = 0x2, 0x40  # sections' flags
SHDR_STRINGS = b".shstrtab"
ATTRIBUTES = b".gnu.build.attributes"
DEBUG = (b".debug", b".zdebug", b".gnu.debuglto_", b".gnu.linkonce.wi.", b".line", b".stab")


class Section(NamedTuple):
    """As in the file's list of sections. `name` in place of its number."""

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


def new_report() -> dict[str, Any]:
    return {"files": 0, "bytes": 0, "left_alone": [], "unreadable": []}


def in_order(report: dict[str, Any]) -> dict[str, Any]:
    """The same, whichever file came first."""
    return report | {what: sorted(report[what]) for what in ("left_alone", "unreadable")}


def lighter(name: str, content: bytes, report: dict[str, Any]) -> bytes:
    """What is packed of the file at the path `name`: stripped where that is safe and worth it.
    `report`: {"files" stripped, "bytes" saved, "left_alone", "unreadable"}."""
    if not is_shared_object(name, content):
        return content
    try:
        stripped = b"" if is_left_alone(name, content) else strip(content)
    except MemoryError:
        raise  # another time it can be: a part with it as it is would be kept
    except Exception:  # whatever it is, it is this file's alone
        report["unreadable"].append(name)
        return content
    if not stripped:
        report["left_alone"].append(name)
    saved = len(content) - len(stripped)
    if not stripped or saved < WORTH:
        return content
    report["files"] += 1
    report["bytes"] += saved
    return stripped


def is_shared_object(name: str, content: bytes) -> bool:
    return ".so" in name.rpartition("/")[2] and content.startswith(b"\x7fELF")


def is_left_alone(name: str, elf: bytes) -> bool:
    return elf[4:6] in OTHERS or is_rewritten(name, elf)


def is_rewritten(name: str, elf: bytes) -> bool:
    """Did auditwheel lay this file out anew? Then there is little to gain: what is loaded lies
    behind the symbols, too. It keeps libraries in `<package>.libs` and writes that folder into what
    needs them."""
    if any(folder.endswith((".libs", ".dylibs")) for folder in name.split("/")[:-1]):
        return True
    return any(".libs" in path for path in run_paths(elf))


def segments(elf: bytes) -> list[Segment]:
    return elf_files.segments_of(io.BytesIO(elf))


def run_paths(elf: bytes) -> list[str]:
    return elf_files.run_paths(io.BytesIO(elf))


def strip(elf: bytes) -> bytes:
    """Without symbols and debug information. As it is where these do not lie behind all else, or
    where something lies behind them that no list names.
    UnreadableError where it is broken."""
    whole, heads = Piece(elf), segments(elf)
    found = sections(whole)
    stays = [number for number, each in enumerate(found) if number == 0 or is_kept(each)]
    ends = [found[number].end for number in stays if found[number].flags & ALLOC]
    end = max([*(head.offset + head.size for head in heads), *ends], default=0)
    behind = [each for each in found[1:] if not each.flags & ALLOC]
    if not heads or not behind or min(each.offset for each in behind) < end:
        return elf
    if has_more(whole, [*(head.offset + head.size for head in heads), *(x.end for x in found)]):
        return elf
    return joined(whole, end, found, stays)


def has_more(whole: Piece, ends: "list[int]") -> bool:
    """Does something lie behind all that the file's lists name? A zip, say, which the library reads
    of itself (Tcl's zipfs). Zeros are padding."""
    start, *_, width, count, _ = whole.unpack(HEADER, 0)[6:]
    return bool(whole.content[max(start + width * count, *ends) :].strip(b"\0"))


def sections(whole: Piece) -> list[Section]:
    """None of a file without a list of them, or with more than the header can count."""
    start, *_, width, count, names = whole.unpack(HEADER, 0)[6:]
    if not count:
        return []
    if width != SECTION.size or not names < count < RESERVED:
        raise UnreadableError(f"{count} sections of {width} bytes, names in number {names}")
    heads = list(SECTION.iter_unpack(whole.take(start, SECTION.size * count)))
    strings = Piece(whole.take(*heads[names][4:6]), most=len(whole.content))
    return [Section(strings.text(name), *more) for name, *more in heads]


def is_kept(section: Section) -> bool:
    if section.flags & ALLOC:
        return True
    linking = section.kind in (SYMTAB, STRTAB, RELA, REL)
    return not (linking or section.name.startswith(DEBUG) or section.name == b".gdb_index")


def joined(whole: Piece, end: int, found: list[Section], stays: list[int]) -> bytes:
    """The file up to `end`, what else stays, and a new list of sections."""
    renumbered = {old: new for new, old in enumerate(stays)}
    out, kept = bytearray(whole.take(0, end)), [found[0]]
    for section in (found[number] for number in stays[1:]):
        if not section.flags & ALLOC:
            content = whole.take(section.offset, section.end - section.offset)
            content = merged(content) if section.name == ATTRIBUTES else content
            whole.spend(gap := -len(out) % max(section.align, 1))
            out += bytes(gap)
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
    header = list(whole.unpack(HEADER, 0))
    header[6], header[12], header[13] = len(out), len(kept), len(kept) - 1
    out[: HEADER.size] = HEADER.pack(*header)
    return bytes(out) + b"".join(SECTION.pack(places[name], *more) for name, *more in kept)


def string_table(names: list[bytes]) -> tuple[dict[bytes, int], bytes]:
    """({name: where}, the table). What another name ends with lies in it."""
    places, table, within = {b"": 0}, bytearray(b"\0"), longest(names)
    for name in dict.fromkeys(names):
        if within[name] == name:
            places[name] = len(table)
            table += name + b"\0"
    for name in names:
        places[name] = places[within[name]] + len(within[name]) - len(name)
    return places, bytes(table)


def longest(names: list[bytes]) -> dict[bytes, bytes]:
    """{name: the longest that ends with it, the first of several}. Sorted from their ends, those
    stand right behind it."""
    ranks = {name: (len(name), -number) for number, name in reversed([*enumerate(names)])}
    found, behind = dict[bytes, bytes](), list[bytes]()
    for name in sorted(ranks, key=lambda name: name[::-1], reverse=True):
        best = name
        while behind and behind[-1].endswith(name):
            best = max(best, found[behind.pop()], key=ranks.__getitem__)
        found[name] = best
        behind.append(name)
    return found


def merged(notes: bytes) -> bytes:
    """What the compiler says of itself: one note for all the places of which it says the same, as
    binutils merges them (objcopy.c, where a gap that alignment makes keeps two places apart)."""
    heads, places, start = set(), set(), 0
    while start < len(notes):
        elf_files.check(start, NOTE.size, len(notes))
        size, described, _ = NOTE.unpack_from(notes, start)
        middle = start + NOTE.size + size + -size % 4
        elf_files.check(middle, described, len(notes))
        heads.add(notes[start:middle])
        places.add(notes[middle : middle + described])
        if len(heads) > 1 or described != PLACE.size:
            return notes
        start = middle + described
    if not heads:
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
