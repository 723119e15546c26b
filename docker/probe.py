"""Prove a tree: import its modules, load its libraries, read its metadata, in fresh processes.

    probe.py prove OPT REQUEST [TMP]     a JSON file. What it found is its last line, behind `= `
    probe.py check OPT FILE_OR_MODULE    the project's own check

REQUEST: {"batches": {distribution: {"folder": its dist-info or '', "modules": [names], "outer":
[those that people import], "libraries": [paths], "programs": [paths of what may be one]}}, "gone":
[modules that pruning took], "touched": [paths of files that it took or changed], "bare": [modules,
as paths, that have no bytecode], "timeout": seconds for one try, "alone": hide what Lambda has not
(docker/alone.py), "system": names of the libraries that Lambda's system has[, "covered": files to
hide, too, behind the file `empty` beside the request, "reported": try_imports.REPORTED,
"programs": try_imports.PROGRAMS]}. Found:
{distribution:
{"imports": {module: error}, "loads": {path: error}, "compiled": modules compiled anew, "missed":
what of "gone" and "touched" was looked for, "seconds": {module: what its import took, with all that
it imports}, "memory": {the first one of a process: bytes that its import held at its peak},
"metadata": error, "elf": {path: docker/elf.py's}, "needs": {one of "outer": libraries
of the layer that its import loaded}, "others": {one of "outer": libraries that its import loaded
and Lambda has not}, "seen": what the answers rest on (docker/try_imports.py),
"hides": {its module that has the name of a standard one: {"used": is the layer's the one that
functions get, "lacks": [names]}}, "hidden": {module that failed: the standard one that the layer
hides from it}}}.

Runs in Lambda's image, or under the host's Python. Standard library only. Nothing is written below
OPT. Each distribution is tried in a process of its own. A crash, an exit or a hang costs the one
module that did it, and another process goes on behind it. What did not end in time, crashed or met
a limit is tried once more, when nothing else runs.

This process imports nothing of the layer and writes the verdict. Those that do have no way to it:
its standard output is not theirs, they cannot look into it (PR_SET_DUMPABLE), nor into each other,
and each has a word of its own that its answers begin with. A package can lie about itself.
"""

import importlib
import sys

# What Lambda's runtime client has imported before a layer is on the path: awslambdaric 4.2.2 with
# simplejson and bootstrap.py. These modules import all the others that it has; measured under
# Python 3.10, 3.11, 3.12 and 3.13 (tests/functional/test_runtime_modules.py).
for _name in (
    "__future__", "collections.abc", "decimal", "enum", "importlib", "io", "json", "logging",
    "math", "operator", "os", "re", "site", "string", "threading", "time", "traceback", "types",
    "warnings",
):  # fmt: skip
    importlib.import_module(_name)
# The client itself, and its own simplejson, stay the ones, whatever a layer has of these names.
if _place := sys.modules["os"].environ.get("LAMBDA_RUNTIME_DIR"):
    sys.path.insert(0, _place)
    try:  # noqa: SIM105 - contextlib is none of the client's modules
        importlib.import_module("awslambdaric.__main__")
    except ImportError:
        pass
    sys.path.remove(_place)
RUNTIME = frozenset(sys.modules)

# ruff: noqa: E402 - only now what this script itself needs; try_imports.forget() takes it away again
import contextlib
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import re
import runpy
import selectors
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

