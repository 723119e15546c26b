"""Prove a tree: import its modules, load its libraries, read its metadata, in fresh interpreters.

    probe.py prove  OPT REQUEST RESULT    everything; REQUEST and RESULT are JSON files
    probe.py blame  OPT REQUEST RESULT    which removed file an import misses
    probe.py check  OPT FILE_OR_MODULE    the project's own check
    probe.py work   OPT KIND              a worker: names on stdin, one JSON line each on stdout

Runs in Lambda's image, or under the host's Python; standard library only. Nothing is written
below OPT. Workers are processes of their own, so that a crash, an exit or a hang costs the one
module that did it; the next worker goes on behind it.
"""

import ctypes
import importlib
import importlib.machinery
import importlib.metadata
import json
import os
import queue
import re
import runpy
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HANG = 60.0  # seconds for one module
WORKERS = 2
MARKED = 50  # names from one line of progress to the next
TRIES = 200  # to find the file at fault
GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")
Answer = dict[str, Any]


def use(opt: str) -> None:
    """sys.path as Lambda sets it: layers before what the image brings."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    sys.path[:0] = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    sys.dont_write_bytecode = True  # /opt is read-only in Lambda


# ---- worker: one interpreter, names in, answers out ---------------------------------------------


def work(opt: str, kind: str) -> None:
    """Answer {"name", "error", "compiled"} for each name; stdout is kept from what is imported."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    names = sys.stdin.read().splitlines()
    for number in (0, 1, 2):
        os.dup2(null, number)
    use(opt)
    compiled = count_compiled(opt)
    for name in names:
        print(json.dumps({"started": name}), file=out, flush=True)
        error = attempt(_DOING[kind], name)
        answer = {"name": name, "error": error, "compiled": compiled()}
        print(json.dumps(answer), file=out, flush=True)
    out.flush()
    os._exit(0)  # not to wait for threads that an import has started


def attempt(do: Callable[[str], object], name: str) -> str:
    """'' or the error as one line."""
    try:
        do(name)
    except BaseException as error:
        text = str(error).splitlines()
        return f"{type(error).__name__}: {text[0] if text else ''}"
    return ""


_DOING: dict[str, Callable[[str], object]] = {
    "import": importlib.import_module,
    "load": lambda path: ctypes.CDLL(path, mode=os.RTLD_NOW),
}


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


# ---- parent: batches of names over workers ------------------------------------------------------


