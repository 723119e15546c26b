"""What one process of the proof does: tries names one after the other, and says what came of each.

For docker/probe.py, which loads it under no name that a module of the layer could have.
"""

import importlib
import importlib.machinery
import json
import os
import posix
import re
import resource
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

# ("import", module), ("load", path below python/) or ("lacks", module and names, with spaces)
Try = tuple[str, str]
MOST_SAID = 2000  # characters of an error: its first and its last ones
LACKS = "lacks:"  # begins the answer to the last kind
WITHOUT = ("_tkinter",)  # standard modules that Lambda's Python lacks (aws-lambda-base-images#70)
# {module: {attribute: what it is in Lambda}} where that is known and this machine has it otherwise
REPORTED: dict[str, dict[str, str]] = {}
PROGRAMS: set[str] = set()  # names of Lambda's, where this image may have others, too
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
COVERED = "file too short"  # the loader's words of what docker/alone.py has covered
NOT_THERE = "cannot open shared object file: No such file or directory"
# In lines that name what is not there, the first kind before the other.
REASONS = (("cannot open shared object", "No module named"), (".so",))
TRACEBACK = "Traceback (most recent call last)"
FEWEST = 64  # files that a process has to be able to open
DEEPEST = 20  # errors behind an error
REQUIRED = re.compile(r"(?i:field required)")  # pydantic's words, behind the field's name
GETTING = ("/os.py", "_collections_abc.py", "<frozen os>", "<frozen _collections_abc>")
STANDARD = (f"{os.path.dirname(os.__file__)}/", "<frozen ")  # noqa: PTH120 - Python's own code
TEMPFILE = f"{os.path.dirname(os.__file__)}/tempfile.py"  # noqa: PTH120
SITE = ("/site.py", "<frozen site>")
PASSING = (
    __file__, "/genericpath.py", "/posixpath.py", "<frozen genericpath>", "<frozen posixpath>",
)  # fmt: skip
LIB = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
FROZEN = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
PATHS = importlib.machinery.PathFinder
STAT, LSTAT = os.stat, os.lstat  # as they are before somebody watches them
HELD = ("least", "own", "all", "most")  # bytes: at first, and docker/memory.py's
SLOW = 0.001  # seconds; of what is faster nothing is said
STARTING = {
    "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen", "_thread.start_new_thread",
    "_thread.start_joinable_thread",
}  # events  # fmt: skip
MOST, FEW = 1024, 200  # processes and threads (AWS, "Lambda quotas"); of fewer nobody takes count
TOUCHING = {
    "open", "os.mkdir", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.link",
    "os.symlink", "os.rmdir", "os.mkfifo", "sqlite3.connect",
}  # events that have a path first  # fmt: skip
ASKING = (
    "stat", "lstat", "access", "readlink", "statvfs", "pathconf", "chroot", "mkfifo", "mknod",
)  # functions of which no audit event tells  # fmt: skip
TOLD = {
    "os.chmod", "os.chown", "os.getxattr", "os.link", "os.listxattr", "os.mkdir", "os.remove",
    "os.removexattr", "os.rename", "os.rmdir", "os.setxattr", "os.truncate", "os.utime",
}  # events of the others, with a path first  # fmt: skip
HIDING = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system",
    "cpython.PyInterpreterState_New", "ctypes.call_function", "ctypes.dlsym/handle",
}  # events of what may look at anything, and this process hears nothing of it  # fmt: skip
FOLLOWED = {
    "import", "open", "os.chdir", "os.symlink", "ctypes.dlsym", "subprocess.Popen",
}  # events of which some are followed by that  # fmt: skip
ENTRY_POINTS = ".dist-info/entry_points.txt"
ELSEWHERE = re.compile(r"/proc/.*/(?:root|cwd)(?:/|$)")  # other names of folders


