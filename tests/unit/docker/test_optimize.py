"""docker/optimize.py, as the sandbox runs it: isolated, under the base interpreter."""

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import deflate
import pytest

from tasks.layer import part as parts
from tasks.layer.part import Member, Part
from tests import libraries, sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "optimize.py"
TOOLS = str(Path(deflate.__file__).parents[1])
TAG = sys.implementation.cache_tag
# marshal writes the set otherwise when these strings are known in the process already: from
# another module that was compiled there, or a path that was taken apart.
SETS = """
def f(x, y):
    if x in {"PPPRAGMA", "_PRAGMA"}:
        return 1
    while y in {"PPPRAGMA", "_PRAGMA"}:
        return 2
def g(x, y):
    if x in {"PPPRAGMA", "_PRAGMA"}:
        return 1
"""
MODULES = {"a.py": "X = ['alpha', 'beta']\n", "p/__init__.py": "", "p/b.py": SETS}
MANY = MODULES | {f"q/m{number}.py": f"{SETS}\nY = {number}\n" for number in range(100)}
# With so many jobs at a time, whatever this machine has.
WITH_JOBS = (
    "import runpy, sys; sys.path.insert(0, sys.argv[2].rpartition('/')[0]); import fork_pool;"
    "fork_pool.each.__defaults__ = (int(sys.argv[1]),);"
    "del sys.argv[:2]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
Files = Mapping[str, str | bytes]


def lay(apart: Path, key: str, files: Files) -> list[str]:
    """Files of one distribution, as installed; their paths."""
    for name, content in files.items():
        path = apart / key / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return sorted(files)


def run(
    work: Path, request: Mapping[str, Any], *flags: str, jobs: int = 0, **variables: str
) -> dict[str, Part]:
    """The parts made, by their names."""
    (work / "request.json").write_text(json.dumps(request), encoding="utf-8")
    script = ["-c", WITH_JOBS, str(jobs), str(SCRIPT)] if jobs else [str(SCRIPT)]
    done = subprocess.run(
        [sys.executable, "-s", "-S", *script, work / "apart", work / "parts",
         work / "request.json", *flags, "--level", "6", "--tools", TOOLS],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: parts.read_part(path) for path in (work / "parts").iterdir()}


def make(
    work: Path, distributions: Mapping[str, Files], *flags: str, jobs: int = 0, **variables: str
) -> dict[str, Part]:
    """The parts of distributions that stay as they are."""
    request = {
        name: {"as": name, "stay": lay(work / "apart", name, files), "cut": {}}
        for name, files in distributions.items()
    }
    return run(work, request, *flags, jobs=jobs, **variables)


def content(member: Member) -> bytes:
    """What lies packed in the part, unpacked by zlib instead of libdeflate."""
    with member.path.open("rb") as file:
        file.seek(member.offset)
        data = file.read(member.packed)
    assert len(data) == member.packed
    return zlib.decompress(data, -zlib.MAX_WBITS) if member.method == 8 else data


def unpacked(part: Part, *, made: bool) -> dict[str, bytes]:
    return {each.name: content(each) for each in part.members if each.made == made}


def compared(part: Part) -> list[tuple[object, ...]]:
    """All that goes into a zip."""
    packed = part.path.read_bytes()
    return [
        (each.name, each.mode, each.method, each.crc, each.size, each.made,
         packed[each.offset : each.offset + each.packed])
        for each in part.members
    ]  # fmt: skip


def test_what_is_packed_inflates_to_what_was_installed(tmp_path: Path) -> None:
    """With size and CRC-32, deflated only where that saves something."""
    files: Files = {
        "data/long.txt": "again and again " * 500,
        "data/short.txt": "x",
        "empty.py": "",
        "noise.bin": os.urandom(5000),
    }
    part = make(tmp_path, {"d": files})["d"]
    assert [each.name for each in part.members] == sorted(files)
    installed = {name: (tmp_path / "apart/d" / name).read_bytes() for name in files}
    assert unpacked(part, made=False) == installed
    for each in part.members:
        assert (each.size, each.crc) == (len(installed[each.name]), zlib.crc32(content(each)))
    assert [each.name for each in part.members if each.method == 8] == ["data/long.txt"]


def test_the_level_decides_how_small(tmp_path: Path) -> None:
    """The given one is libdeflate's."""
    text = "".join(f"{number * number % 997} " for number in range(5000))
    (member,) = make(tmp_path, {"d": {"a.txt": text}})["d"].members
    with member.path.open("rb") as file:
        assert file.read(member.packed) == bytes(deflate.deflate_compress(text.encode(), 6))


def test_only_the_execute_bit_of_a_mode_is_kept(tmp_path: Path) -> None:
    """What the umask of a machine was must not show."""
    names = lay(tmp_path / "apart", "d", {"bin/x": "#!/bin/sh", "a.txt": "", "b.txt": ""})
    for name, mode in (("bin/x", 0o700), ("a.txt", 0o600), ("b.txt", 0o664)):
        (tmp_path / "apart/d" / name).chmod(mode)
    part = run(tmp_path, {"d": {"as": "d", "stay": names, "cut": {}}})["d"]
    modes = {each.name: each.mode for each in part.members}
    assert modes == {"a.txt": 0o644, "b.txt": 0o644, "bin/x": 0o755}


def test_what_pruning_took_or_cut_is_not_in_it(tmp_path: Path) -> None:
    """The text in place of a file is packed, and compiled from; bytes that are no UTF-8 survive."""
    lay(tmp_path / "apart", "d", {"a.py": "X = 1", "b.py": "Y = 1", "gone.py": "", "RECORD": ""})
    cut = {"a.py": "X = 2", "RECORD": b"a,\xff".decode(errors="surrogateescape")}
    request = {"d": {"as": "other", "stay": ["RECORD", "a.py", "b.py"], "cut": cut}}
    made = run(tmp_path, request, "--compile")
    assert list(made) == ["other"]
    packed = {"RECORD": b"a,\xff", "a.py": b"X = 2", "b.py": b"Y = 1"}
    assert unpacked(made["other"], made=False) == packed
    compiled = unpacked(made["other"], made=True)
    assert sorted(compiled) == [f"__pycache__/a.{TAG}.pyc", f"__pycache__/b.{TAG}.pyc"]
    assert compiled[f"__pycache__/a.{TAG}.pyc"][8:16] == importlib.util.source_hash(b"X = 2")


def test_the_same_path_in_two_distributions_is_two_files(tmp_path: Path) -> None:
    """Which of them the layer gets is not decided here."""
    made = make(tmp_path, {"one": {"n/x.py": "X = 1"}, "two": {"n/x.py": "X = 2"}})
    assert unpacked(made["one"], made=False) == {"n/x.py": b"X = 1"}
    assert unpacked(made["two"], made=False) == {"n/x.py": b"X = 2"}


def test_files_with_a_word_are_suspect(tmp_path: Path) -> None:
    """Those alone are searched for credentials; bytecode has no more than its source. Without
    words all are."""
    files: Files = {"a.py": "X = 1", "b.py": "KEY = 'AKIA'", "c.bin": b"\0AKIA", "d.so": b"x"}
    part = make(tmp_path, {"d": files}, "--compile", "--strip", "--word=AKIA", "--word=ghp_")["d"]
    assert [each.name for each in part.members if each.suspect] == ["b.py", "c.bin"]
    assert all(each.suspect for each in make(tmp_path, {"d": files})["d"].members)


def test_bytecode_that_is_shipped_alone_is_suspect_itself(tmp_path: Path) -> None:
    """Its source is not there to be searched."""
    stay = lay(tmp_path / "apart", "d", {"b.py": "KEY = 'AKIA'"})
    request = {"d": {"as": "d", "stay": stay, "cut": {}, "only": stay}}
    (member,) = run(tmp_path, request, "--compile", "--word=AKIA")["d"].members
    assert (member.name, member.suspect) == ("b.pyc", True)


def test_parts_of_before_are_not_added_to(tmp_path: Path) -> None:
    """A sandbox may make parts more than once."""
    first = make(tmp_path, {"one": MODULES, "two": {}})["one"].path.read_bytes()
    made = make(tmp_path, {"one": MODULES})
    assert list(made) == ["one"]
    assert made["one"].path.read_bytes() == first


# ---- bytecode -------------------------------------------------------------------------------


def test_every_module_is_compiled_for_lambdas_paths(tmp_path: Path) -> None:
    """unchecked-hash (PEP 552), under /opt wherever the files lie now."""
    part = make(tmp_path, {"d": MODULES}, "--compile")["d"]
    made = [each for each in part.members if each.made]
    assert sorted(each.name for each in made) == [
        f"__pycache__/a.{TAG}.pyc",
        f"p/__pycache__/__init__.{TAG}.pyc",
        f"p/__pycache__/b.{TAG}.pyc",
    ]
    assert {each.mode for each in made} == {0o644}
    compiled = unpacked(part, made=True)[f"p/__pycache__/b.{TAG}.pyc"]
    assert compiled[:4] == importlib.util.MAGIC_NUMBER
    assert struct.unpack_from("<L", compiled, 4) == (0b01,)
    assert b"/opt/python/p/b.py" in compiled
    assert str(tmp_path).encode() not in compiled
    assert (part.strip, part.skipped) == (None, ())


def test_python_uses_it_whatever_the_times_say(tmp_path: Path) -> None:
    """The zip sets every time to 1980; a default .pyc would be compiled anew at each start."""
    part, layer = make(tmp_path, {"d": MODULES}, "--compile")["d"], tmp_path / "layer"
    for member in part.members:
        path = layer / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(member))
    (layer / "a.py").write_text("X = 'compiled anew'", encoding="utf-8")
    code = "import sys; sys.path[0] = sys.argv[1]; import a; print(a.X)"
    done = subprocess.run(
        [sys.executable, "-ES", "-c", code, layer], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "['alpha', 'beta']\n"


def test_what_is_not_python_is_skipped_and_named(tmp_path: Path) -> None:
    """Templates and Python 2 in packages are no reason to fail; the files stay."""
    files: Files = {"a.py": "print 'two'", "b.py": b"x = '\xff'", "c.py": "x = 1", "d.py": b"\0",
                    "e.py": f"{'-' * 100_000}1"}  # deeper than the parser goes  # fmt: skip
    part = make(tmp_path, {"d": files}, "--compile")["d"]
    assert part.skipped == ("a.py", "b.py", "d.py", "e.py")
    assert list(unpacked(part, made=True)) == [f"__pycache__/c.{TAG}.pyc"]
    assert list(unpacked(part, made=False)) == sorted(files)


@pytest.mark.parametrize(
    "what",
    [
        "compiled(b'x = [1, 2, (3, 4)]\\n' * 400_000, 'm.py')",
        "strip_libraries.lighter('x.so', Never(b'\\x7fELF'), {})",
    ],
)
def test_want_of_memory_is_no_fault_of_a_file(what: str) -> None:
    """A part without its bytecode, or with a library as it is, would be kept."""
    code = (
        "import resource, sys\nfrom compress import compiled, strip_libraries\n"
        "class Never(bytes):\n    def __getitem__(self, at): raise MemoryError\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (60 << 20),) * 2)\n"
        f"try:\n    {what}\nexcept MemoryError: print('short')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(sandbox_scripts.FOLDER)},
    )  # fmt: skip
    assert done.stdout == "short\n"


def test_without_flags_nothing_is_made(tmp_path: Path) -> None:
    """Packed as installed."""
    part = make(tmp_path, {"d": MODULES})["d"]
    assert [each.name for each in part.members] == sorted(MODULES)
    assert (part.strip, part.skipped) == (None, ())


# ---- the same bytes -------------------------------------------------------------------------


def test_the_same_distribution_gives_the_same_part(tmp_path: Path) -> None:
    """Twice in a row, whatever the hash seed; with one job at a time to the byte."""
    one = make(tmp_path / "1", {"d": MANY}, "--compile", jobs=1, PYTHONHASHSEED="1")["d"]
    two = make(tmp_path / "2", {"d": MANY}, "--compile", jobs=1, PYTHONHASHSEED="2")["d"]
    assert len(one.members) == 2 * len(MANY)
    assert one.path.read_bytes() == two.path.read_bytes()


def test_the_number_of_jobs_does_not_show(tmp_path: Path) -> None:
    """Only where in the part a member lies depends on who was first."""
    one = make(tmp_path / "1", {"d": MANY, "e": MODULES}, "--compile", jobs=1)
    many = make(tmp_path / "2", {"d": MANY, "e": MODULES}, "--compile", jobs=7)
    for name in ("d", "e"):
        assert compared(one[name]) == compared(many[name])


def test_what_is_made_beside_it_does_not_show(tmp_path: Path) -> None:
    """Neither its modules, nor what its folders and files are called."""
    beside: dict[str, Files] = {
        "aa": MANY,
        "PPPRAGMA": {"_PRAGMA/PPPRAGMA/x.py": SETS, "PPPRAGMA": ""},
        "zz": {"z.py": SETS * 100},
    }
    alone = make(tmp_path / "1", {"d": MODULES}, "--compile", jobs=2)["d"]
    together = make(tmp_path / "2", {"d": MODULES, **beside}, "--compile", jobs=2)["d"]
    assert compared(alone) == compared(together)


def test_where_it_is_made_does_not_show(tmp_path: Path) -> None:
    """Another checkout, another sandbox's folder."""
    one = make(tmp_path / "1", {"d": MODULES}, "--compile")["d"]
    two = make(tmp_path / "2/PPPRAGMA/_PRAGMA", {"d": MODULES}, "--compile")["d"]
    assert compared(one) == compared(two)


def test_the_scripts_own_bytecode_does_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox's first run compiles the scripts beside optimize.py, the next ones need not."""
    shutil.copytree(
        sandbox_scripts.FOLDER, tmp_path / "PPPRAGMA", ignore=shutil.ignore_patterns("__pycache__")
    )
    here = SimpleNamespace(first=tmp_path / "1", second=tmp_path / "2", before=tmp_path / "3")
    before = make(here.before, {"d": MODULES}, "--compile")["d"]
    monkeypatch.setitem(globals(), "SCRIPT", tmp_path / "PPPRAGMA/optimize.py")
    first = make(here.first, {"d": MODULES}, "--compile")["d"]
    second = make(here.second, {"d": MODULES}, "--compile")["d"]
    assert compared(first) == compared(second) == compared(before)


# ---- shared objects -------------------------------------------------------------------------


def test_a_stripped_library_is_packed_in_place_of_the_installed(tmp_path: Path) -> None:
    """Of each distribution its own; the report says what it saved."""
    d, e = libraries.with_symbols(), libraries.with_symbols(5000)
    files: dict[str, Files] = {"d": {"x.so": d, "a.py": ""}, "e": {"x.so": e}}
    made = make(tmp_path, files, "--strip")
    for name, big in (("d", d), ("e", e)):
        assert unpacked(made[name], made=False)["x.so"] == libraries.PLAIN
        saved = len(big) - len(libraries.PLAIN)
        assert made[name].strip == {"files": 1, "bytes": saved, "left_alone": [], "unreadable": []}


def test_installed_files_are_never_changed(tmp_path: Path) -> None:
    """They are links into the installer's cache, where other projects' layers come from."""
    files: Files = {**MODULES, "x.so": libraries.with_symbols(), "RECORD": "old"}
    names = lay(tmp_path / "apart", "d", files)

    def state() -> dict[str, object]:
        found: dict[str, object] = {}
        for path in sorted((tmp_path / "apart").rglob("*")):
            status = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            facts = (status.st_ino, status.st_mode, data)
            found[str(path)] = (*facts, status.st_mtime_ns) if path.is_file() else facts
        return found

    before = state()
    request = {"d": {"as": "d", "stay": names, "cut": {"RECORD": "new"}}}
    run(tmp_path, request, "--strip", "--compile")
    assert state() == before
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"apart", "parts", "request.json"}


