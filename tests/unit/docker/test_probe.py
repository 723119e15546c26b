"""docker/probe.py by itself: processes that die or hang, what comes back, what is missed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import deflate
import pytest

from tasks.layer.installed import Installed
from tasks.proof import cache
from tests import sandbox_scripts, stored_parts

SCRIPT = sandbox_scripts.FOLDER / "probe.py"
LIBRARY = next(Path(deflate.__file__).parent.glob("*.so"))  # any real one will do


@pytest.fixture
def probe() -> ModuleType:
    """The script as a module; its children are real processes."""
    return sandbox_scripts.load("probe")


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    (tmp_path / "python").mkdir()
    return tmp_path


def lay(opt: Path, **modules: str) -> None:
    for name, text in modules.items():
        (opt / "python" / f"{name}.py").write_text(text, encoding="utf-8")


def tried(
    probe: Any, opt: Path, *tries: tuple[str, str], modules: Sequence[str] = (),
    paths: Sequence[str] = (), bare: Sequence[str] = (), timeout: float = 60.0,
) -> Any:  # fmt: skip
    """A batch that is through."""
    batch = probe.Batch("d", list(tries), timeout)
    probe.run(str(opt), [batch], probe.try_imports.Pruned(modules, paths, bare))
    return batch


def imported(probe: Any, opt: Path, *names: str) -> dict[str, str]:
    errors = tried(probe, opt, *(("import", name) for name in names)).errors
    return {name: error for (_, name), error in errors.items()}


def test_each_module_gets_its_answer(probe: ModuleType, opt: Path) -> None:
    """'' or one line; what is printed does not mix in."""
    lay(opt, good="print('{\"name\": 1}')", bad="raise ValueError('two\\nlines')")
    assert imported(probe, opt, "good", "bad", "gone") == {
        "good": "",
        "bad": "ValueError: two",
        "gone": "ModuleNotFoundError: No module named 'gone'",
    }


def test_a_crash_costs_one_module(probe: ModuleType, opt: Path) -> None:
    """A signal, an exit; those behind it are answered by another process."""
    lay(
        opt,
        crash="import faulthandler, os; faulthandler.disable(); os.kill(os.getpid(), 11)",
        leave="import os; os._exit(0)",
        good="",
    )
    assert imported(probe, opt, "crash", "leave", "good") == {
        "crash": "exit status -11",
        "leave": "exit status 0",
        "good": "",
    }


def test_an_import_that_forks_is_tried_once(probe: ModuleType, opt: Path) -> None:
    """Both processes come back from it, and one of them goes on: gevent's tests, daemons."""
    slow = "import os, time\nif os.fork() == 0:\n    time.sleep(0.2)\ntime.sleep(0.01)\n"
    lay(opt, forks=slow, twice=f"{slow}os.fork()\n", good="import time\ntime.sleep(0.5)\n")
    found = imported(probe, opt, "forks", "twice", "good")
    assert found == {"forks": "", "twice": "", "good": ""}


def test_a_hang_costs_one_module(probe: ModuleType, opt: Path) -> None:
    """After `timeout` seconds."""
    lay(opt, hang="import time; time.sleep(600)", good="")
    errors = tried(probe, opt, ("import", "hang"), ("import", "good"), timeout=1.0).errors
    assert errors == {("import", "hang"): "no end after 1 s", ("import", "good"): ""}


def test_what_lies_in_a_package_that_has_no_end_is_not_waited_for(
    probe: ModuleType, opt: Path
) -> None:
    """It has none, either."""
    (opt / "python/slow").mkdir()
    (opt / "python/slow/__init__.py").write_text("import time; time.sleep(600)", encoding="utf-8")
    lay(opt, slower="")
    names = ("slow", "slow.a", "slow.b.c", "slower")
    errors = tried(probe, opt, *(("import", name) for name in names), timeout=1.0).errors
    assert [errors["import", name] for name in names] == [*["no end after 1 s"] * 3, ""]


def test_what_had_no_end_is_tried_once_more_alone(probe: Any, opt: Path, tmp_path: Path) -> None:
    """The machine may have been busy: the second time decides."""
    text = f"import os, time\nmark = {str(tmp_path / 'mark')!r}\n"
    text += "again = os.path.exists(mark)\nopen(mark, 'a').close()\nagain or time.sleep(600)\n"
    lay(opt, busy=text, hang="import time; time.sleep(600)")
    batch = tried(probe, opt, ("import", "busy"), ("import", "hang"), timeout=1.0)
    assert batch.errors["import", "busy"] == "no end after 1 s"
    probe.again(str(opt), batch, probe.NOTHING)
    assert batch.errors == {("import", "busy"): "", ("import", "hang"): "no end after 1 s"}


ENDS = {
    "crash": "import faulthandler, os; faulthandler.disable(); os.kill(os.getpid(), 11)",
    "interrupt": "raise KeyboardInterrupt",
    "threads": 'raise RuntimeError("can\'t start new thread")',
    "time": "raise TimeoutError",
}


@pytest.mark.parametrize("end", ENDS)
def test_what_a_shortage_ends_is_tried_once_more_alone(
    probe: Any, opt: Path, tmp_path: Path, end: str
) -> None:
    """numpy crashes where OpenBLAS gets no thread, or is interrupted."""
    text = f"import os\nmark = {str(tmp_path / 'mark')!r}\nagain = os.path.exists(mark)\n"
    lay(opt, pkg=f"{text}open(mark, 'a').close()\nif not again:\n    {ENDS[end]}\n")
    batch = tried(probe, opt, ("import", "pkg"))
    assert batch.errors["import", "pkg"]
    probe.again(str(opt), batch, probe.NOTHING)
    assert batch.errors == {("import", "pkg"): ""}