def work(
    opt: str, tries: list[Try], pruned: "Pruned", answers: int, word: bytes,
    runtime: Collection[str], outer: Collection[str], first: Iterable[str] = (),
    system: Collection[str] = (), preloaded: Any = None, *, function: Any, memory: Any,
) -> None:  # fmt: skip
    """One line per try, which begins with `word`, then JSON: its number before, [number, error,
    compiled, missed, seen] after it. Between the two what its import took (`measured`).
    `runtime`: names of the modules that Lambda's runtime client has imported by now. `outer`: those
    that people import. `first`: modules to import before the layer is there. `system`: names of
    the libraries that Lambda's system has. `preloaded`: docker/preload.py's, or None. `function`:
    docker/in_function.py. `memory`: docker/memory.py."""
    hear_nothing()
    function.begin()
    compiled, watch = count_compiled(opt, pruned.bare), Watch(opt, pruned)
    forget(runtime)
    if preloaded:
        preloaded.provide()
    for name in first:
        importlib.import_module(name)
    lacking, unset = Lacking(opt, system), Unset()
    start(preloaded, lacking, unset, watch)
    function.use(opt)
    begun(preloaded, lacking, watch)
    before = loaded_files()
    broken = function.start_runtime()
    programs, room = Programs(), Room()
    for each in (programs, room):
        sys.addaudithook(each.hear)
    own, least = os.getpid(), memory.Peak().look()
    for number, (kind, name) in enumerate(tries):
        say(answers, word, number)
        began = time.perf_counter()
        error = broken or programs.added(attempt(opt, kind, name, unset))
        if os.getpid() != own:
            os._exit(0)  # an import that forks comes back twice; the first process goes on
        seconds = time.perf_counter() - began
        there = () if number else (least, *memory.held())
        if kind == "import" and not error and (took := measured(seconds, there)):
            say(answers, word, took)
        seen = watch.seen()
        if name in outer and not error:
            seen |= lacking.loaded(before)
        say(answers, word, [number, error, compiled(), sorted(watch.missed), seen])


def hear_nothing() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def start(preloaded: Any, *watching: Any) -> None:
    for each in watching:
        each.start()
    if preloaded:
        preloaded.renew()
        preloaded.settle()


def begun(preloaded: Any, lacking: "Lacking", watch: "Watch") -> None:
    """Finders of `.pth` files come behind ours and before the watch."""
    others = [each for each in sys.meta_path if each is not lacking and each is not watch]
    sys.meta_path[:] = [lacking, *others, watch]
    watch.begins = False
    if preloaded:
        preloaded.settle()


def libraries(opt: str, loaded: Iterable[str]) -> "set[str]":
    """Those of the layer among what this process has loaded, below python/."""
    prefix = f"{opt}/python/"
    return {path[len(prefix) :] for path in loaded if path.startswith(prefix)}


def loaded_files() -> "set[str]":
    """All that lies in this process's memory."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - no pathlib here: see forget()
        return {line[line.index("/") :].rstrip() for line in file if "/" in line}


def measured(seconds: float, there: "tuple[int, ...]") -> "dict[str, float]":
    """Of an import that takes long its seconds. Of the first one of a process its memory (HELD)."""
    took = {"seconds": round(seconds, 3)} if seconds >= SLOW else {}
    return took | dict(zip(HELD, there))  # noqa: B905 - none of another one


def forget(runtime: Collection[str]) -> None:
    """Of the standard library's modules, those that only this proof has imported: the layer's are
    found first where it has modules of these names, as in Lambda."""
    for name in [name for name in sys.modules if name not in runtime and name != "__main__"]:
        del sys.modules[name]
        package, _, part = name.rpartition(".")
        if package in sys.modules and hasattr(sys.modules[package], part):
            delattr(sys.modules[package], part)


def say(answers: int, word: bytes, value: object) -> None:
    block = b"\n" + word + b" " + json.dumps(value).encode() + b"\n"
    while block:
        block = block[os.write(answers, block) :]


def attempt(opt: str, kind: str, name: str, unset: "Unset") -> str:
    """'' or the error as one line."""
    try:
        if kind == "import":
            importlib.import_module(name)
        elif kind == "lacks":
            name, *names = name.split()
            module = importlib.import_module(name)
            return " ".join([LACKS, *(each for each in names if not hasattr(module, each))])
        else:
            import ctypes

            ctypes.CDLL(f"{opt}/python/{name}", mode=os.RTLD_NOW)
    except BaseException as error:
        try:
            return lowered() or explained(opt, error, unset)
        except BaseException:  # an error may be any object, which answers as it likes
            return f"{type(error).__name__}: "
    return lowered()


def lowered() -> str:
    """'' unless this process may open hardly any file from now on, which is an error of its own."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 0 <= most < FEWEST
    return f"OSError: the import lowered the limit of open files to {most}" if few else ""