INFO = "p-1.0.dist-info/RECORD"


def test_modules_go_as_bytecode_alone(tmp_path: Path) -> None:
    """Where they were, with the bytes that lie beside other modules; one that does not compile goes
    as it is, and RECORD says so."""
    files = {"p/__init__.py": "x = 1\n", "p/bad.py": "x =\n", "p/c.py": "y = 1\n", INFO: "whole"}
    record = "p/__init__.pyc,,\np/bad.pyc,,\np/c.py,,\n"
    stay = lay(tmp_path / "apart", "p", files)
    each = {"as": "p", "stay": stay, "cut": {INFO: record}}
    only = ["p/__init__.py", "p/bad.py"]
    both = unpacked(run(tmp_path, {"p": each}, "--compile")["p"], made=True)
    made = run(tmp_path, {"p": each | {"only": only}}, "--compile")["p"]
    found = unpacked(made, made=True) | unpacked(made, made=False)
    assert found.keys() == {
        "p/__init__.pyc", "p/bad.py", "p/c.py", f"p/__pycache__/c.{TAG}.pyc", INFO,
    }  # fmt: skip
    assert found["p/__init__.pyc"] == both[f"p/__pycache__/__init__.{TAG}.pyc"]
    assert found[INFO] == b"p/__init__.pyc,,\np/bad.py,,\np/c.py,,\n"
    assert made.skipped == ("p/bad.py",)
    assert {member.name: member.is_beside for member in made.members if member.made} == {
        "p/__init__.pyc": False, f"p/__pycache__/c.{TAG}.pyc": True,
    }  # fmt: skip


def test_a_preview_of_python_is_refused(tmp_path: Path) -> None:
    """Its bytecode is no other's. A final release does the same work."""
    request = {"p": {"as": "p", "stay": lay(tmp_path / "apart", "p", MODULES), "cut": {}}}
    preview = (
        "import runpy, sys; sys.path.insert(0, sys.argv[1].rpartition('/')[0]);"
        "info = type('V', (), {'releaselevel': 'candidate'})();"
        "del sys.argv[:1]; import optimize; optimize.sys = type('S', (), {"
        "'version_info': info, 'version': '3.15.0rc1 (x)'})(); optimize.refuse_preview()"
    )
    done = subprocess.run(
        [sys.executable, "-s", "-S", "-c", preview, str(SCRIPT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Python 3.15.0rc1 is a preview" in done.stderr
    request["p"]["only"] = ["a.py"]
    assert "a.pyc" in unpacked(run(tmp_path, request, "--compile")["p"], made=True)