class Progress:
    """Says `@ done/total` on stdout now and then."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.lock = total, 0, threading.Lock()

    def advance(self) -> None:
        with self.lock:
            self.done += 1
            if self.done % MARKED == 0:
                print(f"@ {self.done}/{self.total}", flush=True)


def run_batch(
    opt: str, kind: str, names: list[str], tick: Callable[[], None] = lambda: None
) -> tuple[dict[str, str], int]:
    """({name: error}, modules compiled) of one batch, over as many workers as die on the way."""
    found: dict[str, str] = {}
    compiled, left = 0, names
    while left:
        current, count = "", 0
        for answer in worker(opt, kind, left):
            if "started" in answer:
                current = answer["started"]
            elif "died" in answer:
                found[current or left[0]] = answer["died"]
            else:
                found[answer["name"]], count = answer["error"], answer["compiled"]
                tick()
        compiled += count
        left = [name for name in left if name not in found]
    return found, compiled


def worker(opt: str, kind: str, names: list[str]) -> Iterator[Answer]:
    """A worker's answers; at last {"died": why} when it did not get through its names."""
    script = [sys.executable, "-I", *(["-S"] if sys.flags.no_site else []), __file__]
    process = subprocess.Popen(
        [*script, "work", opt, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n".join(names))
    process.stdin.close()
    answered = 0
    hung = threading.Event()

    def kill() -> None:
        hung.set()
        process.kill()

    while True:
        timer = threading.Timer(HANG, kill)
        timer.start()
        line = process.stdout.readline()
        timer.cancel()
        if not line:
            break
        answer = json.loads(line)
        answered += "name" in answer
        yield answer
    process.stdout.close()
    code = process.wait()
    if answered < len(names):
        yield {"died": f"no end after {HANG:.0f} s" if hung.is_set() else f"exit status {code}"}


def run_batches(
    opt: str, kind: str, batches: dict[str, list[str]], tick: Callable[[], None] = lambda: None
) -> dict[str, tuple[dict[str, str], int]]:
    """Every batch, `WORKERS` at a time, longest first."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in sorted(batches, key=lambda name: -len(batches[name])):
        waiting.put(name)
    results: dict[str, tuple[dict[str, str], int]] = {}

    def take() -> None:
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            results[name] = run_batch(opt, kind, batches[name], tick)

    threads = [threading.Thread(target=take) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# ---- prove --------------------------------------------------------------------------------------


def prove(opt: str, request: Answer) -> Answer:
    """{"imports": {module: error}, "direct": …, "loads": {path: error}, "compiled": n, …}."""
    named = [*request["direct"].values(), *request["modules"].values(), request["libraries"]]
    tick = Progress(sum(map(len, named))).advance
    direct = run_batches(opt, "import", request["direct"], tick)
    modules = run_batches(opt, "import", request["modules"], tick)
    libraries = [f"{opt}/python/{name}" for name in request["libraries"]]
    loads, _ = run_batch(opt, "load", libraries, tick)
    prefix = f"{opt}/python/"
    return {
        "direct": {name: found for name, (found, _) in sorted(direct.items())},
        "imports": dict(sorted(item for found, _ in modules.values() for item in found.items())),
        "compiled": sum(count for _, count in (*direct.values(), *modules.values())),
        "loads": {path.removeprefix(prefix): error for path, error in sorted(loads.items())},
        "glibc": {name: needed for name in request["libraries"] if (needed := newer(opt, name))},
        **metadata(f"{opt}/python"),
    }


def newer(opt: str, name: str) -> str:
    """The glibc version a library needs, when it is newer than the one here; else ''."""
    here = tuple(map(int, (os.confstr("CS_GNU_LIBC_VERSION") or "glibc 0.0").split()[1].split(".")))
    content = Path(opt, "python", name).read_bytes()
    needed = max((tuple(map(int, pair)) for pair in GLIBC.findall(content)), default=(0, 0))
    return ".".join(map(str, needed)) if needed > here[:2] else ""


def metadata(python: str) -> Answer:
    """{"distributions": {name: version}, "metadata": {name: error}, "twice": [name]}."""
    versions: dict[str, str] = {}
    errors: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for found in importlib.metadata.distributions(path=[python]):
        name = str(found.metadata["Name"])
        seen[re.sub(r"[-_.]+", "-", name).lower()] += 1
        try:
            versions[name] = found.version
            list(found.requires or [])
            for point in found.entry_points:
                _ = (point.module, point.attr)
        except Exception as error:
            errors[name] = f"{type(error).__name__}: {error}"
    twice = sorted(name for name, count in seen.items() if count > 1)
    return {"distributions": dict(sorted(versions.items())), "metadata": errors, "twice": twice}


# ---- blame --------------------------------------------------------------------------------------


def blame(opt: str, request: Answer) -> Answer:
    """{"rule", "paths"}: what must come back for the name to work. OPT holds `python` (the layer)
    and `before/python` (as installed) and is written to; the smallest set found is named."""
    kind = request["kind"]
    name = request["name"] if kind == "import" else f"{opt}/python/{request['name']}"

    def works(paths: list[str]) -> bool:
        undo = [put_back(Path(opt), path) for path in paths]
        found, _ = run_batch(opt, kind, [name])
        for each in reversed(undo):
            each()
        return not found[name]

    for rule, paths in request["removed"].items():
        if works(paths):
            return {"rule": rule, "paths": smallest(paths, works)}
    everything = [path for paths in request["removed"].values() for path in paths]
    if works(everything):
        return {"rule": "", "paths": smallest(everything, works)}
    return {"rule": None, "paths": []}


def smallest(paths: list[str], works: Callable[[list[str]], bool]) -> list[str]:
    """Leave out parts, ever smaller ones, while the rest is enough (delta debugging)."""
    part, tries = len(paths), TRIES
    while part > 1 and tries:
        part = (part + 1) // 2
        for start in reversed(range(0, len(paths), part)):
            rest = paths[:start] + paths[start + part :]
            if tries and rest:
                tries -= 1
                paths = rest if works(rest) else paths
    return paths


def put_back(opt: Path, name: str) -> Callable[[], None]:
    """The file as it was installed; returns what undoes it."""
    target, source = opt / "python" / name, opt / "before" / "python" / name
    aside = opt / "aside" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    existed = target.exists()
    if existed:
        target.rename(aside)
    shutil.copy2(source, target)

    def undo() -> None:
        target.unlink()
        if existed:
            aside.rename(target)

    return undo


def check(opt: str, what: str) -> None:
    """Run the project's check as a script, or as a module of the layer."""
    use(opt)
    sys.argv = [what]
    if what.endswith(".py"):
        sys.path.insert(0, str(Path(what).parent))
        runpy.run_path(what, run_name="__main__")
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


def main(mode: str, opt: str, *more: str) -> None:
    """Entry point; see the module's docstring."""
    if mode == "work":
        work(opt, *more)
    elif mode == "check":
        check(opt, *more)
    else:
        request = json.loads(Path(more[0]).read_text(encoding="utf-8"))
        answer = {"prove": prove, "blame": blame}[mode](opt, request)
        Path(more[1]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