def explained(opt: str, error: BaseException, unset: "Unset") -> str:
    """Type and first line, as Lambda has it, and what is behind it: library, module, variable."""
    line = "".join(told(error)[:1])
    reason = reason_of(error)
    line = cut(line) + (f" ({cut(reason)})" if reason not in line else "")
    line = f"{type(error).__name__}: {line}".replace(COVERED, NOT_THERE).replace(f"{opt}/", "/opt/")
    name = unset.behind(error, line) or unset_settings(error)
    return line + (f" [unset variable: {name}]" if name else "")


def cut(line: str) -> str:
    if len(line) <= MOST_SAID:
        return line
    return f"{line[: MOST_SAID // 2]} … {line[-MOST_SAID // 2 :]}"


def told(error: BaseException) -> "list[str]":
    """Its lines that say something, the one that says most first: no empty one, none of the
    traceback that a text may begin with."""
    lines = [each for each in str.splitlines(str(error)) if each.strip()]
    first = [each for each in lines if not each.startswith((TRACEBACK, " ", "\t"))][:1] or lines[:1]
    return [each.strip() for each in [*first, *(each for each in lines if each not in first)]]


def reason_of(error: BaseException) -> str:
    """What packages put into words of their own: the first line that names a library or module, of
    the error or of those that led to it. '' where none does."""
    lines = [line for each in led_to(error) for line in told(each)]
    found = (line for kind in REASONS for line in lines if any(words in line for words in kind))
    return next(found, "")