WORKERS = len(os.sched_getaffinity(0))
TIMEOUT = 60.0  # seconds for one try
MARKED = 50  # names from one line of progress to the next
PR_SET_DUMPABLE = 4  # linux/prctl.h
SOON = 5.0  # seconds
LOOK = 0.2  # seconds from one look at processes to the next
LONGEST = 1 << 20  # bytes of an answer
MOST = 1 << 50  # seconds or bytes that an import may say it took
STANDARD = f"{os.path.dirname(os.__file__)}/"  # noqa: PTH120 - of Python's own modules
SLOW = "no end after"  # how the error of a try that was ended begins (tasks/proof/causes.py)
# Of what may go well when nothing else runs. A crash, too: numpy's, where OpenBLAS gets no thread
# (numpy#21376), which else interrupts its process.
UNSURE = re.compile(
    rf"{SLOW}|exit status -|KeyboardInterrupt: |Timeout|timed out|can't start new thread|"
    r"MemoryError|std::bad_alloc|\[Errno (?:11|12|23|28|122)\]"
)
PROCESSORS = 2  # that a try sees, as a function of up to 3,008 MB does
BEAT = 5.0  # seconds
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
    import elf
    import in_function
    import memory
    import preload
    import try_imports
else:
    try_imports, elf, preload = beside("try_imports"), beside("elf"), beside("preload")
    in_function, memory = beside("in_function"), beside("memory")
NOTHING = try_imports.Pruned()


