"""docker/elf.py: what a shared object or program needs."""

import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import sandbox_scripts
from tests.elves import ARM, elf, with_numbers


@pytest.fixture
def script() -> ModuleType:
    return sandbox_scripts.load("elf")


def read(script: Any, tmp_path: Path, content: bytes) -> Any:
    (tmp_path / "file").write_bytes(content)
    return script.read(tmp_path / "file")


def test_a_shared_object_says_what_it_needs(script: ModuleType, tmp_path: Path) -> None:
    """Libraries by name, symbol versions by library."""
    versions = {"libc.so.6": ["GLIBC_2.17", "GLIBC_2.36"], "libstdc++.so.6": ["CXXABI_1.3"]}
    content = elf(
        "libc.so.6", "libgomp.so.1", soname="libx.so", versions=versions, run_path="$ORIGIN/lib"
    )
    assert read(script, tmp_path, content) == {
        "machine": "x86_64",
        "program": False,
        "soname": "libx.so",
        "needed": ["libc.so.6", "libgomp.so.1"],
        "versions": versions,
        "run_paths": ["$ORIGIN/lib"],
    }


def test_a_program_is_one(script: ModuleType, tmp_path: Path) -> None:
    """It names its interpreter."""
    found = read(script, tmp_path, elf("libatomic.so.1", program=True, machine=ARM))
    assert (found["program"], found["machine"], found["needed"]) == (
        True, "aarch64", ["libatomic.so.1"],
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"INPUT(good.so)", b"\x7fEL", b"#!/bin/sh\n" * 20])
def test_what_is_no_elf_file_is_none(script: ModuleType, tmp_path: Path, content: bytes) -> None:
    """Linker scripts and the like."""
    assert read(script, tmp_path, content) is None


@pytest.mark.parametrize("end", [70, 130, 180, 200, 260])
def test_a_damaged_file_tells_what_is_whole(script: ModuleType, tmp_path: Path, end: int) -> None:
    """Its machine at least; nobody stumbles."""
    content = elf("libc.so.6", "libm.so.6", versions={"libc.so.6": ["GLIBC_2.17"]})
    assert read(script, tmp_path, content[:end])["machine"] == "x86_64"


def test_other_byte_orders_tell_their_machine(script: ModuleType, tmp_path: Path) -> None:
    """And no more."""
    head = b"\x7fELF\x02\x02" + bytes(12) + (21).to_bytes(2, "big")
    assert read(script, tmp_path, head)["machine"] == "machine 21"


def test_what_is_loaded_is_left_by_stripping(script: ModuleType, tmp_path: Path) -> None:
    """Behind it may lie symbols and debug information."""
    content = elf("libc.so.6")
    (tmp_path / "a.so").write_bytes(content + bytes(5000))
    assert script.loaded_bytes(tmp_path / "a.so") == len(content)
    (tmp_path / "b.so").write_bytes(b"no library")
    assert script.loaded_bytes(tmp_path / "b.so") == 0


def test_it_reads_what_binutils_reads(script: ModuleType) -> None:
    """The interpreter that runs this, and a library of it."""
    tool = shutil.which("readelf")
    assert tool, "binutils is not installed"
    real = Path(sys.executable).resolve()
    library = next(real.parents[1].rglob("lib-dynload/_ssl*.so"))
    for path in (real, library):
        said = subprocess.run([tool, "-dV", path], capture_output=True, text=True, check=True)
        found = script.read(path)
        for name in found["needed"]:
            assert f"Shared library: [{name}]" in said.stdout
        assert said.stdout.count("(NEEDED)") == len(found["needed"])
        named = {each for names in found["versions"].values() for each in names}
        assert named
        assert all(f"Name: {each} " in said.stdout for each in named)


@pytest.mark.parametrize(
    "changed",
    [
        {0x20: 2**64 - 1},  # e_phoff
        {0x20: 2**63},
        {0x38: 0xFFFF},  # e_phnum, with what follows
        {0x60: 2**63},  # p_filesz of what is loaded
        {"STRSZ": 2**62},
        {"VERNEEDNUM": 2**40},
        {"VERNEED": 2**63},
    ],
    ids=str,
)
def test_numbers_that_cannot_be_cost_the_one_file(
    script: ModuleType, tmp_path: Path, changed: "dict[int | str, int]"
) -> None:
    """Neither time nor memory; others are read, and it is said to be damaged."""
    content = elf("libc.so.6", versions={"libc.so.6": ["GLIBC_2.17"]})
    (tmp_path / "good.so").write_bytes(content)
    (tmp_path / "bad.so").write_bytes(with_numbers(content, changed))
    begun = time.process_time()
    found = script.read_all(str(tmp_path), ["bad.so", "good.so"])
    assert found["bad.so"] == {
        "machine": "x86_64", "program": False, "soname": "", "needed": [], "versions": {},
        "run_paths": [],
        "damaged": True,
    }  # fmt: skip
    assert found["good.so"]["versions"] == {"libc.so.6": ["GLIBC_2.17"]}
    assert script.loaded_bytes(tmp_path / "bad.so") in (0, len(content))
    assert time.process_time() - begun < 1


def test_lists_that_name_the_same_again_and_again_end(script: ModuleType, tmp_path: Path) -> None:
    """A list of lists that overlap, a name as long as the file at each entry: n² of both."""
    content = bytearray(elf("libc.so.6", versions={"libc.so.6": ["GLIBC_2.17"] * 4000}))
    place = content.index(struct.pack("<2H", 1, 4000))
    for number in range(4000):  # each is a library, too, whose list is all that follows
        struct.pack_into("<2H3L", content, place + 16 * number, 1, 4000 - number, 1, 16, 16)
    begun = time.process_time()
    assert read(script, tmp_path, with_numbers(content, {"VERNEEDNUM": 4000}))["damaged"]
    long = elf(*["y"] * 4000, "x" * 100_000)
    start = long.index(struct.pack("<2Q", 1, 1))
    again = struct.pack("<2Q", 1, 1 + 2 * 4000) * 4000
    assert read(script, tmp_path, long[:start] + again + long[start + len(again) :])["damaged"]
    assert time.process_time() - begun < 2
