"""Prove a tree: import its modules, load its libraries, read its metadata, in fresh processes.

    probe.py prove OPT REQUEST           a JSON file; what it found is its last line, behind `= `
    probe.py check OPT FILE_OR_MODULE    the project's own check

REQUEST: {"batches": {distribution: {"folder": its dist-info or '', "modules": [names],
"libraries": [paths]}}, "gone": [modules that pruning took], "touched": [paths of files that it
took or changed]}. Found: {distribution: {"imports": {module: error}, "loads": {path: error},
"glibc": {path: version}, "compiled": modules compiled anew, "missed": what of "gone" and "touched"
was looked for, "seconds": {module: what its import took, with all that it imports}, "metadata":
error}}.

Runs in Lambda's image, or under the host's Python; standard library only. Nothing is written below
OPT. Each distribution is tried in a process of its own; a crash, an exit or a hang costs the one
module that did it, and another process goes on behind it.

This process imports nothing of the layer and writes the verdict. Those that do have no way to it:
its standard output is not theirs, they cannot look into it (PR_SET_DUMPABLE), nor into each other,
and each has a word of its own that its answers begin with. A package can lie about itself.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import runpy
import selectors
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

HANG = 60.0  # seconds for one module
WORKERS = len(os.sched_getaffinity(0))
COMMON = (
    "asyncio", "ctypes", "dataclasses", "email.message", "http.client", "inspect", "json",
    "logging", "ssl", "tempfile", "typing", "urllib.request",
)  # of the standard library  # fmt: skip
MARKED = 50  # names from one line of progress to the next
PR_SET_DUMPABLE = 4  # linux/prctl.h
SOON = 5.0  # seconds
LONGEST = 1 << 20  # bytes of an answer
GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")
Answer = dict[str, Any]


def beside(name: str) -> Any:
    """A module of ours beside this one. Imported as others are it would hide one of the layer's
    that has its name: sys.modules and sys.path know nothing of it."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    import try_imports
else:
    try_imports = beside("try_imports")
NOTHING = try_imports.Pruned()


def close_off() -> None:
    """Other processes of this user may look neither into this one's memory nor its descriptors,
    nor into those of the ones that it forks (prctl(2))."""
    before = set(sys.modules)
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)
    for name in sys.modules.keys() - before:  # nothing of the layer is hidden by it
        del sys.modules[name]


def preload(opt: str) -> None:
    """What most packages import, once, and not in each process; unless the layer hides something of
    the standard library, which then must be seen."""
    there = {path.name.partition(".")[0] for path in Path(opt, "python").glob("*")}
    for name in COMMON if not there & sys.stdlib_module_names else ():
        with contextlib.suppress(ImportError):  # a Python that was built without
            importlib.import_module(name)


class Batch:
    """The tries of one distribution, over as many processes as die on the way."""

    def __init__(self, name: str, tries: "list[try_imports.Try]") -> None:
        self.name, self.left = name, tries
        self.errors: dict[try_imports.Try, str] = {}
        self.compiled, self.missed = 0, set[str]()
        self.seconds: dict[str, float] = {}
        self.pid, self.rest, self.since, self.hung = 0, b"", 0.0, False
        self._trying, self._compiled, self._word = 0, 0, b""

    def start(self, opt: str, pruned: "try_imports.Pruned", inherited: "list[int]") -> int:
        """A process for what is left; where its answers come from."""
        reading, writing = os.pipe()
        self._word = os.urandom(16).hex().encode()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                for other in [reading, *inherited]:
                    os.close(other)
                try_imports.work(opt, self.left, pruned, writing, self._word)
            finally:
                os._exit(0)  # not to wait for threads that an import has started
        os.close(writing)
        self.rest, self.since, self.hung, self._trying = b"", time.monotonic(), False, 0
        self._compiled = 0
        return reading

    def hear(self, block: bytes) -> int:
        """Take answers in; how many tries are through."""
        *lines, self.rest = (self.rest + block).split(b"\n")
        self.rest = self.rest[-LONGEST:]
        through = 0
        for line in lines:
            word, _, answer = line.partition(b" ")
            if word != self._word:
                continue  # of what is tried, not of what tries
            said = json.loads(answer)
            if isinstance(said, int):
                self._trying = said
            elif isinstance(said, dict):
                self.seconds[self.left[self._trying][1]] = said["seconds"]
            else:
                number, self.errors[self.left[said[0]]], self._compiled, missed = said
                self.missed |= set(missed)
                self._trying, through = number + 1, through + 1
        self.since = time.monotonic()
        return through

    def end(self) -> None:
        """Its process is through, or died of what it was trying."""
        ended = has_ended(self.pid)
        self._kill_all()  # what it left running, too
        _, status = os.waitpid(self.pid, 0)
        self.compiled += self._compiled
        if self._trying < len(self.left):
            code = os.waitstatus_to_exitcode(status)
            why = f"no end after {HANG:.0f} s" if self.hung else f"exit status {code}"
            why = why if ended else "it closed files that it had not opened"
            self.errors[self.left[self._trying]] = why
        self.left = self.left[self._trying + 1 :]

    def kill(self) -> None:
        self.hung = True
        self._kill_all()

    def _kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def has_ended(pid: int) -> bool:
    """Soon: its end of a pipe was closed. Who closes that and goes on has not."""
    deadline = time.monotonic() + SOON
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def run(opt: str, batches: "list[Batch]", pruned: "try_imports.Pruned") -> None:
    """All of them, `WORKERS` at a time, the longest first."""
    waiting = sorted(batches, key=lambda batch: len(batch.left))
    progress = Progress(sum(len(batch.left) for batch in batches))
    with selectors.DefaultSelector() as running:
        while waiting or running.get_map():
            while waiting and len(running.get_map()) < WORKERS:
                batch = waiting.pop()
                fds = [int(each.fd) for each in running.get_map().values()]
                running.register(batch.start(opt, pruned, fds), selectors.EVENT_READ, batch)
            for batch in heard(running, progress):
                batch.end()
                waiting += [batch] if batch.left else []