def close_off() -> None:
    """Other processes of this user may look neither into this one's memory nor its descriptors,
    nor into those of the ones that it forks (prctl(2))."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)


class Batch:
    """The tries of one distribution, over as many processes as die on the way. `timeout`: seconds
    for one of them. `outer`: modules that people import. `first`: modules that are imported before
    the layer is there. `system`: names of Lambda's libraries, of which nothing is known where it is
    empty. `preloaded`: modules of the standard library that need not be run anew."""

    preloaded: "preload.Preloaded | None" = None
    splits = False  # are its outer modules tried apart, too, when it is through?
    of: "Batch | None" = None  # the one that it is a part of

    def __init__(
        self, name: str, tries: "list[try_imports.Try]", timeout: float = TIMEOUT,
        outer: "tuple[str, ...]" = (), first: "tuple[str, ...]" = (),
        system: "tuple[str, ...]" = (),
    ) -> None:  # fmt: skip
        self.name, self.left, self.timeout = name, tries, timeout
        self.outer, self.first, self.system = outer, first, system
        self.errors: dict[try_imports.Try, str] = {}
        self.compiled, self.missed = 0, set[str]()
        self.seconds: dict[str, float] = {}
        self.memory: dict[str, int] = {}
        self.needs: dict[str, list[str]] = {}
        self.others: dict[str, list[str]] = {}
        self.seen: dict[str, set[str]] = {}
        self.shares = False  # /tmp or a port, with those that are tried at the same time
        self.pid, self.rest, self.since, self.hung, self.slot = 0, b"", 0.0, False, 0
        self.peak = memory.Peak()
        self._trying, self._begun, self._compiled, self._word = 0, 0, 0, b""
        self._lies = False  # did it write an answer that none of ours is?

    def start(
        self, opt: str, pruned: "try_imports.Pruned", inherited: "list[int]", slot: int
    ) -> int:
        """A process for what is left. Where its answers come from. `slot`: its number among those
        that run."""
        self.slot = slot
        reading, writing = os.pipe()
        self._word = os.urandom(16).hex().encode()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                os.sched_setaffinity(0, processors(slot))
                for other in [reading, *inherited]:
                    os.close(other)
                try_imports.work(
                    opt,
                    self.left,
                    pruned,
                    writing,
                    self._word,
                    RUNTIME,
                    self.outer,
                    self.first,
                    self.system,
                    self.preloaded,
                    function=in_function,
                    memory=memory,
                )
            finally:
                os._exit(0)  # not to wait for threads that an import has started
        os.close(writing)
        self.rest, self.since, self.hung, self._trying = b"", time.monotonic(), False, 0
        self._begun, self._compiled, self._lies = 0, 0, False
        self.peak = memory.Peak()
        return reading

    def hear(self, block: bytes) -> int:
        """Take answers in. How many tries are through."""
        *lines, self.rest = (self.rest + block).split(b"\n")
        self.rest = self.rest[-LONGEST:]
        through = 0
        for line in lines:
            word, _, answer = line.partition(b" ")
            if word != self._word or self._lies:
                continue  # of what is tried, not of what tries
            said = answer_in(answer)
            if self._fits(said):
                through += self._take(said)
            else:
                self._lies = True
                self._kill_all()
        return through

    def _fits(self, said: Any) -> bool:
        """Is it what try_imports.work says next? Who looks for it finds the word, too."""
        if isinstance(said, int):
            return said == self._begun < len(self.left)
        if isinstance(said, dict):
            return self._trying < self._begun
        return isinstance(said, list) and said[0] == self._trying < self._begun

    def _take(self, said: Any) -> int:
        """How many tries are through."""
        if isinstance(said, dict):
            self.seconds |= self._of_this(said, "seconds")
            if "least" in said:
                least, *held = (said[each] for each in try_imports.HELD)
                self.memory[self.left[self._trying][1]] = self.peak.take(*held) - least
            return 0  # which is no sign of life: it may come again and again
        self.since = time.monotonic()
        if isinstance(said, int):
            self._begun = said + 1
            return 0
        self._take_in(*said)
        return 1

    def _of_this(self, said: "dict[str, Any]", what: str) -> "dict[str, Any]":
        return {self.left[self._trying][1]: said[what]} if what in said else {}

    def _take_in(
        self, number: int, error: str, compiled: int, missed: "list[str]", seen: "dict[str, Any]"
    ) -> None:
        """One answer of try_imports.work."""
        name = self.left[number][1]
        self.errors[self.left[number]] = error
        self._compiled, self._trying = compiled, number + 1
        self.missed |= set(missed)
        if libraries := seen.pop("loaded", []):
            self.needs[name] = libraries
        there = filter(os.path.isfile, seen.pop("others", []))  # a pipe has no end
        if others := elf.outside(there, STANDARD, self.system):
            self.others[name] = others
        self.shares |= seen.pop("shares", None) is not None
        for kind, names in seen.items():
            self.seen.setdefault(kind, set()).update(names)

    def end(self) -> None:
        """Its process is through, or died of what it was trying."""
        has_gone = has_ended(self.pid)
        self._kill_all()  # what it left running, too
        _, status = os.waitpid(self.pid, 0)
        self.compiled += self._compiled
        ended, self.left = self.left[: self._trying + 1], self.left[self._trying + 1 :]
        if self._trying < len(ended):
            code = os.waitstatus_to_exitcode(status)
            why = f"{SLOW} {self.timeout:.0f} s" if self.hung else f"exit status {code}"
            why = "it answered in the place of what tried it" if self._lies else why
            self.errors[ended[-1]] = why if has_gone else "it closed files that it had not opened"
            if self.hung:
                self._leave_out(ended[-1])

    def _leave_out(self, hung: "try_imports.Try") -> None:
        """What lies in a package that has no end has none, either."""
        inside = [each for each in self.left if each[1].startswith(f"{hung[1]}.")]
        self.errors |= dict.fromkeys(inside, self.errors[hung])
        self.left = [each for each in self.left if each not in inside]

    def look(self) -> None:
        """At the memory of its first import, of which alone is told."""
        if self._trying == 0:
            self.peak.look(self.pid)

    def kill(self) -> None:
        self.hung = True
        self._kill_all()

    def _kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def anew(self, tries: "list[try_imports.Try]", first: "tuple[str, ...]" = ()) -> "Batch":
        """One more of the same distribution, with nothing known so far."""
        made = Batch(self.name, tries, self.timeout, self.outer, first, self.system)
        made.preloaded = None if first else self.preloaded
        return made

    def take(self, other: "Batch") -> None:
        """What another one found, which had the better conditions."""
        self.errors |= other.errors
        self.missed |= other.missed
        self.needs |= other.needs
        self.others |= other.others
        if not other.of:  # a part imports again what another one has imported
            self.seconds |= other.seconds
        self.memory |= other.memory
        self.shares |= other.shares
        for kind, names in other.seen.items():
            self.seen.setdefault(kind, set()).update(names)

    def apart(self) -> "list[Batch]":
        """Its modules that people import, each alone: what another one of them has imported or
        changed before does not count. The first one was alone. Not those of a namespace, of which
        there may be a hundred."""
        names = [name for name in self.outer[1:] if name[0] != "_" and "." not in name]
        tried = [("import", name) for name in names]
        parts = [self.anew([each]) for each in tried if not self.errors.get(each)]
        for each in parts:
            each.of = self
        return parts

    def follows(self) -> "list[Batch]":
        """What is tried next. Parts of what looked into /tmp are left to `again`."""
        if self.left:
            return [self]
        if self.of:
            self.of.take(self)
        return self.apart() if self.splits and not self.shares else []

    def failed(self) -> "list[try_imports.Try]":
        return [each for each, error in self.errors.items() if error and each[0] == "import"]

    def unsure(self) -> "list[try_imports.Try]":
        return [each for each, error in self.errors.items() if UNSURE.search(error)]


def answer_in(text: bytes) -> Any:
    """What try_imports.work says in JSON, or None."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, dict):
        numbers = (type(each) in (int, float) and abs(each) < MOST for each in said.values())
        bytes_ = said.keys() - {"seconds"}
        return said if bytes_ in (set(), {*try_imports.HELD}) and all(numbers) else None
    if isinstance(said, list):
        kinds = [type(each) for each in said]
        names = [said[3], *said[4].values()] if kinds == [int, str, int, list, dict] else [0]
        return said if all(map(are_names, names)) else None
    return said if type(said) is int else None


