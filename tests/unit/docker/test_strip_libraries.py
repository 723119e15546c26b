"""docker/strip_libraries.py: what may be stripped, and what is left of it."""

import ctypes
import io
import shutil
import struct
import subprocess
import sysconfig
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import libraries, sandbox_scripts

REAL = [
    path
    for path in sorted(Path(sysconfig.get_path("platlib")).rglob("*.so"))
    if path.read_bytes()[:4] == b"\x7fELF"
]  # of the tool's own packages, by a dozen different linkers


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return sandbox_scripts.load("strip_libraries")


def loaded(script: ModuleType, elf: bytes) -> list[bytes]:
    """What the loader maps, without the three fields of the header that no loader reads."""
    blank = elf[:40] + bytes(8) + elf[48:60] + bytes(4) + elf[64:]
    return [blank[head[2] : head[2] + head[5]] for head in script.segments(elf)]


def test_there_are_real_libraries_to_try() -> None:
    """Or the tests below would say nothing."""
    assert len(REAL) > 20


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_what_is_loaded_stays_as_it_is_and_the_rest_is_as_small_as_binutils_makes_it(
    script: ModuleType, path: Path, tmp_path: Path
) -> None:
    """Byte for byte what is mapped, the list of segments included; twice is once."""
    before = path.read_bytes()
    after = script.strip(before)
    assert loaded(script, after) == loaded(script, before)
    assert script.segments(after) == script.segments(before)
    assert script.strip(after) == after
    tool = shutil.which("strip")
    assert tool, "these tests need binutils (./doitw test installs it)"
    subprocess.run([tool, "--strip-unneeded", "-o", tmp_path / "x.so", path], check=True)
    theirs = (tmp_path / "x.so").stat().st_size
    assert script.is_rewritten(str(path), before) or len(after) <= theirs * 1.002 + 64


def lightened(script: ModuleType, files: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, int]]:
    """(the report, {path: bytes that are packed in place of the file's})"""
    report = script.new_report()
    packed = {name: script.lighter(name, content, report) for name, content in files.items()}
    return report, {
        name: len(packed[name]) for name, content in files.items() if packed[name] != content
    }


def test_a_stripped_library_is_packed_in_place_of_the_installed_one(
    script: ModuleType, tmp_path: Path
) -> None:
    """It loads, and is counted."""
    report = script.new_report()
    stripped = script.lighter("p/x.so", libraries.with_symbols(), report)
    assert stripped == libraries.PLAIN
    assert report == {"files": 1, "bytes": 4096 + 64, "left_alone": [], "unreadable": []}
    (tmp_path / "x.so").write_bytes(stripped)
    ctypes.CDLL(str(tmp_path / "x.so"))


def test_what_lies_behind_a_library_stays(script: ModuleType) -> None:
    """A zip that it reads of itself, as Tcl 9's libraries have their scripts. Padding is none."""
    out = io.BytesIO(libraries.with_symbols())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("tcl_library/init.tcl", "# scripts")
    report = script.new_report()
    assert script.lighter("tcl/libtcl9.0.so", out.getvalue(), report) == out.getvalue()
    assert report["files"] == 0
    padded = libraries.with_symbols() + bytes(64)
    assert script.lighter("p/x.so", padded, report) == libraries.PLAIN


@pytest.mark.parametrize("size", [0, 900])
def test_a_library_with_little_to_save_is_left_as_it_is(script: ModuleType, size: int) -> None:
    """Nothing is rewritten in vain."""
    report, changed = lightened(script, {"x.so": libraries.with_symbols(size)})
    assert report == {"files": 0, "bytes": 0, "left_alone": [], "unreadable": []}
    assert changed == {}


def test_symbols_before_what_is_loaded_stay(script: ModuleType) -> None:
    """Cut off, they would take along what the loader wants."""
    elf = bytearray(libraries.with_symbols())
    start, count = struct.unpack_from("<Q", elf, 40)[0], struct.unpack_from("<H", elf, 60)[0]
    struct.pack_into("<Q", elf, start + 64 * (count - 1) + 24, 64)  # where they lie
    assert script.strip(bytes(elf)) == elf


def test_a_report_tells_what_became_of_each(script: ModuleType) -> None:
    """What is no ELF file is not for it; a broken one is left, and named."""
    big = libraries.with_symbols()
    files = {"x.so": big, "lib.so.1": big, "p.libs/y.so": big, "program": big}
    files |= {"text.so": b"INPUT(libx.so.1)", "broken.so": big[:200], "head.so": b"\x7fELF"}
    files |= {"lies.so": big[:40] + b"\xff" * 24 + big[64:], "old.so": big[:4] + b"\1" + big[5:]}
    report, changed = lightened(script, dict(sorted(files.items())))
    assert report == {
        "files": 2,
        "bytes": 2 * (4096 + 64),
        "left_alone": ["old.so", "p.libs/y.so"],
        "unreadable": ["broken.so", "head.so", "lies.so"],
    }
    assert changed == dict.fromkeys(["lib.so.1", "x.so"], len(libraries.PLAIN))