def test_a_try_sees_two_processors(probe: Any, opt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many, others than its neighbours do, so that all are at work."""
    seen = [probe.processors(slot, {*range(10, 18)}) for slot in range(9)]
    assert seen[:2] + seen[7:] == [{10, 11}, {11, 12}, {17, 10}, {10, 11}]
    assert probe.processors(5, {3}) == {3}
    one = min(os.sched_getaffinity(0))
    monkeypatch.setattr(probe, "processors", lambda slot: {one})
    lay(opt, alone="import os\nassert len(os.sched_getaffinity(0)) == 1")
    assert imported(probe, opt, "alone") == {"alone": ""}


def test_an_import_that_lowers_the_limit_of_files_is_told(probe: Any, opt: Path) -> None:
    """Nothing can be opened after it, by the test neither: no exit of its own."""
    code = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
    lay(opt, low=code, more=f"{code}open('/dev/null')")
    batch = tried(probe, opt, ("import", "low"))
    batches = [batch, tried(probe, opt, ("import", "more"))]
    assert {error for each in batches for error in each.errors.values()} == {
        "OSError: the import lowered the limit of open files to 3"
    }


def test_a_thread_that_an_import_starts_is_not_waited_for(probe: ModuleType, opt: Path) -> None:
    """Some packages start one that never ends."""
    lay(
        opt, busy="import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()"
    )
    assert imported(probe, opt, "busy") == {"busy": ""}


def test_compiling_is_counted_only_below_opt(probe: ModuleType, opt: Path) -> None:
    """Nothing is written there; what a process that died had compiled counts too."""
    lay(opt, a="import b", b="import json.tool", crash="import os; os._exit(3)", c="")
    assert tried(probe, opt, ("import", "a")).compiled == 2
    assert tried(probe, opt, *(("import", name) for name in ("a", "crash", "c"))).compiled == 3
    assert not (opt / "python/__pycache__").exists()


def test_batches_are_all_answered(
    probe: ModuleType, opt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than processes at a time."""
    monkeypatch.setattr(probe, "WORKERS", 2)
    lay(opt, **{f"m{n}": "" for n in range(5)})
    batches = [probe.Batch(f"d{n}", [("import", f"m{n}")]) for n in range(5)]
    probe.run(str(opt), batches, probe.NOTHING)
    assert [each.errors for each in batches] == [{("import", f"m{n}"): ""} for n in range(5)]


def test_libraries_are_loaded(probe: ModuleType, opt: Path) -> None:
    """Below python/, by their paths; the loader's message says what is wrong."""
    (opt / "python/good.so").write_bytes(LIBRARY.read_bytes())
    (opt / "python/bad.so").write_bytes(b"no library")
    errors = tried(probe, opt, ("load", "good.so"), ("load", "bad.so")).errors
    assert errors["load", "good.so"] == ""
    assert "bad.so" in errors["load", "bad.so"]


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("try: import gone\nexcept ImportError: pass", ["gone"]),
        ("import importlib.util; importlib.util.find_spec('gone')", ["gone"]),
        ("try: open(HERE + '/d/x.txt')\nexcept OSError: pass", ["d/x.txt"]),
        ("import os; os.path.exists(HERE + '/d/x.txt')", ["d/x.txt"]),
        ("import pathlib; pathlib.Path(HERE, 'd/x.txt').is_file()", ["d/x.txt"]),
        ("import os; os.listdir(HERE + '/d')", ["d"]),
        ("import glob; glob.glob(HERE + '/d/*.txt')", ["d"]),
        ("import os; os.path.exists(HERE + '/d/kept.txt'); import kept", []),
    ],
)
def test_what_is_looked_for_and_gone_is_missed(
    probe: ModuleType, opt: Path, text: str, missed: list[str]
) -> None:
    """Even where the module gets over it; the rest of the layer is none of it."""
    (opt / "python/d").mkdir()
    (opt / "python/d/kept.txt").write_text("", encoding="utf-8")
    lay(opt, kept="", a=f"HERE = {str(opt / 'python')!r}\n{text}")
    batch = tried(probe, opt, ("import", "a"), modules=["gone"], paths=["d/x.txt"])
    assert batch.errors == {("import", "a"): ""}
    assert batch.missed >= set(missed)
    assert batch.missed if missed else not batch.missed


def test_python_listing_a_folder_to_import_misses_nothing(probe: ModuleType, opt: Path) -> None:
    """Every import does."""
    (opt / "python/p").mkdir()
    for name in ("__init__", "a"):
        (opt / f"python/p/{name}.py").write_text("", encoding="utf-8")
    assert tried(probe, opt, ("import", "p.a"), paths=["p/gone.py"]).missed == set()


LOOKS = {
    "exists": "os.path.exists(B)", "access": "os.access(B, os.F_OK)",
    "is_dir": "pathlib.Path(B).is_dir()",
    "open": "open(B + '/__init__.py')", "os.open": "os.open(B + '/__init__.py', os.O_RDONLY)",
    "posix": "import posix\nfrom posix import stat\nstat(B)", "statvfs": "os.statvfs(B)",
    "posix anew": "import sys\ndel sys.modules['posix']\nimport posix\nposix.stat(B)",
    "readlink": "os.readlink(B)", "mkdir": "os.mkdir(B + '/__init__.py')", "utime": "os.utime(B)",
    "listxattr": "os.listxattr(B)", "listdir": "os.listdir(B)",
    "rename": "os.rename(B + '/__init__.py', B + '/no/x')",
    "descriptor": "os.listdir(os.open(D, os.O_RDONLY))",
    "scan of one": "list(os.scandir(os.open(D, os.O_RDONLY)))",
    "dir_fd": "os.stat('b', dir_fd=os.open(D, os.O_PATH))",
    "dir_fd above": "os.stat(D[1:] + '/b', dir_fd=os.open('/', os.O_PATH))",
    "chdir": "os.chdir(D)\nos.path.isdir('b')", "up": "os.path.isdir(D + '/../python/b')",
    "relative": "os.path.isdir(os.path.relpath(D + '/b'))",
    "link": "import tempfile\nx = tempfile.mkdtemp() + '/x'\nos.symlink(D, x)\nos.stat(x + '/b')",
    "proc": "os.stat('/proc/self/root' + B)", "walk": "next(os.walk(D))",
    "glob": "import glob\nglob.glob('b*', root_dir=D)",
    "import": "import b", "find_spec": "import importlib.util\nimportlib.util.find_spec('b')",
    "path finder": "import importlib.machinery as m\nm.PathFinder.find_spec('b')",
    "file finder": "import sys\nsys.path_importer_cache[D].find_spec('b')",
    "own finder": "import sys\nsys.path_hooks[-1](D).find_spec('b')",
    "get_data": "__loader__.get_data(B + '/__init__.py')",
    "pkgutil": "import pkgutil\nlist(pkgutil.iter_modules([D]))",
    "metadata": "import importlib.metadata as m\nlist(m.distributions())",
    "ctypes": "import ctypes\nctypes.CDLL(None).access(B.encode(), 0)",
    "program": "import subprocess\nsubprocess.run(['test', '-e', B])",
    "system": "os.system('true')",
    "fork": "p = os.fork()\nif not p: os._exit(0)\nos.waitpid(p, 0)",
    "no word of it": "import multiprocessing.util as u\n"
    "os.waitpid(u.spawnv_passfds(b'/bin/true', ['true'], ()), 0)",
    "thread": "import threading\nt = threading.Thread(target=os.path.exists, args=(B,))\n"
    "t.start()\nt.join()",
}  # fmt: skip