def are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def has_ended(pid: int) -> bool:
    """Soon: its end of a pipe was closed. Who closes that and goes on has not."""
    deadline = time.monotonic() + SOON
    while not is_over(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def is_over(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def run(
    opt: str, batches: "list[Batch]", pruned: "try_imports.Pruned", workers: int = WORKERS,
    *, shown: bool = False,
) -> None:  # fmt: skip
    """All of them, `workers` at a time, the longest first. `shown`: with its progress."""
    waiting = sorted(batches, key=lambda batch: len(batch.left))
    progress = Progress(sum(len(batch.left) for batch in batches) if shown else 0)
    with selectors.DefaultSelector() as running:
        while waiting or running.get_map():
            while waiting and len(running.get_map()) < workers:
                batch = waiting.pop()
                there = [*running.get_map().values()]
                fds = [int(each.fd) for each in there]
                slot = min({*range(workers)} - {each.data.slot for each in there})
                running.register(batch.start(opt, pruned, fds, slot), selectors.EVENT_READ, batch)
            progress.beat([key.data.name for key in running.get_map().values()])
            for batch in heard(running, progress):
                batch.end()
                waiting += batch.follows()  # at once, while there is other work


def processors(slot: int, there: "set[int] | None" = None) -> "set[int]":
    """The few that a try may use: libraries start a thread for each that they see, and take memory
    for each thread. `there`: all of them."""
    numbers = sorted(there or os.sched_getaffinity(0))
    return {numbers[each % len(numbers)] for each in range(slot, slot + PROCESSORS)}


def heard(running: selectors.BaseSelector, progress: "Progress") -> "Iterator[Batch]":
    """Take in what the processes say. The batches whose process has ended. Processes that it left
    behind may hold its pipe: that it says nothing more is enough."""
    over = {key for key in running.get_map().values() if is_over(key.data.pid)}
    for key, _ in running.select(timeout=LOOK):
        if block := os.read(key.fd, 1 << 16):
            through = key.data.hear(block)
            progress.advance(0 if key.data.of else through)
            over.discard(key)
        else:
            over.add(key)
    for key in over:
        running.unregister(key.fd)
        os.close(key.fd)
        yield key.data
    for key in running.get_map().values():
        key.data.look()
        if time.monotonic() - key.data.since > key.data.timeout:
            key.data.kill()


class Progress:
    """Says `@ done/total` on stdout now and then. Not fork_pool.py's: what that imports of the
    standard
    library would hide what the layer has of that name, as backports do."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.said, self.beaten = total, 0, 0, time.monotonic()

    def advance(self, more: int) -> None:
        self.done += more
        if self.total and self.done - self.said >= MARKED:
            self.said = self.done
            print(f"@ {self.done}/{self.total}", flush=True)

    def beat(self, names: "list[str]") -> None:
        """That this process is alive, and what is being tried (tasks/proof/probe.py)."""
        if time.monotonic() - self.beaten >= BEAT:
            self.beaten = time.monotonic()
            print("~", *names, flush=True)


# ---- prove --------------------------------------------------------------------------------------


def prove(opt: str, request: Answer, tmp: str = "") -> Answer:
    """`tmp`: a folder of this sandbox alone, which is emptied between tries that look into it."""
    batches = [
        Batch(name, [*(("import", module) for module in each["modules"]),
                     *(("load", path) for path in each["libraries"])],
              request["timeout"], tuple(each["outer"]), system=tuple(request["system"]))
        for name, each in request["batches"].items()
    ]  # fmt: skip
    try_imports.REPORTED.update(request.get("reported", {}))
    try_imports.PROGRAMS.update(request.get("programs", ()))
    pruned = try_imports.Pruned(request["gone"], request["touched"], request["bare"])
    clashes = standard(opt)
    preloaded = None if clashes else preload.Preloaded(RUNTIME)
    for batch in batches:
        batch.preloaded, batch.splits = preloaded, True
    run(opt, [batch for batch in batches if batch.left], pruned, shown=True)
    for batch in batches:
        again(opt, batch, pruned, tmp)
    hides = {name: how for name in clashes if (how := hiding(opt, name, request["timeout"]))}
    used = [name for name, how in hides.items() if how["used"]]
    for batch in batches:
        for name in set(owned(request, batch.name)) & set(used):
            if error := hides[name].pop("error", ""):
                batch.errors["import", name] = batch.errors.get(("import", name)) or error
    return {
        batch.name: {
            **result(opt, batch, request["batches"][batch.name]),
            "hides": {name: hides[name] for name in owned(request, batch.name) if name in hides},
            "hidden": dict(hidden(opt, batch, used, pruned)),
        }
        for batch in batches
    }


def again(opt: str, batch: Batch, pruned: "try_imports.Pruned", tmp: str = "") -> None:
    """Alone, with an empty /tmp: what failed as it does where time, memory or threads run out,
    and all of a distribution that looked at what others may have changed."""
    tries = list(batch.errors) if batch.shares else batch.unsure()
    if tries:
        alone(opt, batch, batch.anew(tries), pruned, tmp)
    for each in batch.apart() if batch.shares else []:
        alone(opt, batch, each, pruned, tmp)


def alone(opt: str, batch: Batch, more: Batch, pruned: "try_imports.Pruned", tmp: str) -> None:
    if tmp:
        empty(tmp)
    run(opt, [more], pruned, workers=1)
    batch.take(more)


def empty(folder: str) -> None:
    with os.scandir(folder) as entries:
        for each in entries:
            if each.is_dir(follow_symlinks=False):
                shutil.rmtree(each.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(each.path)  # noqa: PTH108


def result(opt: str, batch: Batch, asked_: Answer) -> Answer:
    imports = {name: error for (kind, name), error in batch.errors.items() if kind == "import"}
    loads = {name: error for (kind, name), error in batch.errors.items() if kind == "load"}
    return {
        "imports": dict(sorted(imports.items())),
        "loads": dict(sorted(loads.items())),
        "compiled": batch.compiled,
        "missed": sorted(batch.missed),
        "seconds": dict(sorted(batch.seconds.items())),
        "memory": dict(sorted(batch.memory.items())),
        "needs": dict(sorted(batch.needs.items())),
        "others": dict(sorted(batch.others.items())),
        "seen": {kind: sorted(names) for kind, names in sorted(batch.seen.items())},
        **read(opt, asked_),
    }


def read(opt: str, batch: Answer) -> Answer:
    """What its files tell, without running any."""
    root, folder = f"{opt}/python", batch["folder"]
    return {
        "metadata": metadata(Path(root, folder)) if folder else "",
        "elf": elf.read_all(root, [*batch["libraries"], *batch["programs"]]),
    }


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


# ---- what hides a standard module ---------------------------------------------------------------


def standard(opt: str) -> "list[str]":
    """Modules at the top of the layer that have the name of a standard one, which the path decides
    about: built-in and frozen ones are found before it, and a folder without __init__ behind it."""
    found = set()
    for path in Path(opt, "python").iterdir():
        name = path.name.partition(".")[0]
        is_module = path.suffix in (".py", ".pyc", ".so") or any(path.glob("__init__.*"))
        if is_module and name in sys.stdlib_module_names:
            found.add(name)
    finders = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter)
    return sorted(name for name in found if not any(each.find_spec(name) for each in finders))


def hiding(opt: str, name: str, timeout: float = TIMEOUT) -> Answer:
    """How this module of the layer hides the standard one. `lacks`: public names of that one.
    `error`: why it did not tell."""
    names = asked(lambda: public(name))
    if names is None:  # a Python that was built without
        return {}
    if name in RUNTIME:
        return {"used": False, "lacks": []}
    batch = Batch(name, [("lacks", " ".join([name, *names]))], timeout)
    run(opt, [batch], NOTHING)
    [error] = batch.errors.values()
    said = error.startswith(try_imports.LACKS)
    lacks = error.removeprefix(try_imports.LACKS).split() if said else []
    return {"used": True, "lacks": [each for each in names if each in lacks],
            "error": "" if said else error}  # fmt: skip


def public(name: str) -> "list[str]":
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None) or [each for each in dir(module) if each[:1] != "_"]
    return sorted(names)


def asked(what: Any) -> Any:
    """The answer, out of a process of its own. None where it fails. Nothing of the layer runs in
    it: what does, answers to a Batch."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            signal.alarm(10)
            os.write(writing, json.dumps(what()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None


def owned(request: Answer, name: str) -> "list[str]":
    """The distribution's outermost modules."""
    return [module for module in request["batches"][name]["modules"] if "." not in module]


def hidden(
    opt: str, batch: Batch, names: "list[str]", pruned: "try_imports.Pruned"
) -> "Iterator[tuple[str, str]]":
    """(module that failed, the standard module that the layer hides from it)"""
    for name in names:
        if failed := batch.failed():
            other = batch.anew(failed, first=(name,))
            run(opt, [other], pruned)
            works = [module for (_, module), error in other.errors.items() if not error]
            yield from ((module, name) for module in works)


# ---- check --------------------------------------------------------------------------------------


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
    try:
        if what.endswith(".py"):
            run_file(opt, what)
        else:
            in_function.use(opt)
            sys.argv = [what]
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def run_file(opt: str, path: str) -> None:
    """As Python runs a file, with no more imported than a function finds: runpy imports things."""
    code = compile(Path(path).read_bytes(), path, "exec")
    main = sys.modules["__main__"] = type(sys)("__main__")
    main.__file__ = path
    folder = str(Path(path).parent)
    try_imports.forget(RUNTIME)
    in_function.use(opt)
    sys.path.insert(0, folder)
    sys.argv = [path]
    exec(code, vars(main))  # noqa: S102 - the project's own check


def main(mode: str, opt: str, what: str, tmp: str = "") -> None:
    """Entry point. See the module's docstring."""
    if mode == "check":
        close_off()
        check(opt, what)
        return
    request = json.loads(Path(what).read_text(encoding="utf-8"))
    if request["alone"]:
        beside("alone").hide(opt)  # while it may still say who it is in there
        if covered := request.get("covered"):
            beside("alone").cover(covered, str(Path(what).with_name("empty")))
    close_off()
    print(f"= {json.dumps(prove(opt, request, tmp))}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
