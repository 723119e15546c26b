"""Notes what a Python process opens of the layer, from an audit hook (PEP 578).

Each process of a traced command imports this as `sitecustomize` (docker/run_traced.py).
A line for each thing, `opened` or `listed`, a tab, and the path relative to the layer, in a file of
the process's own. Reads by native code raise no event: of these only mapped libraries are seen.
"""

import atexit
import os
import sys
from collections.abc import Callable

OPENS = {"open": 0, "import": 1, "ctypes.dlopen": 0, "subprocess.Popen": 0, "os.exec": 0,
         "os.posix_spawn": 0}  # fmt: skip
LISTS = {"os.listdir", "os.scandir"}


def start(folder: str, root: str) -> None:
    note = notes(folder, root)

    def hear(event: str, arguments: "tuple[object, ...]") -> None:
        if event in OPENS:
            note("opened", arguments[OPENS[event]])
        elif event in LISTS and not is_import_system():
            note("listed", arguments[0])

    def mapped() -> None:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                note("opened", "/" + line.rstrip("\n").partition("/")[2])

    atexit.register(mapped)
    sys.addaudithook(hear)


def notes(folder: str, root: str) -> "Callable[[str, object], None]":
    """A function that notes a path, once, where it lies below `root`."""
    file = os.open(f"{folder}/{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    prefix = f"{os.path.realpath(root)}/"
    seen: set[tuple[str, str]] = set()

    def note(kind: str, path: object) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        whole = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path)))
        if whole.startswith(prefix) and (kind, whole) not in seen:
            seen.add((kind, whole))
            os.write(file, f"{kind}\t{whole[len(prefix) :]}\n".encode(errors="surrogateescape"))

    return note


def is_import_system() -> bool:
    """It lists each folder, and asks for what it wants."""
    return sys._getframe(2).f_code.co_filename.startswith("<frozen importlib")


if "LAYER_TRACE" in os.environ:
    start(os.environ["LAYER_TRACE"], os.environ["LAYER_TRACE_ROOT"])