@pytest.mark.parametrize("there", [False, True], ids=["gone", "there"])
def test_an_answer_rests_on_what_was_looked_for_in_whatever_way(
    probe: ModuleType, opt: Path, there: bool
) -> None:
    """It holds in no layer that has the other one, or has it not."""
    found = [stored_parts.distribution("a", {f"w{number}.py": "" for number in range(len(LOOKS))})]
    looks = [cache.Look(Installed(tuple(found)), {"a": "1"}, [*found[0].files])]
    found += [stored_parts.distribution("b", {"b/__init__.py": ""})]
    more = [*found[0].files, "b/__init__.py"]
    looks += [cache.Look(Installed(tuple(found)), {"a": "1", "b": "1"}, more)]
    for number, code in enumerate(LOOKS.values()):
        text = f"import os, pathlib\nD = {str(opt / 'python')!r}\nB = D + '/b'\ntry:\n    "
        text += code.replace("\n", "\n    ") + "\nexcept (OSError, ImportError): pass\n"
        lay(opt, **{f"w{number}": text})
    if there:
        (opt / "python/b").mkdir()
        (opt / "python/b/__init__.py").touch()
    batches = [probe.Batch(way, [("import", f"w{n}")]) for n, way in enumerate(LOOKS)]
    probe.run(str(opt), batches, probe.NOTHING)
    assert {each.name: error for each in batches for error in each.errors.values() if error} == {}
    here, other = looks[there], looks[not there]
    rests = {each.name: here.rests(each.seen, {"a"}) for each in batches}
    assert [
        way for way, each in rests.items() if all(other.at(x) == y for x, y in each.items())
    ] == []


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("m.entry_points(group='x')", {"asked": [""]}),
        ("[each.entry_points for each in m.distributions()]", {"asked": [""]}),
        ("[each.version for each in m.distributions()]",
         {"asked": [""], "read": ["b-1.dist-info"]}),
        ("[str(each._path) for each in m.distributions()]", {"asked": [""], "listed": [""]}),
        ("m.version('b')", {"asked": ["b"], "read": ["b-1.dist-info"]}),
        ("open(D + '/b-1.dist-info/entry_points.txt')", {"read": ["b-1.dist-info"]}),
    ],
)  # fmt: skip
def test_everybodys_entry_points_are_not_everybodys_files(
    probe: ModuleType, opt: Path, code: str, seen: dict[str, list[str]]
) -> None:
    """What else is read of their metadata is noted, and so is a folder's name: it has the
    version."""
    dist_info(opt, "b-1", METADATA="Name: b\nVersion: 1\n", entry_points_txt="[x]\ny = b:c\n")
    lay(opt, a=f"import importlib.metadata as m\nD = {str(opt / 'python')!r}\n{code}\n")
    batch = tried(probe, opt, ("import", "a"))
    elsewhere = {"a.py", "lib/python3.12", "lib/python3.12/site-packages"}  # also on sys.path
    found = {kind: sorted(names - elsewhere) for kind, names in batch.seen.items()}
    assert batch.errors == {("import", "a"): ""}
    assert {kind: names for kind, names in found.items() if names and kind != "absent"} == seen