def test_notes_of_one_kind_become_one(script: ModuleType) -> None:
    """As binutils does it; others stay as they are."""

    def note(first: int, last: int, kind: int = 256) -> bytes:
        return struct.pack("<3I8s2Q", 8, 16, kind, b"GA$3a1\0\0", first, last)

    apart = [note(0, 0), note(64, 72), note(72, 76), note(80, 90)]
    assert script.merged(b"".join(apart)) == note(64, 76) + note(80, 90)
    assert script.merged(note(16, 20) + note(400, 500)) == note(16, 500)
    both = note(16, 20) + note(20, 30, kind=257)
    assert script.merged(both) == both


def elf(run_path: str) -> bytes:
    """A 64-bit ELF with one loaded segment, at another address than offset, and its dynamic
    section: strings at 0x1100 in memory, 0x100 in the file."""
    dynamic = struct.pack("<6Q", 5, 0x1100, 29, 1, 0, 0)
    head = struct.pack("<4sB11x2HL3QL6H", b"\x7fELF", 2, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<2L6Q", 1, 4, 0, 0x1000, 0x1000, 0x200, 0x200, 0x1000)
    section = struct.pack("<2L6Q", 2, 4, 0x180, 0x1180, 0x1180, len(dynamic), len(dynamic), 8)
    content = (head[:5] + b"\x01" + head[6:] + load + section).ljust(0x100, b"\0")
    content += (b"\0" + run_path.encode() + b"\0").ljust(0x80, b"\0")
    return (content + dynamic).ljust(0x200, b"\0")


@pytest.mark.parametrize(
    ("path", "run_path", "rewritten"),
    [
        ("numpy/core/x.so", "$ORIGIN/../../numpy.libs", True),
        ("numpy.libs/x.so", "$ORIGIN", True),
        ("pyarrow/x.so", "$ORIGIN", False),
        ("a/x.so", "", False),
    ],
)
def test_libraries_that_auditwheel_laid_out_are_known(
    script: ModuleType, path: str, run_path: str, rewritten: bool
) -> None:
    """What they load lies behind the symbols, too (NixOS/patchelf#10)."""
    assert script.run_paths(elf(run_path)) == [run_path]
    assert script.is_rewritten(path, elf(run_path)) == rewritten


def handmade(*sections: tuple[int, ...], names: bytes = b"\0.comment\0.debug_x\0") -> bytes:
    """64 bytes that are loaded, then names of sections, then their list: (name, kind, flags,
    address, offset, size, link, info, align, entry)."""
    content = struct.pack("<2I6Q", 1, 5, 0, 0, 0, 64, 64, 1) + names
    heads = [(0,) * 10, (0, 3, 0, 0, 64 + 56, len(names), 0, 0, 1, 0), *sections]
    head = struct.pack(
        "<16s2HI3QI6H", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 64 + len(content), 0, 64, 56, 1,
        64, len(heads), 1,
    )  # fmt: skip
    return head + content + b"".join(struct.pack("<2I4Q2I2Q", *each) for each in heads)


COMMENT = (1, 1, 0, 0, 120, 8, 0, 0, 1, 0)


@pytest.mark.parametrize(
    "section",
    [
        (1, 1, 0, 0, 120, 8, 0, 0, 2**63, 0),  # alignment
        (1, 1, 0, 0, 120, 8, 0, 0, 2**45, 0),
        (1, 1, 0, 0, 120, 8, 0, 0, 2**31, 0),
        (1, 1, 0, 0, 120, 2**62, 0, 0, 1, 0),  # size
        (1, 1, 0, 0, 2**64 - 1, 8, 0, 0, 1, 0),  # offset
        (2**32 - 1, 1, 0, 0, 120, 8, 0, 0, 1, 0),  # name
    ],
    ids=str,
)
def test_a_section_that_cannot_be_costs_the_one_file(
    script: ModuleType, section: tuple[int, ...]
) -> None:
    """It is left as it is and named; others are stripped."""
    files = {"bad.so": handmade(section), "good.so": libraries.with_symbols()}
    assert script.strip(handmade(COMMENT))
    report, changed = lightened(script, files)
    assert (report["files"], report["unreadable"]) == (1, ["bad.so"])
    assert list(changed) == ["good.so"]


def test_any_number_of_sections_is_stripped_in_time(script: ModuleType) -> None:
    """20,000, each with a name that others end with; where they overlap, they are refused."""
    names = [b".%d.x" % number for number in range(20_000)]
    table = b"\0.comment\0" + b"".join(name + b"\0" for name in names)
    places = [table.index(b"\0" + names[0]) + 1]
    for name in names[:-1]:
        places.append(places[-1] + len(name) + 1)
    begun = time.process_time()
    found = [(place, *COMMENT[1:]) for place in places]
    assert len(script.sections(script.Piece(script.strip(handmade(*found, names=table))))) == 20_002
    wide = [(place, *COMMENT[1:5], len(table), *COMMENT[6:]) for place in places]
    with pytest.raises(script.UnreadableError):
        script.strip(handmade(*wide, names=table))
    assert time.process_time() - begun < 5
