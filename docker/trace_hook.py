"""Notes what a Python process opens of the layer, from an audit hook (PEP 578).

Each process of a traced command imports this as `sitecustomize`, or as `usercustomize` where a
launcher such as opentelemetry-instrument has a `sitecustomize` of its own (docker/run_traced.py).
In a file of the process's own it writes a line for each thing: a kind, a tab, and the path relative
to the layer. The kinds are `opened`, `read` (by code, not as an import) and `listed`. Reads by
native code raise no event: of these only mapped libraries are seen. Nothing here may fail: the
command would fail with it.
"""

import atexit
import contextlib
import os
import sys
from collections.abc import Callable

OPENS = {"open": 0, "import": 1, "ctypes.dlopen": 0, "subprocess.Popen": 0, "os.exec": 0,
         "os.posix_spawn": 0}  # fmt: skip
STARTED = "_layer_trace"  # of sys, which a process has one of
LISTS = {"os.listdir", "os.scandir"}


def start(folder: str, root: str) -> None:
    note = notes(folder, root)

    def hear(event: str, arguments: "tuple[object, ...]") -> None:
        if event in OPENS:
            note("opened", arguments[OPENS[event]])
            if event == "open" and not is_import_system():
                note("read", arguments[0])
        elif event in LISTS and not is_import_system():
            note("listed", arguments[0])

    def mapped() -> None:
        with (
            contextlib.suppress(OSError),
            open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file,
        ):
            for line in file:
                note("opened", "/" + line.rstrip("\n").partition("/")[2])

    atexit.register(mapped)
    sys.addaudithook(hear)


def notes(folder: str, root: str) -> "Callable[[str, object], None]":
    """A function that notes a path, once, where it lies below `root`, by whichever name."""
    file = f"{folder}/{os.getpid()}"
    prefix = f"{os.path.realpath(root)}/"
    seen: set[tuple[str, str]] = set()
    real: dict[str, str] = {}  # {folder as it was named: what it is}

    def note(kind: str, path: object) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        with contextlib.suppress(Exception):  # a folder that is gone, a full disk
            around, name = os.path.split(os.path.abspath(os.fsdecode(path)))
            if around not in real:
                real[around] = os.path.realpath(around)
            whole = f"{real[around]}/{name}"
            if whole.startswith(prefix) and (kind, whole) not in seen:
                seen.add((kind, whole))
                write(file, f"{kind}\t{whole[len(prefix) :]}\n")

    return note


def write(file: str, line: str) -> None:
    """Opened each time: who becomes a daemon closes all that is open."""
    place = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(place, line.encode(errors="surrogateescape"))
    finally:
        os.close(place)


def is_import_system() -> bool:
    """It lists each folder, and asks for what it wants."""
    try:
        return sys._getframe(2).f_code.co_filename.startswith("<frozen importlib")
    except ValueError:  # no code does it, but Python as it starts
        return False


if "LAYER_TRACE" in os.environ and not hasattr(sys, STARTED):
    setattr(sys, STARTED, True)
    start(os.environ["LAYER_TRACE"], os.environ["LAYER_TRACE_ROOT"])