def test_a_program_that_lambda_has_not_is_nowhere(
    probe: ModuleType, opt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this image has: numpy.testing asks for `lscpu`, and would rest on all it may look
    at."""
    monkeypatch.setattr(probe.try_imports, "PROGRAMS", {"cat"})
    code = "import subprocess\ntry: subprocess.run(['env'])\n"
    lay(opt, a=f"{code}except FileNotFoundError as error: assert error.filename == 'env'\n",
        b="import subprocess\nsubprocess.run(['cat', '/dev/null'], check=True)\n")  # fmt: skip
    batch = tried(probe, opt, ("import", "a"))
    assert (batch.errors, batch.seen) == ({("import", "a"): ""}, {"read": {"a.py"}})
    assert tried(probe, opt, ("import", "b")).errors == {("import", "b"): ""}


def test_a_program_that_is_nowhere_has_looked_at_nothing(probe: ModuleType, opt: Path) -> None:
    """Nor is a process made for it: numpy.testing asks for `lscpu`."""
    code = "import subprocess\ntry: subprocess.run(['lsmadeup', '-x'])\n"
    lay(opt, a=f"{code}except FileNotFoundError as error: assert error.filename == 'lsmadeup'\n")
    batch = tried(probe, opt, ("import", "a"))
    assert (batch.errors, batch.seen) == ({("import", "a"): ""}, {"read": {"a.py"}})


def dist_info(opt: Path, folder: str, **files: str) -> Path:
    path = opt / "python" / f"{folder}.dist-info"
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("_txt", ".txt")).write_text(text, encoding="utf-8")
    return path


def test_metadata_is_asked_as_programs_ask(probe: ModuleType, opt: Path) -> None:
    """Version, requires, entry points; one that fails says why."""
    head = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
    good = dist_info(opt, "a_b-1", METADATA=head.format("A.b", 1))
    bad = dist_info(opt, "c-1", METADATA=head.format("c", 1), entry_points_txt="[x]\nno sign\n")
    assert probe.metadata(good) == ""
    assert probe.metadata(bad) != ""
    assert probe.metadata(opt / "python/none-1.dist-info") != ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_reads_a_question_and_writes_an_answer(opt: Path, tmp_path: Path) -> None:
    """JSON in, one line of JSON out; a distribution with nothing to try is answered too."""
    lay(opt, good="", bad="import gone")
    request = tmp_path / "request.json"
    nothing = {"folder": "", "modules": [], "outer": [], "libraries": [], "programs": []}
    batches = {"d": nothing | {"modules": ["good", "bad"]}, "none": nothing}
    question = {"batches": batches, "gone": ["gone"], "touched": ["gone.py"], "bare": [],
                "timeout": 60, "alone": False, "system": []}  # fmt: skip
    request.write_text(json.dumps(question), encoding="utf-8")
    done = run("prove", str(opt), str(request))
    assert (done.returncode, done.stdout[:2], done.stderr) == (0, "= ", "")
    assert done.stdout.count("\n") == 1
    empty: dict[str, object] = {
        "imports": {}, "loads": {}, "compiled": 0, "missed": [], "metadata": "", "needs": {},
        "others": {}, "elf": {}, "seen": {}, "hides": {}, "hidden": {},
    }  # fmt: skip
    imports = {"bad": "ModuleNotFoundError: No module named 'gone'", "good": ""}
    seen = {"absent": ["gone"], "read": ["bad.py", "good.py"]}
    answer = json.loads(done.stdout[2:])
    assert answer["none"].pop("seconds") == answer["none"].pop("memory") == {}
    assert answer["d"].pop("memory").keys() == {"good"}
    assert set(answer["d"].pop("seconds")) <= {"good"}  # on a slow machine it takes a millisecond
    assert answer == {
        "d": empty | {"imports": imports, "compiled": 2, "missed": ["gone"], "seen": seen},
        "none": empty,
    }


def test_what_an_import_takes_is_measured(probe: ModuleType, opt: Path) -> None:
    """With all that it imports, the first time; not of one that fails, nor of a library."""
    lay(opt, slow="import time; time.sleep(0.3)", on_slow="import slow", bad="import slow, gone")
    tries = [("import", "on_slow"), ("import", "slow"), ("import", "bad")]
    seconds = tried(probe, opt, *tries).seconds
    assert 0.3 <= seconds.pop("on_slow") < 30
    assert seconds.get("slow", 0) < 0.3
    assert "bad" not in seconds


def test_a_stripped_library_that_is_imported_is_not_missed(opt: Path, tmp_path: Path) -> None:
    """It is not as it was installed, and it is there: nothing has to be tried again for it."""
    (opt / "python/_deflate.so").write_bytes(LIBRARY.read_bytes())
    batch = {"folder": "", "modules": ["_deflate"], "outer": [], "libraries": [], "programs": []}
    question = {"batches": {"d": batch}, "gone": [], "touched": ["_deflate.so"], "bare": [],
                "timeout": 60, "alone": False, "system": []}  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(question), encoding="utf-8")
    answer = json.loads(run("prove", str(opt), str(tmp_path / "request.json")).stdout[2:])["d"]
    assert (answer["imports"], answer["missed"]) == ({"_deflate": ""}, [])
    assert answer["seen"]["read"] == ["_deflate.so"]


def built(folder: Path, name: str) -> Path:
    """A library that no system has."""
    folder.mkdir(parents=True)
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(folder / name)]
    subprocess.run([*command, f"-Wl,-soname,{name}"], input=b"int gone;", check=True)
    return folder / name


def test_a_library_that_lambda_has_not_is_seen(
    probe: Any, opt: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whoever loads it; not what comes with it, nor with what Lambda has."""
    gone = built(tmp_path_factory.mktemp("outside") / "lib", "libgone.so.1")
    monkeypatch.setenv("TMPDIR", str(opt))
    by_c = opt / "python/by_c.so"  # as cffi: Python hears nothing of it
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(by_c)]
    code = b"void *dlopen(const char *, int); void *load(const char *x) { return dlopen(x, 2); }"
    subprocess.run(command, input=code, check=True)
    lay(opt, wants=f"import ctypes\nctypes.CDLL({str(by_c)!r}).load({str(gone).encode()!r})\n")
    lay(opt, plain="import ctypes, sqlite3, ssl, lzma, hashlib\n")
    tries = [("import", "plain"), ("import", "wants")]
    batch = probe.Batch("d", tries, outer=("plain", "wants"), system=("libc.so.6",))
    probe.run(str(opt), [batch], probe.NOTHING)
    assert set(batch.errors.values()) == {""}
    assert batch.others == {"wants": [str(gone)]}


NAMED = "import ctypes\nctypes.CDLL('libm.so.6')\n"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (NAMED, "OSError: libm.so.6: cannot open shared object file: No such file or directory"),
        (f"try:\n    {NAMED.replace(chr(10), chr(10) + '    ')}\nexcept OSError: pass\n", ""),
        ("import ctypes\nctypes.CDLL(None)\nctypes.CDLL('libc.so.6')\n", ""),
        ("import ctypes, _ctypes\nctypes.CDLL(_ctypes.__file__)\n", ""),
        ("import tkinter", "ModuleNotFoundError: No module named '_tkinter'"),
    ],
    ids=["needed", "tried", "Lambda's", "Python's own", "tkinter"],
)
def test_what_lambda_has_not_is_not_there(
    probe: ModuleType, opt: Path, code: str, error: str
) -> None:
    """Also where this machine, or the image, has it. `system`: what Lambda's has."""
    lay(opt, wants=code)
    batch = probe.Batch("d", [("import", "wants")], system=("libc.so.6",))
    probe.run(str(opt), [batch], probe.NOTHING)
    assert batch.errors == {("import", "wants"): error}