def led_to(error: "BaseException | None") -> "Iterator[BaseException]":
    """It, and what it was raised from or after."""
    for _ in range(DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def unset_settings(error: BaseException) -> str:
    """Variables that a pydantic class of settings requires, which looks through all of them and
    asks for none: '' for an error of anything else."""
    lines = told(error)
    found = re.match(r"\d+ validation errors? for (\w+)$", "".join(lines[:1]))
    kind: Any = found and class_in(error, found[1])
    config = getattr(kind, "model_config", None) or getattr(kind, "__config__", None)  # 2, 1
    prefix = setting(config, "env_prefix")
    if prefix is None:
        return ""
    missing = [lines[at - 1] for at, line in enumerate(lines) if REQUIRED.match(line)]
    fields: Any = getattr(kind, "model_fields", None) or getattr(kind, "__fields__", ())
    outer = [each.partition(".")[0] for each in missing]
    names = [f"{prefix * (each in fields)}{each}" for each in outer]  # or an alias
    return ", ".join(names if setting(config, "case_sensitive") else map(str.upper, names))


def setting(config: Any, name: str) -> Any:
    return config.get(name) if isinstance(config, dict) else getattr(config, name, None)


def class_in(error: BaseException, name: str) -> Any:
    """The class of that name, which code on the error's way has, or an object of it."""
    trace = error.__traceback__
    while trace:
        for value in [*trace.tb_frame.f_locals.values()]:
            kind: Any = value if isinstance(value, type) else type(value)
            if kind.__name__ == name:
                return kind
        trace = trace.tb_next
    return None


def count_compiled(opt: str, bare: Collection[str]) -> Callable[[], int]:
    """Counts modules below opt that Python compiles because no bytecode of theirs is valid. Not
    those of `bare`, paths below python/ that should have none."""
    original = importlib.machinery.SourceFileLoader.source_to_code
    prefix, count = f"{opt}/python/", 0

    def counted(self: Any, data: Any, path: Any, *more: Any, **named: Any) -> Any:
        nonlocal count
        name = str(path)
        count += name.startswith(prefix) and name[len(prefix) :] not in bare
        return original(self, data, path, *more, **named)

    importlib.machinery.SourceFileLoader.source_to_code = counted  # type: ignore[method-assign] # to count
    return lambda: count


class Pruned:
    """What is not as it was installed. `folders`: those that hold less than before. `bare`: modules
    without bytecode."""

    def __init__(
        self, modules: Iterable[str] = (), paths: Iterable[str] = (), bare: Iterable[str] = ()
    ) -> None:
        self.modules, self.paths = frozenset(modules), frozenset(paths)
        self.folders = frozenset(path.rpartition("/")[0] for path in self.paths) - {""}
        self.bare = frozenset(bare)


class Lacking:
    """Hides what this machine or image has and Lambda has not: modules of WITHOUT, and libraries
    that are loaded by their names (ctypes, which finds what is installed here). And lets
    modules of REPORTED tell what they do in Lambda."""

    def __init__(self, opt: str, system: Collection[str]) -> None:
        self._opt, self._system = opt, frozenset(system)
        here = (opt, os.path.dirname(os.__file__), os.environ.get("TMPDIR") or "/tmp")  # noqa: PTH120, S108 - no pathlib here
        self._layers = tuple(f"{each}/" for each in (here[0], here[2]))
        real = [
            os.path.realpath(each) for each in here
        ]  # as the folder that a process is in says it
        self._own = tuple(f"{each}/" for each in (*here, *real))

    def start(self) -> None:
        sys.meta_path.insert(0, self)
        if self._system:
            sys.addaudithook(self.hear)

    def find_spec(self, name: str, *_: object) -> Any:
        if name in WITHOUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name not in REPORTED:
            return None
        spec: Any = PATHS.find_spec(name)
        if spec and spec.loader:
            spec.loader = Reporting(spec.loader)
        return spec

    def hear(self, event: str, arguments: "tuple[object, ...]") -> None:
        if event == "ctypes.dlopen" and isinstance(arguments[0], (str, bytes)):
            name = os.fsdecode(arguments[0])
            if name and not self.has(name):
                raise OSError(f"{name}: {NOT_THERE}")

    def loaded(self, before: Collection[str]) -> "dict[str, list[str]]":
        """Libraries of the layer, and those that were loaded since and are none of the layer's."""
        there = loaded_files()
        new = there.difference(before) if self._system else ()
        others = [x for x in new if ".so" in x and not x.startswith(self._layers)]
        return {"loaded": sorted(libraries(self._opt, there)), "others": sorted(others)}

    def has(self, name: str) -> bool:
        """Does Lambda: its system, its Python, the layer, what an import put into /tmp?"""
        file = name.rpartition("/")[2]
        place = resolved(name) if "/" in name else ""  # else it is looked for
        if place.startswith(self._own) or file in self._system or file.startswith("libpython"):
            return True
        return any(file == each.rpartition("/")[2] for each in libraries(self._opt, loaded_files()))


class Reporting:
    """Loads a module that says of Lambda's libraries, not of this machine's."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        for name, value in REPORTED[module.__name__].items():
            setattr(module, name, value)


class Unset:
    """Notes the environment variables that are asked for and not set, to tell which of them an
    error is about: one that it names, or the None that its code got in the place of a value."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._nones: dict[str, str] = {}  # {file: the last that it got None for}

    def start(self) -> None:
        kind: Any = type(os.environ)
        original = kind.__getitem__

        def ask(environ: Any, key: Any) -> Any:
            try:
                return original(environ, key)
            except KeyError:
                self.note(os.fsdecode(key))
                raise

        kind.__getitem__ = ask

    def note(self, name: str) -> None:
        self._names[name] = None
        frame: Any = sys._getframe(2)
        if frame.f_code.co_name == "get" and frame.f_locals.get("default") is None:
            while frame and frame.f_code.co_filename.endswith(GETTING):
                frame = frame.f_back
            if frame:
                self._nones[frame.f_code.co_filename] = name

    def behind(self, error: BaseException, line: str) -> str:
        """'' where none is."""
        named = [name for name in self._names if re.search(rf"\b{re.escape(name)}\b", line)]
        if named:
            return max(named, key=len)
        of_none = "NoneType" in line or line.startswith("AssertionError")
        if isinstance(error, AttributeError) and not hasattr(str, str(error.name)):
            of_none = False  # a value has no such thing, either
        return self._nones.get(raised_in(error), "") if of_none else ""


def raised_in(error: BaseException) -> str:
    """The file of the innermost code that is not the standard library's."""
    files, trace = [""], error.__traceback__
    while trace:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return [each for each in files if not each.startswith(STANDARD)][-1]


class Room:
    """The processes and threads that Lambda has room for, where nobody else sets that limit: on a
    machine one of a user's counts all that the user runs. Few are not counted."""

    def __init__(self) -> None:
        self._started, self._next = 0, FEW

    def hear(self, event: str, _: object) -> None:
        if event not in STARTING:
            return
        self._started += 1
        if self._started < self._next:
            return
        room = MOST - threads()
        self._next = self._started + max(room, 1)  # before that there is no need to count
        if room < 0:
            if event.startswith("_thread"):
                raise RuntimeError("can't start new thread")
            raise BlockingIOError(11, "Resource temporarily unavailable")


def threads() -> int:
    """Of all processes of this one's group: each try has a group of its own."""
    group, found = str(os.getpgrp()), 0
    for process in os.listdir("/proc"):  # noqa: PTH208 - no pathlib here: see forget()
        if process.isdecimal():
            try:
                with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            found += int(fields[17]) if fields[2] == group else 0  # proc(5)
    return found


class Programs:
    """Which ones an import starts that are not there. Whoever catches the system's error often says
    no more than a name: the error gets it in words that can be told from others."""

    def __init__(self) -> None:
        self._missing: list[str] = []

    def hear(self, event: str, arguments: "tuple[object, ...]") -> None:
        if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
            path = arguments[0]
            if isinstance(path, (str, bytes, os.PathLike)) and not is_program(os.fsdecode(path)):
                self._missing.append(os.fsdecode(path).rpartition("/")[2])
        if event == "subprocess.Popen" and is_nowhere(arguments):
            raise FileNotFoundError(2, "No such file or directory", arguments[0])  # no fork for it

    def added(self, error: str) -> str:
        """To the error of what was tried since this was called last."""
        missing, self._missing = self._missing, []
        named = [x for x in missing if re.search(rf"(?<!\w){re.escape(x)}(?!\w)", error, re.I)]
        return f"{error} (there is no program {named[0]})" if named else error


def is_nowhere(popen: "tuple[Any, ...]") -> bool:
    """Is there certainly no such program? `popen`: what its event tells."""
    name, _, _, environment = popen
    return (
        isinstance(name, str) and "/" not in name and environment is None and not is_program(name)
    )


def is_program(path: str) -> bool:
    """Is there one? Without a folder it is looked for as the system does, if Lambda has it."""
    folders = [""] if "/" in path else [f"{each}/" for each in os.get_exec_path()]
    if PROGRAMS and path not in PROGRAMS:
        folders = [each for each in folders if each.rstrip("/") not in FOLDERS]
    return any(os.access(f"{folder}{path}", os.X_OK) for folder in folders)


class Watch:
    """Fills `missed` with what of `pruned` is looked for: imported, opened, listed or asked about.
    And notes all that tries look at in the layer, so that it is known what their answers rest on:
    `read`, folders of files. `listed`, folders ('': the whole layer). `absent`, modules and paths
    that are not there, but perhaps behind it. `asked`, distributions whose metadata somebody wants
    ('': everybody's names and entry points). `found`, folders of namespaces. Whatever it cannot
    follow rests on the whole layer, too: a process beside it, a name by way of a descriptor, of the
    folder it is in or of a link, a function of C that is called by its name."""

    def __init__(self, opt: str, pruned: Pruned) -> None:
        self.missed: set[str] = set()
        self.read, self.listed, self.absent = set[str](), set[str](), set[str]()
        self.asked, self.found = set[str](), set[str]()
        self.begins = (
            True  # are the `.pth` files of all, which are in each proof's key, being read?
        )
        self.shares = False  # has it looked at what others may have changed: /tmp, ports?
        kinds = ("read", "listed", "absent", "asked", "found")
        self._told: dict[str, set[str]] = {kind: set() for kind in kinds}
        self._pruned, self._root = pruned, f"{opt}/python"
        self._prefix = f"{self._root}/"
        self._tmp = tuple({"/tmp/", f"{os.environ.get('TMPDIR') or '/tmp'}/"})  # noqa: S108
        ours = (opt, sys.prefix, sys.base_prefix, os.environ.get("LAMBDA_RUNTIME_DIR") or opt)
        self._ours = tuple(f"{each}/" for each in ours)  # a checkout may lie in /tmp
        self._known = pruned.paths | pruned.folders

    def start(self) -> None:
        sys.meta_path.append(self)  # the last, and it never finds anything
        sys.addaudithook(self.hear)
        watch_finders(self)
        for name in ASKING:
            original = getattr(os, name)
            noting = Noting(self, original)
            setattr(os, name, noting)
            setattr(posix, name, noting)
            for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks,
                         os.supports_effective_ids):  # fmt: skip
                able |= {noting} if original in able else set()

    def doubt(self) -> None:
        """It may have looked at anything."""
        self.listed.add("")

    def seen(self) -> "dict[str, list[str]]":
        """What was not told before."""
        if has_children():
            self.doubt()
        new = {}
        for kind, told in self._told.items():
            if names := getattr(self, kind) - told:
                told |= names
                new[kind] = sorted(names)
        return new | ({"shares": []} if self.shares else {})

    def find_spec(self, name: str, *_: object) -> None:
        self.absent.add(name)
        if name in self._pruned.modules:
            self.missed.add(name)

    def hear(self, event: str, arguments: "tuple[object, ...]") -> None:
        if event == "socket.bind":
            self.shares = self.shares or is_port(arguments[1])
        elif event in TOUCHING and self.is_shared(arguments[0]):
            self.shares = True
        if event in HIDING or (event in FOLLOWED and self.is_lost(event, arguments)):
            self.doubt()
        self.note(event, arguments)

    def note(self, event: str, arguments: "tuple[object, ...]") -> None:
        if event == "open":
            self.opened(arguments[0])
            if not (is_import_system() and str(arguments[0]).endswith(".pyc")):
                self.misses(arguments[0])
        elif event in TOLD:
            self.asked_about(arguments[0])
            self.misses(arguments[0])
        elif event == "import" and (name := self.below(arguments[1])):
            self.read.add(place_of(name))  # a library: it is there, stripped or not
        elif event in ("os.listdir", "os.scandir") and not is_import_system():
            self.lists(arguments[0])

    def is_lost(self, event: str, arguments: "tuple[Any, ...]") -> bool:
        """Does what follows go unheard?"""
        first, second = arguments[:2] if event != "os.chdir" else (arguments[0], None)
        if event == "subprocess.Popen":
            return not is_nowhere(arguments)
        if event == "import":
            return bool(first == "posix")  # anew, as it was
        if event == "ctypes.dlsym":
            library = self.below(getattr(first, "_name", None))
            return library is None and not str(second).startswith(("Py", "_Py"))
        if event == "open":  # a folder, for functions that take a descriptor
            return second is None and self.holds(first) and is_folder(first)
        if event == "os.symlink":
            return self.holds(f"{os.fsdecode(second)}/../{os.fsdecode(first)}") or self.holds(first)
        return self.below(first) is not None

    def holds(self, path: object) -> bool:
        """Is it of the layer, or does the layer lie in it?"""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        return self.below(path) is not None or f"{self._root}/".startswith(
            f"{resolved(os.fsdecode(path)).rstrip('/')}/"
        )

    def misses(self, path: object) -> None:
        """Note what is not there."""
        name = self.below(path)
        if name and not exists(path):
            self.absent.add(name)

    def is_behind(self, origin: "str | None") -> bool:
        """Does a module lie behind the layer on sys.path? Of the standard library none is noted."""
        if not origin or (origin.startswith(STANDARD) and "/site-packages/" not in origin):
            return False
        return self.below(origin) is None

    def finds(self, name: str, spec: Any) -> None:
        """Of a module that somebody only looks for."""
        if spec is None:
            self.find_spec(name)
        elif spec.loader and spec.origin:
            self.asked_about(spec.origin)
        else:
            places = (self.below(each) for each in spec.submodule_search_locations or ())
            self.found.update(each for each in places if each)

    def opened(self, path: object) -> None:
        name = self.below(path)
        if not name:
            return
        if name in self._pruned.paths:
            self.missed.add(name)
        if "" in self.asked and name.endswith(ENTRY_POINTS):
            return  # everybody's: which version's folder they lie in is nothing that it asked for
        if name.endswith(".pth") and self.begins_in(name.rpartition("/")[0]):
            return
        self.read.add(place_of(name))

    def lists(self, path: object) -> None:
        name = self.below(path)
        if name is None:
            return
        if self.begins_in(name):
            return
        if name in self._pruned.folders:
            self.missed.add(name)
        if name or wanted_metadata() is None:
            self.listed.add(name)

    def asked_about(self, path: object) -> "str | None":
        """As `below`."""
        name = self.below(path)
        if name is not None and self.begins_in(name):
            return None
        if name is not None:
            self.looks(name)
        self.shares = self.shares or self.is_shared(path)
        return name

    def begins_in(self, folder: str) -> bool:
        """Is it where each function looks for `.pth` files? Those are in the key of each proof."""
        return self.begins and folder in ("", LIB) and is_site()

    def looks(self, name: str) -> None:
        if name in self._known:
            self.missed.add(name)
        if name:
            self.read.add(place_of(name))
            return
        wanted = wanted_metadata()
        if wanted is not None:
            watch_folder_names(self)
            self.asked.add(wanted)

    def is_shared(self, path: object) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        name = os.fsdecode(path)
        if sys._getframe(2).f_code.co_filename == TEMPFILE:
            return False  # whose names nobody else has
        return name.startswith(self._tmp) and not f"{name}/".startswith(self._ours)

    def below(self, path: object) -> "str | None":
        """Relative to the layer, '' for all of it. None for what is not of it."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        name = resolved(os.fsdecode(path))
        if not name.startswith(self._root):
            if ELSEWHERE.match(name):
                self.doubt()
            return None
        if name.startswith(self._prefix):
            return name[len(self._prefix) :].rstrip("/")
        return "" if name == self._root else None


class Noting:
    """A function of `os` that asks about a path, and tells. To others it is what it was: no method
    where it stands in a class, and pickled by its name."""

    def __init__(self, watch: Watch, asking: Callable[..., Any]) -> None:
        self._watch, self.__wrapped__ = watch, asking
        self.__name__ = self.__qualname__ = asking.__name__
        self.__module__, self.__doc__ = "os", asking.__doc__

    def __call__(self, path: Any, *more: Any, **named: Any) -> Any:
        name = self._watch.asked_about(path)
        found: Any = False
        try:
            found = self.__wrapped__(path, *more, **named)
        finally:
            if name and found is False:  # as os.access says it
                self._watch.absent.add(name)
        return found

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__


def watch_finders(watch: Watch) -> None:
    """Those that code may ask without importing what they find. What they themselves look at on an
    import's way is nothing to note."""
    external: Any = sys.modules["_frozen_importlib_external"]
    external._os = SimpleNamespace(**vars(posix))
    of_path, of_folder = external.PathFinder.find_spec, external.FileFinder.find_spec

    def find_spec(_: object, fullname: str, path: Any = None, target: Any = None) -> Any:
        spec = of_path(fullname, path, target)
        is_import = sys._getframe(2).f_code.co_name == "_find_and_load_unlocked"
        if not is_import or (spec and spec.loader is None):  # a namespace: it opens no file
            watch.finds(fullname, spec)
        if spec and watch.is_behind(spec.origin):
            watch.find_spec(fullname)  # a layer that comes to have one of this name is asked first
        return spec

    def find_in_folder(self: Any, fullname: str, target: Any = None) -> Any:
        spec = of_folder(self, fullname, target)
        folder = None if sys._getframe(1).f_code.co_filename in FROZEN else watch.below(self.path)
        if folder is not None:
            parts = [*folder.split("/"), fullname.rpartition(".")[2]]
            watch.finds(".".join(filter(None, parts)), spec)
        return spec

    find_in_folder.__name__ = find_spec.__name__
    external.PathFinder.find_spec, external.FileFinder.find_spec = (
        classmethod(find_spec), find_in_folder,
    )  # fmt: skip


