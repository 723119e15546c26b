"""Runs where the layer will run: strips shared objects, compiles bytecode. Standard library only.

    optimize.py OPT OUT [--strip] [--compile] --budget BYTES

OPT is the layer's tree, a copy that may be written to. Changed and new files are laid under OUT
by the same paths, with OUT/report.json beside them; nothing else has to travel back.
"""

import argparse
import json
import os
import py_compile
import shutil
import signal
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

LAMBDA = Path("/opt")  # where the layer lies in Lambda, whatever OPT is here
WORTH = 1024  # bytes a stripped file must save
LOAD_SECONDS = 30  # for one library, its constructors included
JOBS = 2
MARKED = 50  # files from one line of progress to the next


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("opt", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--strip", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--budget", type=int, required=True)
    options = parser.parse_args()
    opt, out = options.opt.resolve(), options.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    report: dict[str, Any] = {"strip": None, "bytecode": None}
    if options.strip:
        report["strip"] = strip_all(opt, out)
    if options.compile:
        report["bytecode"] = compile_all(opt, out, options.budget)
    (out / "report.json").write_text(json.dumps(report), encoding="utf-8")


# --- shared objects -------------------------------------------------------------------------


def strip_all(opt: Path, out: Path) -> dict[str, Any]:
    """Strip what is safe; {"files", "bytes" saved, "put_back", "left_alone", "skipped": why}."""
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
    for file in shared_objects(opt):
        name = file.relative_to(opt).as_posix()
        if is_rewritten(file):
            report["left_alone"].append(name)
            continue
        saved, works = strip(tool, file, out / name)
        if saved and not works:
            report["put_back"].append(name)
        elif saved:
            report["files"] += 1
            report["bytes"] += saved
    return report


def shared_objects(opt: Path) -> Iterator[Path]:
    for file in sorted(opt.rglob("*.so*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                if stream.read(4) == b"\x7fELF":
                    yield file


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


def strip(tool: str, file: Path, changed: Path) -> tuple[int, bool]:
    """(bytes saved, does it load as it did?). When both hold the file is replaced, and a copy
    laid at `changed`."""
    before, slim = loads(file), file.with_name(f".{file.name}.stripped")
    done = subprocess.run(
        [tool, "--strip-unneeded", "-o", slim, file], stderr=subprocess.DEVNULL, check=False
    )
    saved = file.stat().st_size - slim.stat().st_size if done.returncode == 0 else 0
    if saved < WORTH:
        slim.unlink(missing_ok=True)
        return 0, True
    shutil.copymode(file, slim)
    original = file.rename(file.with_name(f".{file.name}.original"))
    slim.rename(file)
    if loads(file) != before:
        original.replace(file)
        return saved, False
    original.unlink()
    changed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, changed)
    return saved, True


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


# --- bytecode -------------------------------------------------------------------------------


def compile_all(opt: Path, out: Path, budget: int) -> dict[str, Any]:
    """Compile every module; {"files", "bytes", "skipped": [names], "left_out": why or ""}.

    Each in a process forked from the same state: marshal writes down which objects are shared,
    so what a process compiled before would show in the bytes.
    """
    sources = sorted(path for path in opt.rglob("*.py") if path.is_file())
    fork_each(sources, lambda source: compile_one(opt, source, out))
    made = [
        (source, out / Path(cache_from_source(str(source))).relative_to(opt)) for source in sources
    ]
    skipped = [source.relative_to(opt).as_posix() for source, made_ in made if not made_.is_file()]
    total = sum(made_.stat().st_size for _, made_ in made if made_.is_file())
    report = {"files": len(made) - len(skipped), "bytes": total, "skipped": skipped, "left_out": ""}
    size = sum(path.lstat().st_size for path in opt.rglob("*") if not path.is_dir())
    if size + total > budget:
        for _, made_ in made:
            made_.unlink(missing_ok=True)
        why = f"with it the layer would be {size + total} bytes, over Lambda's {budget}"
        report |= {"files": 0, "bytes": 0, "left_out": why}
    return report


def compile_one(opt: Path, source: Path, out: Path) -> None:
    """unchecked-hash: valid whatever the zip and Lambda do to file times, and read without a
    look at the source (PEP 552). Lambda's path goes in, for tracebacks."""
    target = out / Path(cache_from_source(str(source))).relative_to(opt)
    py_compile.compile(
        str(source),
        cfile=str(target),
        dfile=str(LAMBDA / source.relative_to(opt)),
        doraise=True,
        optimize=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def fork_each(sources: list[Path], work: Callable[[Path], None]) -> None:
    """Run `work` for each source in a child process, JOBS at a time. A module that is no valid
    Python for this interpreter leaves no file; any other failure ends the program."""
    children: dict[int, Path] = {}
    for done, source in enumerate(sources):
        if len(children) == JOBS:
            reap(children)
        if done % MARKED == 0:
            print(f"@ {done}/{len(sources)}", flush=True)
        child = os.fork()
        if child == 0:
            compile_in_child(source, work)
        children[child] = source
    while children:
        reap(children)


def compile_in_child(source: Path, work: Callable[[Path], None]) -> None:
    code = 1
    try:
        work(source)
        code = 0
    except py_compile.PyCompileError:
        code = 0
    except BaseException as error:
        print(f"{source}: {error!r}", flush=True)
    finally:
        os._exit(code)


def reap(children: dict[int, Path]) -> None:
    child, status = os.wait()
    source, code = children.pop(child), os.waitstatus_to_exitcode(status)
    if code:
        raise SystemExit(f"compiling {source} ended with {code}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # invalid escapes in other people's strings
    sys.dont_write_bytecode = True
    main()