@pytest.mark.parametrize("name", ["./libp.so", "../sdk/libp.so", "../../python/sdk/libp.so"])
def test_a_library_is_loaded_by_a_relative_path(
    probe: ModuleType, opt: Path, name: str, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As vendors' wrappers do, from their own folder. One of this machine is hidden so, too."""
    monkeypatch.setenv("TMPDIR", str(opt))
    folder = built(opt / "python/sdk", "libp.so").parent
    there = built(tmp_path_factory.mktemp("outside") / "lib", "libaway.so")
    away = os.path.relpath(there, folder)
    code = f"import ctypes, os\nos.chdir({str(folder)!r})\nctypes.CDLL({{!r}})\n"
    lay(opt, wants=code.format(name), other=code.format(away))
    batch = probe.Batch("d", [("import", "wants"), ("import", "other")], system=("libc.so.6",))
    probe.run(str(opt), [batch], probe.NOTHING)
    assert batch.errors["import", "wants"] == ""
    assert batch.errors["import", "other"].startswith(f"OSError: {away}: cannot open shared")


def test_a_module_tells_of_lambdas_libraries(opt: Path, tmp_path: Path) -> None:
    """Where this machine has others: SQLite, by whichever of its names."""
    told = (
        "import sqlite3\nassert sqlite3.sqlite_version_info == (3, 7, 17), sqlite3.sqlite_version\n"
    )
    told += "import sqlite3.dbapi2 as other\nassert other.sqlite_version == '3.7.17'\n"
    lay(opt, a=f"{told}sqlite3.connect(':memory:').execute('select 1')\n", b=told)
    nothing = {"folder": "", "outer": [], "libraries": [], "programs": []}
    question = {"batches": {"d": nothing | {"modules": ["a", "b"]}}, "gone": [], "touched": [],
                "bare": [], "timeout": 60, "alone": False, "system": [],
                "reported": {"_sqlite3": {"sqlite_version": "3.7.17"}}}  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(question), encoding="utf-8")
    done = run("prove", str(opt), str(tmp_path / "request.json"))
    assert json.loads(done.stdout[2:])["d"]["imports"] == {"a": "", "b": ""}


def test_a_check_is_a_program(opt: Path, tmp_path: Path) -> None:
    """A file beside others of its folder, or a module of the layer; its exit code is the answer."""
    lay(opt, lib="x = 1", selftest="import sys, lib; print(sys.argv[0]); sys.exit(lib.x)")
    (tmp_path / "helper.py").write_text("y = 2", encoding="utf-8")
    check = tmp_path / "check.py"
    check.write_text("import helper, lib; print(__name__, lib.x + helper.y)", encoding="utf-8")
    assert run("check", str(opt), str(check)).stdout == "__main__ 3\n"
    assert run("check", str(opt), "selftest").returncode == 1


@pytest.mark.parametrize("way", ["import os; os._exit(0)", "import sys; sys.exit(3)", "1 / 0"])
def test_a_check_passes_when_it_came_to_its_end(opt: Path, tmp_path: Path, way: str) -> None:
    """Not when something of the layer ended it on the way; `sys.exit(0)` of its own is an end."""
    lay(opt, lib=way)
    (tmp_path / "check.py").write_text("import lib", encoding="utf-8")
    assert run("check", str(opt), str(tmp_path / "check.py")).returncode != 0
    (tmp_path / "check.py").write_text("import sys; sys.exit(0)", encoding="utf-8")
    assert run("check", str(opt), str(tmp_path / "check.py")).returncode == 0


FORGES = """
import json, os
for number in range(40):
    for said in ([0, "", 0, []], [1, "", 0, []], 0, {}, "x"):
        for before in (b"", b"= ", b"0 ", b"word "):
            try:
                os.write(number, before + json.dumps(said).encode() + b"\\n")
            except OSError:
                pass
"""


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_answers_of_what_is_tried_are_none(opt: Path, tmp_path: Path, end: str) -> None:
    """To whichever descriptor: neither does it count as imported, nor does what imports it, nor
    another distribution."""
    lay(opt, hostile=f"{FORGES}\n{end}", uses="import hostile", broken="1 / 0", good="")
    nothing = {"folder": "", "modules": [], "outer": [], "libraries": [], "programs": []}
    names = {"a": ["hostile", "good"], "b": ["broken"], "c": ["uses", "broken", "good"]}
    batches = {name: nothing | {"modules": modules} for name, modules in names.items()}
    question = {"batches": batches, "gone": [], "touched": [], "bare": [], "timeout": 60,
                "alone": False, "system": []}  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(question), encoding="utf-8")
    done = run("prove", str(opt), str(tmp_path / "request.json"))
    *_, last = done.stdout.splitlines()
    found = {name: each["imports"] for name, each in json.loads(last[2:]).items()}
    status = "exit status 0" if "_exit" in end else "exit status -9"
    broken = "ZeroDivisionError: division by zero"
    assert found == {
        "a": {"hostile": status, "good": ""},
        "b": {"broken": broken},
        "c": {"uses": status, "broken": broken, "good": ""},
    }


SPEAKS = """
import os, sys
frame = sys._getframe()
while "answers" not in frame.f_locals or "word" not in frame.f_locals:
    frame = frame.f_back
os.write(frame.f_locals["answers"], b"\\n" + frame.f_locals["word"] + b" " + {said!r} + b"\\n")
"""


@pytest.mark.parametrize(
    "said",
    ["{", "[" * 60_000, '[0, "", 0, [], {"read": [1]}]', "[]", '[1, "", 0, [], {}]', "7",
     '{"seconds": NaN}', '{"memory": "x"}', '[0, {}, 0, [], {}]', "null"],
    ids=lambda said: str(said)[:20],
)  # fmt: skip
def test_who_knows_the_word_has_not_imported_either(
    probe: ModuleType, opt: Path, said: str
) -> None:
    """It reads it out of this process's memory. What it says is none of our answers."""
    lay(opt, speaks=SPEAKS.format(said=said.encode()), good="")
    found = imported(probe, opt, "speaks", "good")
    assert found == {"speaks": "it answered in the place of what tried it", "good": ""}


