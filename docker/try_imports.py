"""What one process of the proof does: tries names one after the other, and says what came of each.

For docker/probe.py, which loads it under no name that a module of the layer could have.
"""

import ctypes
import gc
import importlib
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

Try = tuple[str, str]  # ("import", module) or ("load", path below python/)
SLOW = 0.001  # seconds; of what is faster nothing is said


def work(opt: str, tries: list[Try], pruned: "Pruned", answers: int, word: bytes) -> None:
    """One line per try, which begins with `word`, then JSON: its number before, [number, error,
    compiled, missed] after it; between the two {"seconds"} of an import that takes long."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.chdir("/")
    gc.disable()  # what an import makes stays: looking through it costs a tenth of the time
    use(opt)
    compiled, watch = count_compiled(opt), Watch(opt, pruned)
    watch.start()
    for number, (kind, name) in enumerate(tries):
        say(answers, word, number)
        began = time.perf_counter()
        error = attempt(opt, kind, name)
        seconds = time.perf_counter() - began
        if kind == "import" and seconds >= SLOW and not error:
            say(answers, word, {"seconds": round(seconds, 3)})
        say(answers, word, [number, error, compiled(), sorted(watch.missed)])


def use(opt: str) -> None:
    """sys.path as Lambda sets it: layers before what the image brings."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    sys.path[:0] = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    sys.dont_write_bytecode = True  # /opt is read-only in Lambda


def say(answers: int, word: bytes, value: object) -> None:
    os.write(answers, b"\n" + word + b" " + json.dumps(value).encode() + b"\n")


def attempt(opt: str, kind: str, name: str) -> str:
    """'' or the error as one line."""
    try:
        if kind == "import":
            importlib.import_module(name)
        else:
            ctypes.CDLL(f"{opt}/python/{name}", mode=os.RTLD_NOW)
    except BaseException as error:
        text = str(error).splitlines()
        return f"{type(error).__name__}: {text[0] if text else ''}"
    return ""


def count_compiled(opt: str) -> Callable[[], int]:
    """Counts modules below opt that Python compiles because no bytecode of theirs is valid."""
    original = importlib.machinery.SourceFileLoader.source_to_code
    count = 0

    def counted(self: Any, data: Any, path: Any, *more: Any, **named: Any) -> Any:
        nonlocal count
        count += str(path).startswith(opt)
        return original(self, data, path, *more, **named)

    importlib.machinery.SourceFileLoader.source_to_code = counted  # type: ignore[method-assign] # to count
    return lambda: count


class Pruned:
    """What is not as it was installed. `folders`: those that hold less than before."""

    def __init__(self, modules: Iterable[str] = (), paths: Iterable[str] = ()) -> None:
        self.modules, self.paths = frozenset(modules), frozenset(paths)
        self.folders = frozenset(path.rpartition("/")[0] for path in self.paths) - {""}


class Watch:
    """Fills `missed` with what of `pruned` is looked for: imported, opened, listed or asked
    about."""

    def __init__(self, opt: str, pruned: Pruned) -> None:
        self.missed: set[str] = set()
        self._pruned, self._prefix = pruned, f"{opt}/python/"
        self._listed = {"os.listdir": pruned.folders, "os.scandir": pruned.folders}
        self._asked = pruned.paths | pruned.folders

    def start(self) -> None:
        sys.meta_path.append(self)  # the last, and it never finds anything
        sys.addaudithook(self.hear)
        for name in ("stat", "lstat", "access"):  # of os.path and pathlib; no audit event tells
            setattr(os, name, self.noting(getattr(os, name)))

    def find_spec(self, name: str, *_: object) -> None:
        if name in self._pruned.modules:
            self.missed.add(name)

    def hear(self, event: str, arguments: "tuple[object, ...]") -> None:
        if event == "open":
            self.note(arguments[0], self._pruned.paths)
        elif event in self._listed and not is_import_system():
            self.note(arguments[0], self._listed[event])

    def noting(self, asking: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *more: Any, **named: Any) -> Any:
            self.note(path, self._asked)
            return asking(path, *more, **named)

        return ask

    def note(self, path: object, among: "frozenset[str]") -> None:
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        name = name[len(self._prefix) :].rstrip("/") if name.startswith(self._prefix) else ""
        if name in among:
            self.missed.add(name)


def is_import_system() -> bool:
    """It lists each folder, and asks the finders for what it wants."""
    return sys._getframe(2).f_code.co_filename.startswith("<frozen importlib")