class FolderName:
    """The attribute in which importlib.metadata keeps a package's folder. The folder's name has the
    version, and nobody need have asked for that."""

    def __init__(self, watch: Watch, kind: type) -> None:
        self._watch, self._file = watch, kind.__init__.__code__.co_filename  # type: ignore[misc]

    def __get__(self, distribution: Any, _: object = None) -> Any:
        if distribution is None:
            return self
        if sys._getframe(1).f_code.co_filename != self._file:
            self._watch.doubt()
        try:
            return vars(distribution)["_path"]
        except KeyError:
            raise AttributeError("_path") from None

    def __set__(self, distribution: Any, path: object) -> None:
        vars(distribution)["_path"] = path


def watch_folder_names(watch: Watch) -> None:
    for name in ("importlib.metadata", "importlib_metadata"):
        kind: Any = getattr(sys.modules.get(name), "PathDistribution", None)
        if kind and "_path" not in vars(kind):
            kind._path = FolderName(watch, kind)


def has_children() -> bool:
    """Has this process had any, whoever started them?"""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return any(resource.getrusage(resource.RUSAGE_CHILDREN))
    return True


def exists(path: Any) -> bool:
    try:
        LSTAT(path)
    except (OSError, ValueError):
        return False
    return True


def is_folder(path: Any) -> bool:
    try:
        return stat.S_ISDIR(STAT(path).st_mode)
    except (OSError, ValueError):
        return False