def test_who_names_a_pipe_as_a_library_does_not_keep_it_waiting(
    probe: ModuleType, opt: Path
) -> None:
    """Nobody ever writes into it."""
    os.mkfifo(opt / "x.so")
    said = json.dumps(
        [0, "", 0, [], {"others": [str(opt / "x.so"), "\ud800\0" + "a" * 999]}]
    ).encode()
    lay(opt, speaks=f"{SPEAKS.format(said=said)}os._exit(0)\n")
    batch = probe.Batch("d", [("import", "speaks")], system=("libc.so.6",))
    probe.run(str(opt), [batch], probe.NOTHING)
    assert (batch.errors, batch.others) == ({("import", "speaks"): ""}, {})


GRAPHLIB = """
import os, sys
frame = sys._getframe()
while frame and frame.f_locals.get("kind") != "lacks":
    frame = frame.f_back
if frame:
    {does}
class CycleError: ...
"""


@pytest.mark.parametrize(
    ("does", "error", "lacks"),
    [
        ("pass", "", True),
        ("import time; time.sleep(600)", "no end after 3 s", False),
        (f"exec({FORGES!r}); os._exit(0)", "exit status 0", False),
    ],
    ids=["plain", "no end", "another answer"],
)
def test_what_hides_a_standard_module_is_asked_as_what_is_tried(
    opt: Path, tmp_path: Path, does: str, error: str, lacks: bool
) -> None:
    """It has no way to the verdict, no more time, and its name is in the error."""
    lay(opt, graphlib=GRAPHLIB.format(does=does), good="")
    nothing = {"folder": "", "modules": [], "outer": [], "libraries": [], "programs": []}
    batches = {"q": nothing | {"modules": ["graphlib"]}, "d": nothing | {"modules": ["good"]}}
    question = {"batches": batches, "gone": [], "touched": [], "bare": [], "timeout": 3,
                "alone": False, "system": []}  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(question), encoding="utf-8")
    done = run("prove", str(opt), str(tmp_path / "request.json"))
    found = json.loads(done.stdout.splitlines()[-1][2:])
    assert found["q"]["imports"] == {"graphlib": error}
    assert found["d"]["imports"] == {"good": ""}
    assert found["q"]["hides"]["graphlib"]["used"]
    assert ("TopologicalSorter" in found["q"]["hides"]["graphlib"]["lacks"]) is lacks
    assert "CycleError" not in found["q"]["hides"]["graphlib"]["lacks"]


def test_who_closes_everything_has_not_imported(
    probe: ModuleType, opt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And keeps nobody waiting; a process that it leaves behind ends with it."""
    monkeypatch.setattr(probe, "SOON", 0.5)
    lay(opt, closes="import os, time; os.closerange(3, 100); time.sleep(600)", good="")
    found = imported(probe, opt, "closes", "good")
    assert found == {"closes": "it closed files that it had not opened", "good": ""}


LEAVES = """
import os, time
if os.fork() == 0:
    os.setsid()
    while not os.path.exists({stop!r}):
        time.sleep(0.1)
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("then", "error"), [("", ""), ("os._exit(3)", "exit status 3")], ids=["goes on", "ends"]
)
def test_a_process_that_is_left_behind_is_not_waited_for(
    probe: ModuleType, opt: Path, tmp_path: Path, then: str, error: str
) -> None:
    """It has a session of its own and holds the pipe for answers: as a server does that an import
    starts."""
    lay(opt, leaves=LEAVES.format(stop=str(tmp_path / "stop")) + then, other="")
    started = time.monotonic()
    try:
        assert imported(probe, opt, "leaves", "other") == {"leaves": error, "other": ""}
        assert time.monotonic() - started < 30  # of 60 that a try may take
    finally:
        (tmp_path / "stop").touch()


def test_what_is_no_answer_does_not_keep_it_waiting(probe: ModuleType) -> None:
    """Who floods the pipe has as long as who is silent."""
    batch = probe.Batch("d", [("import", "a")])
    batch.since, batch.rest = 1.0, b""
    assert batch.hear(b"noise\n" * 100) == 0
    assert batch.since == 1.0


def proven(
    opt: Path, tmp_path: Path, python: str = sys.executable, **distributions: list[str]
) -> dict[str, dict[str, str]]:
    """{distribution: {module: error}} of the script's own run, in a /tmp of its own."""
    tmp = tmp_path.with_name(f"{tmp_path.name}-tmp")  # not below the layer
    tmp.mkdir()
    batches = {
        name: {"folder": "", "modules": names, "outer": names, "libraries": [], "programs": []}
        for name, names in distributions.items()
    }
    request = tmp_path / "request.json"
    asked = {"batches": batches, "gone": [], "touched": [], "bare": [], "timeout": 60,
             "alone": False, "system": []}  # fmt: skip
    request.write_text(json.dumps(asked), encoding="utf-8")
    done = subprocess.run(
        [python, "-I", "-S", str(SCRIPT), "prove", str(opt), str(request), str(tmp)],
        capture_output=True, text=True, check=True, env={"TMPDIR": str(tmp)},
    )  # fmt: skip
    answer = json.loads(done.stdout.splitlines()[-1].removeprefix("= "))
    return {name: each["imports"] for name, each in answer.items()}


def test_each_module_that_people_import_stands_for_itself(opt: Path, tmp_path: Path) -> None:
    """What another one of its distribution imported or changed before is not there in a function
    that imports this one alone."""
    lay(
        opt,
        alpha="import xml.dom.minidom",
        beta="import xml\nxml.dom",
        one="import sys\nsys.modules['made_up'] = sys",
        two="import made_up",
        _private="import made_up",
    )
    found = proven(opt, tmp_path, d=["alpha", "beta", "one", "two", "_private"])["d"]
    assert {name for name, error in found.items() if error} == {"beta", "two"}
    assert found["two"] == "ModuleNotFoundError: No module named 'made_up'"


@pytest.mark.parametrize(
    "takes",
    [
        "os.mkdir(os.environ['TMPDIR'] + '/cache')",
        "socket.socket().bind(('127.0.0.1', 18127)); time.sleep(0.5)",
    ],
    ids=["folder", "port"],
)
def test_two_that_take_the_same_place_do_not_meet(opt: Path, tmp_path: Path, takes: str) -> None:
    """In Lambda each import has a /tmp and ports of its own."""
    lay(opt, takes=f"import os, socket, time\n{takes}", uses="import takes")
    found = proven(opt, tmp_path, a=["takes"], b=["uses"])
    assert found == {"a": {"takes": ""}, "b": {"uses": ""}}