def heard(running: selectors.BaseSelector, progress: "Progress") -> "Iterator[Batch]":
    """Take in what the processes say; the batches whose process has ended."""
    for key, _ in running.select(timeout=1.0):
        if block := os.read(key.fd, 1 << 16):
            progress.advance(key.data.hear(block))
            continue
        running.unregister(key.fd)
        os.close(key.fd)
        yield key.data
    for key in running.get_map().values():
        if time.monotonic() - key.data.since > HANG:
            key.data.kill()


class Progress:
    """Says `@ done/total` on stdout now and then. Not fork_pool.py's: what that imports of the
    standard
    library would hide what the layer has of that name, as backports do."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.said = total, 0, 0

    def advance(self, more: int) -> None:
        self.done += more
        if self.done - self.said >= MARKED:
            self.said = self.done
            print(f"@ {self.done}/{self.total}", flush=True)


# ---- prove --------------------------------------------------------------------------------------


def prove(opt: str, request: Answer) -> Answer:
    batches = [
        Batch(name, [*(("import", module) for module in each["modules"]),
                     *(("load", path) for path in each["libraries"])])
        for name, each in request["batches"].items()
    ]  # fmt: skip
    pruned = try_imports.Pruned(request["gone"], request["touched"])
    preload(opt)
    run(opt, [batch for batch in batches if batch.left], pruned)
    folders = {name: each["folder"] for name, each in request["batches"].items()}
    return {batch.name: result(opt, batch, folders[batch.name]) for batch in batches}


def result(opt: str, batch: Batch, folder: str) -> Answer:
    imports = {name: error for (kind, name), error in batch.errors.items() if kind == "import"}
    loads = {name: error for (kind, name), error in batch.errors.items() if kind == "load"}
    return {
        "imports": dict(sorted(imports.items())),
        "loads": dict(sorted(loads.items())),
        "glibc": {name: needed for name in sorted(loads) if (needed := newer(opt, name, here()))},
        "compiled": batch.compiled,
        "missed": sorted(batch.missed),
        "seconds": dict(sorted(batch.seconds.items())),
        "metadata": metadata(Path(opt, "python", folder)) if folder else "",
    }


def here() -> "tuple[int, ...]":
    """The version of the glibc that runs this."""
    return tuple(map(int, (os.confstr("CS_GNU_LIBC_VERSION") or "glibc 0.0").split()[1].split(".")))


def newer(opt: str, name: str, glibc: "tuple[int, ...]") -> str:
    """The glibc version a library needs, when it is newer than this one; else ''."""
    content = Path(opt, "python", name).read_bytes()
    needed = max((tuple(map(int, pair)) for pair in GLIBC.findall(content)), default=(0, 0))
    return ".".join(map(str, needed)) if needed > glibc[:2] else ""


def metadata(folder: Path) -> str:
    """'' when importlib.metadata can answer from it, or the error."""
    found = importlib.metadata.PathDistribution(folder)
    try:
        if not found.version:
            return "importlib.metadata has no version"
        list(found.requires or [])
        for point in found.entry_points:
            _ = (point.module, point.attr)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def check(opt: str, what: str) -> None:
    """Run the project's check as a script, or as a module of the layer. It has passed when it came
    to its end: in a process of its own, so that an exit in between is no success."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(reading)
        checked(opt, what)
        os.write(writing, b"through")
        sys.exit()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        through = pipe.read() == b"through"
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code or not through:
        raise SystemExit(code or "it ended before it was through")


def checked(opt: str, what: str) -> None:
    try_imports.use(opt)
    sys.argv = [what]
    try:
        if what.endswith(".py"):
            sys.path.insert(0, str(Path(what).parent))
            runpy.run_path(what, run_name="__main__")
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def main(mode: str, opt: str, what: str) -> None:
    """Entry point; see the module's docstring."""
    close_off()
    if mode == "check":
        check(opt, what)
    else:
        request = json.loads(Path(what).read_text(encoding="utf-8"))
        print(f"= {json.dumps(prove(opt, request))}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