def resolved(name: str) -> str:
    """Absolute, without detours. Links are followed nowhere."""
    if name[:1] == "/" and "/." not in name and "//" not in name:
        return name
    try:
        return os.path.normpath(os.path.join(os.getcwd(), name))  # noqa: PTH109, PTH118 - no pathlib here
    except OSError:
        return name  # the folder that this process is in has gone


def is_port(address: object) -> bool:
    """One that somebody else may have. 0: any that is free."""
    return not (isinstance(address, tuple) and len(address) > 1 and address[1] == 0)


def place_of(name: str) -> str:
    """The folder that a file lies in, of bytecode its module's. At the top the file itself."""
    folder, _, file = name.rpartition("/")
    if folder.rpartition("/")[2] == "__pycache__":
        folder = folder.rpartition("/")[0]
        file = f"{file.partition('.')[0]}.py"
    return folder or file


def wanted_metadata() -> "str | None":
    """Whose metadata importlib.metadata looks for just now: '' for everybody's. None where it is
    not what asks. It lists the folder, and picks from that (FastPath.search)."""
    frame: Any = sys._getframe(2)
    for _ in range(8):
        frame = frame.f_back
        if frame is None:
            return None
        code = frame.f_code
        if code.co_name == "search" and "importlib" in code.co_filename:
            return getattr(frame.f_locals.get("name"), "normalized", None) or ""
    return None


def is_import_system() -> bool:
    """It lists each folder, and asks the finders for what it wants."""
    return sys._getframe(3).f_code.co_filename.startswith("<frozen importlib")


def is_site() -> bool:
    """Does it look for the folders of sys.path and for their `.pth` files?"""
    frame: Any = sys._getframe(2)
    while frame and frame.f_code.co_filename.endswith(PASSING):
        frame = frame.f_back
    return bool(frame) and frame.f_code.co_filename.endswith(SITE)