def test_what_another_one_left_in_tmp_is_not_there(opt: Path, tmp_path: Path) -> None:
    """Else a proof would hold for a layer without that other one."""
    lay(
        opt,
        writes="import os\nopen(os.environ['TMPDIR'] + '/shared', 'w').close()",
        reads="import os, time\ntime.sleep(0.5)\nopen(os.environ['TMPDIR'] + '/shared')",
    )
    found = proven(opt, tmp_path, a=["writes"], b=["reads"])
    assert found["a"] == {"writes": ""}
    assert found["b"]["reads"].startswith("FileNotFoundError")


def test_what_keeps_the_runtime_from_starting_is_everybodys_error(
    opt: Path, tmp_path: Path
) -> None:
    """From Python 3.12 on the runtime client imports concurrent.futures behind the layer."""
    lay(opt, heapq="", good="")
    found = proven(opt, tmp_path, a=["heapq"], b=["good"])
    assert found["b"]["good"].startswith("Lambda's runtime does not start: ImportError")


def test_an_import_begins_as_a_functions_does(opt: Path, tmp_path: Path) -> None:
    """One argument, the builtins of `site`, os.stat as able as ever; what the runtime client has
    imported by then."""
    lay(
        opt,
        begins="import argparse, builtins, concurrent, os, sys\n"
        "assert sys.argv == ['/var/runtime/bootstrap.py'], sys.argv\n"
        "argparse.ArgumentParser().parse_args()\n"
        "assert all(hasattr(builtins, name) for name in ('exit', 'quit', 'copyright', 'help'))\n"
        "assert os.stat in os.supports_dir_fd and os.stat in os.supports_follow_symlinks\n"
        "concurrent.futures.Executor\n",
    )
    assert proven(opt, tmp_path, a=["begins"]) == {"a": {"begins": ""}}


def test_a_process_is_as_lambda_starts_one(opt: Path, tmp_path: Path) -> None:
    """Its flags, of which others make a command; the searches for garbage; who is `__main__`; and
    functions of `os` that are watched are what they were to others."""
    lay(
        opt,
        begins="import gc, inspect, os, pickle, sys\n"
        "assert not sys.flags.isolated and not sys.flags.no_site and not sys.flags.safe_path\n"
        "assert list(sys.flags)[-1] == sys.flags.int_max_str_digits, sys.flags\n"
        "assert gc.isenabled()\n"
        "import __main__\nassert __main__.__file__ == '/var/runtime/bootstrap.py'\n"
        "assert sys.executable.endswith('bin/python%d.%d' % sys.version_info[:2])\n"
        "import posix\n"
        "for name in ('stat', 'lstat', 'access'):\n"
        "    it = getattr(os, name)\n"
        "    assert pickle.loads(pickle.dumps(it)) is it and it.__name__ == name\n"
        "    assert inspect.signature(it) == inspect.signature(getattr(posix, name))\n"
        "class Accessor:\n    stat = os.stat\n"
        "Accessor().stat('/')\n",
    )
    assert proven(opt, tmp_path, a=["begins"]) == {"a": {"begins": ""}}


THREADS = """
import threading
over = threading.Event()
there = [threading.Thread(target=over.wait, daemon=True) for _ in range({})]
try:
    for each in there:
        each.start()
finally:
    over.set()
"""
FORKS = """
import os, signal
there = []
try:
    for _ in range({}):
        if (one := os.fork()) == 0:
            signal.pause()
        there.append(one)
finally:
    for one in there:
        os.kill(one, signal.SIGKILL)
"""


def test_there_is_room_for_as_many_processes_and_threads_as_in_lambda(
    opt: Path, tmp_path: Path
) -> None:
    """Where no container counts them; other processes of this machine do not count."""
    lay(opt, few=THREADS.format(900), many=THREADS.format(1100), forks=FORKS.format(1100))
    found = proven(opt, tmp_path, a=["few"], b=["many"], c=["forks"])
    assert found["a"] == {"few": ""}
    assert found["b"] == {"many": "RuntimeError: can't start new thread"}
    assert found["c"]["forks"].startswith("BlockingIOError: [Errno 11]")


