"""Runs where the layer will run: strips shared objects, so far as that is safe.

`strip_all` returns the files to pack in place of the installed ones, which are left as they are.
Standard library only.
"""

import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

WORTH = 1024  # bytes a stripped file must save
LOAD_SECONDS = 30  # for one library, its constructors included


def strip_all(root: Path, names: Iterable[str], slim: Path) -> dict[str, Any]:
    """Strip what is safe of the files `names` below `root`; stripped ones are laid below `slim`.
    {"files", "bytes" saved, "put_back", "left_alone", "skipped": why}."""
    report: dict[str, Any] = {
        "files": 0,
        "bytes": 0,
        "put_back": [],
        "left_alone": [],
        "skipped": "",
    }
    tool = shutil.which("strip")
    if not tool:
        return report | {"skipped": "there is no `strip` (binutils) here"}
    for name in names:
        if not is_shared_object(root / name):
            continue
        if is_rewritten(root / name):
            report["left_alone"].append(name)
            continue
        saved, works = strip(tool, root / name, slim / name)
        if saved and not works:
            report["put_back"].append(name)
        elif saved:
            report["files"] += 1
            report["bytes"] += saved
    return report


def is_shared_object(file: Path) -> bool:
    if ".so" not in file.name:
        return False
    with file.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def is_rewritten(file: Path) -> bool:
    """Did auditwheel lay this file out anew? Then strip may corrupt it (NixOS/patchelf#10, #145).
    It keeps libraries in `<package>.libs` and writes that folder into what needs them."""
    if any(parent.name.endswith((".libs", ".dylibs")) for parent in file.parents):
        return True
    return any(".libs" in path for path in run_paths(file.read_bytes()))


def run_paths(elf: bytes) -> list[str]:
    """DT_RPATH and DT_RUNPATH of a 64-bit little-endian ELF file; nothing where it has none."""
    if elf[4:6] != b"\x02\x01":
        return []
    table, size, count = *struct.unpack_from("<Q", elf, 32), *struct.unpack_from("<2H", elf, 54)
    heads = [struct.unpack_from("<2L6Q", elf, table + size * index) for index in range(count)]
    entries = [
        struct.unpack_from("<2Q", elf, start)
        for kind, _, offset, _, _, length, *_ in heads
        if kind == 2  # PT_DYNAMIC
        for start in range(offset, offset + length - 15, 16)
    ]
    strings = next((value for tag, value in entries if tag == 5), 0)  # DT_STRTAB, an address
    for kind, _, offset, address, _, length, *_ in heads:
        if kind == 1 and address <= strings < address + length:  # the PT_LOAD it lies in
            strings += offset - address
            break
    starts = [strings + value for tag, value in entries if tag in (15, 29)]
    return [elf[start : elf.index(b"\0", start)].decode(errors="replace") for start in starts]


def strip(tool: str, file: Path, slim: Path) -> tuple[int, bool]:
    """(bytes saved, does it load as it did?). When both hold, `slim` is there."""
    slim.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [tool, "--strip-unneeded", "-o", slim, file], stderr=subprocess.DEVNULL, check=False
    )
    saved = file.stat().st_size - slim.stat().st_size if done.returncode == 0 else 0
    works = saved < WORTH or loads_alike(file, slim)
    if saved < WORTH or not works:
        slim.unlink(missing_ok=True)
    return (saved, works) if saved >= WORTH else (0, True)


def loads_alike(file: Path, slim: Path) -> bool:
    """Does the stripped one load as the file does? Asked in the file's place, since what it needs
    is found from there; the file is back afterwards."""
    before, aside = loads(file), file.with_name(f".{file.name}.original")
    shutil.copymode(file, slim)
    file.rename(aside)
    try:
        shutil.copy2(slim, file)
        return loads(file) == before
    finally:
        aside.replace(file)


def loads(file: Path) -> str:
    """What dlopen says of it in a process of its own: nothing, or the loader's message. A
    library that never loaded by itself must still fail for the same reason."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _load(file, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    return f"{os.waitstatus_to_exitcode(status)} {said.decode(errors='replace')}"


def _load(file: Path, writing: int) -> None:
    import ctypes
    import faulthandler

    faulthandler.disable()  # a crash here is an answer, not an accident
    signal.alarm(LOAD_SECONDS)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    try:
        ctypes.CDLL(str(file), mode=os.RTLD_NOW)
    except OSError as error:
        os.write(writing, str(error).encode())
    os._exit(0)
