"""docker/elf.py: what a shared object or program needs."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import sandbox_scripts
from tests.elves import ARM, elf


@pytest.fixture
def script() -> ModuleType:
    return sandbox_scripts.load("elf")


def read(script: Any, tmp_path: Path, content: bytes) -> Any:
    (tmp_path / "file").write_bytes(content)
    return script.read(tmp_path / "file")


def test_a_shared_object_says_what_it_needs(script: ModuleType, tmp_path: Path) -> None:
    """Libraries by name, symbol versions by library."""
    versions = {"libc.so.6": ["GLIBC_2.17", "GLIBC_2.36"], "libstdc++.so.6": ["CXXABI_1.3"]}
    content = elf("libc.so.6", "libgomp.so.1", soname="libx.so", versions=versions)
    assert read(script, tmp_path, content) == {
        "machine": "x86_64",
        "program": False,
        "soname": "libx.so",
        "needed": ["libc.so.6", "libgomp.so.1"],
        "versions": versions,
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