def test_modules_are_tried_apart_while_others_are_at_work(
    probe: Any, opt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both processors have something to do to the end; each is tried once more than its
    distribution, and what fails there or looks into /tmp is not."""
    lay(opt, a="", b="", c="raise ValueError", slow="import time\ntime.sleep(0.5)",
        tmp="import os\nos.path.exists('/tmp/x')", other="")  # fmt: skip
    started: list[tuple[str, list[str]]] = []
    original = probe.Batch.start

    def start(self: Any, *words: Any) -> Any:
        started.append((self.name, [name for _, name in self.left]))
        return original(self, *words)

    monkeypatch.setattr(probe.Batch, "start", start)
    batches = []
    for name, *outer in (["d", "a", "b", "c"], ["e", "slow"], ["f", "tmp", "other"]):
        batches.append(probe.Batch(name, [("import", each) for each in outer], outer=outer))
        batches[-1].splits = True
    probe.run(str(opt), batches, probe.NOTHING, 2)
    assert started[:2] == [("d", ["a", "b", "c"]), ("f", ["tmp", "other"])]
    assert sorted(started[2:]) == [("d", ["b"]), ("e", ["slow"])]
    assert batches[0].errors == {
        ("import", "a"): "", ("import", "b"): "", ("import", "c"): "ValueError: ",
    }  # fmt: skip


def test_the_memory_of_an_import_is_measured(probe: Any, opt: Path, tmp_path: Path) -> None:
    """Each module that people import alone, at its peak, and nothing else."""
    lay(opt, holds="x = bytearray(80 << 20)", held="x = b'x' * (50 << 20); del x", small="")
    batch = probe.Batch("d", [("import", name) for name in ("holds", "held", "small")])
    batch.outer, batch.splits = ("holds", "held", "small"), True
    probe.run(str(opt), [batch], probe.NOTHING)
    assert {name: size >> 20 for name, size in batch.memory.items()} == {
        "holds": pytest.approx(81, abs=3), "held": pytest.approx(51, abs=3),
        "small": pytest.approx(1, abs=3),
    }  # fmt: skip


MAPS = """import mmap, os, time
file = os.memfd_create('x') if {shared} else os.open({path!r}, os.O_RDWR | os.O_CREAT)
os.truncate(file, 80 << 20)
there = mmap.mmap(file, 80 << 20)
for at in range(0, 80 << 20, 4096):
    there[at] = 1
time.sleep(0.5)
"""


@pytest.mark.parametrize("shared", [True, False], ids=["in memory", "on the disk"])
def test_what_an_import_maps_of_files_is_no_memory_of_its_own(
    probe: Any, opt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shared: bool
) -> None:
    """Also where the layer lies in memory, as in a container; whether or not it is still mapped at
    the end. Elsewhere what processes share is their own."""
    monkeypatch.setattr(probe.memory, "SHARES_LAYER", shared)
    code = MAPS.format(shared=shared, path=str(tmp_path / "x"))
    lay(opt, maps=code, mapped=f"{code}there.close()\n")
    batches = [probe.Batch(name, [("import", name)]) for name in ("maps", "mapped")]
    probe.run(str(opt), batches, probe.NOTHING)
    assert {each.name: each.errors["import", each.name] for each in batches} == {
        "maps": "", "mapped": "",
    }  # fmt: skip
    assert [each.memory[each.name] >> 20 < 12 for each in batches] == [True, True]
    monkeypatch.setattr(probe.memory, "SHARES_LAYER", False)
    probe.run(str(opt), [again := probe.Batch("mapped", [("import", "mapped")])], probe.NOTHING)
    assert (again.memory["mapped"] >> 20 > 75) is shared


def test_what_several_modules_import_takes_its_time_once(probe: Any, opt: Path) -> None:
    """Each is tried apart, too, which is no import more of a function's."""
    lay(opt, slow="import time\ntime.sleep(0.3)", a="import slow", b="import slow")
    batch = probe.Batch("d", [("import", "a"), ("import", "b"), ("import", "slow")])
    batch.outer, batch.splits = ("a", "b", "slow"), True
    probe.run(str(opt), [batch], probe.NOTHING)
    assert batch.memory.keys() == {"a", "b", "slow"}
    assert 0.3 <= sum(batch.seconds.values()) < 0.5


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import os\nx = os.environ.get('DSN')\ny = x.split(':')\n", "DSN"),
        ("import os\nx = int(os.getenv('PORT'))\n", "PORT"),
        # what a value has not, either, and what the standard library asks for
        ("import os, re\nx = os.environ.get('DEBUG')\nre.match('a', 'b').group()\n", ""),
        ("import site\nsite.getuserbase()\nassert False\n", ""),
    ],
)
def test_a_variable_is_named_where_it_can_be_at_fault(
    opt: Path, tmp_path: Path, code: str, named: str
) -> None:
    """A None in the place of its value is seen where it is used."""
    lay(opt, wants=code)
    error = proven(opt, tmp_path, a=["wants"])["a"]["wants"]
    assert error.endswith(f"[unset variable: {named}]") if named else "unset" not in error


LOST = "libopenblas-1.so: cannot open shared object file: No such file or directory"
PYDANTIC = """class BaseSettings:
    model_config = {"env_prefix": "shop_"}
    model_fields = {"api_key": 1, "database": 2, "size": 3}
    def __init__(self):
        raise ValueError(TEXT)

class Settings(BaseSettings):
    pass

TEXT = (
    "2 validation errors for Settings\\napi_key\\n  Field required [type=missing]\\n"
    "DATABASE_URL\\n  Field required [type=missing]\\nsize\\n  Input should be an integer"
)
Settings()
"""


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (f"raise ImportError('\\n\\nIMPORTANT: PLEASE READ\\n\\nOriginal error was: {LOST}')",
         f"ImportError: IMPORTANT: PLEASE READ (Original error was: {LOST})"),  # numpy
        (f"raise OSError('\\nLibrary (libxgboost.so) could not be loaded.\\n  * x\\n{LOST}')",
         f"OSError: Library (libxgboost.so) could not be loaded. ({LOST})"),  # xgboost
        (f"raise ImportError('Traceback (most recent call last):\\n  File x\\n    y\\n{LOST}')",
         f"ImportError: {LOST}"),  # tensorflow
        ("try:\n    import gone\nexcept ImportError as e:\n    raise RuntimeError('no') from e",
         "RuntimeError: no (No module named 'gone')"),
        ("try:\n    import gone\nexcept ImportError:\n    raise RuntimeError('no') from None",
         "RuntimeError: no"),
        ("import gone", "ModuleNotFoundError: No module named 'gone'"),
        (PYDANTIC, "ValueError: 2 validation errors for Settings "
         "[unset variable: SHOP_API_KEY, DATABASE_URL]"),
        (PYDANTIC.replace("model_config", "other"), "ValueError: 2 validation errors for Settings"),
    ],
)  # fmt: skip
def test_what_is_behind_an_error_is_said(opt: Path, tmp_path: Path, code: str, error: str) -> None:
    """Behind its first line that says something."""
    lay(opt, wants=code)
    assert proven(opt, tmp_path, a=["wants"])["a"]["wants"] == error


def test_a_check_finds_no_more_imported_than_a_function(opt: Path, tmp_path: Path) -> None:
    """And is a program of its own."""
    check = tmp_path / "check.py"
    check.write_text(
        "import importlib, sys\n"
        "assert __name__ == '__main__' and __file__.endswith('check.py'), __file__\n"
        "assert sys.modules['__main__'].__dict__ is globals()\n"
        "assert not hasattr(importlib, 'util')\n",
        encoding="utf-8",
    )
    done = run("check", str(opt), str(check))
    assert (done.returncode, done.stderr) == (0, "")
