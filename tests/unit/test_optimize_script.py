"""docker/optimize.py, as the sandbox runs it: isolated, under the base interpreter."""

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import deflate
import pytest

from tests import scripts

SCRIPT = scripts.FOLDER / "optimize.py"
LIBRARY = next(Path(deflate.__file__).parent.glob("*.so"))  # any real one will do
BIG = 10**9
# marshal writes the set otherwise when another module with these strings was compiled before it
# in the same process (seen with CPython 3.12.1).
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


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return scripts.load("optimize")


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "python" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def optimize(opt: Path, out: Path, *flags: str, budget: int = BIG, seed: str = "0") -> Any:
    """Run it; the report."""
    done = subprocess.run(
        [sys.executable, "-s", "-S", SCRIPT, opt, out, *flags, "--budget", str(budget)],
        env={"PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def bytecode(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.rglob("*.pyc")}


def test_every_module_is_compiled_for_lambdas_paths(tmp_path: Path) -> None:
    """unchecked-hash (PEP 552), under /opt wherever the tree lies now."""
    opt, out = lay(tmp_path / "opt", MODULES), tmp_path / "out"
    report = optimize(opt, out, "--compile")["bytecode"]
    assert report == {
        "files": 3,
        "bytes": sum(map(len, bytecode(out).values())),
        "skipped": [],
        "left_out": "",
    }
    tag = sys.implementation.cache_tag
    compiled = (out / f"python/p/__pycache__/b.{tag}.pyc").read_bytes()
    assert compiled[:4] == importlib.util.MAGIC_NUMBER
    assert struct.unpack_from("<L", compiled, 4) == (0b01,)
    assert b"/opt/python/p/b.py" in compiled


def test_python_uses_it_whatever_the_times_say(tmp_path: Path) -> None:
    """The zip sets every time to 1980; a default .pyc would be compiled anew at each start."""
    opt = lay(tmp_path / "opt", MODULES)
    optimize(opt, tmp_path / "out", "--compile")
    shutil.copytree(tmp_path / "out/python", opt / "python", dirs_exist_ok=True)
    (opt / "python/a.py").write_text("X = 'compiled anew'", encoding="utf-8")
    code = "import sys; sys.path[0] = sys.argv[1]; import a; print(a.X)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, opt / "python"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "['alpha', 'beta']\n"


def test_the_same_modules_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the hash seed, and whatever is compiled beside them."""
    many = {**MODULES, **{f"p/a{index}.py": SETS for index in range(20)}}
    optimize(lay(tmp_path / "1", MODULES), tmp_path / "out1", "--compile", seed="1")
    optimize(lay(tmp_path / "2", many), tmp_path / "out2", "--compile", seed="2")
    one, two = bytecode(tmp_path / "out1"), bytecode(tmp_path / "out2")
    assert len(one) == 3
    assert one == {name: two[name] for name in one}


def test_what_is_not_python_is_skipped_and_named(tmp_path: Path) -> None:
    """Templates and Python 2 in packages are no reason to fail."""
    opt = lay(tmp_path / "opt", {"a.py": "print 'two'", "c.py": "x = 1"})
    (opt / "python/b.py").write_bytes(b"x = '\xff'")
    report = optimize(opt, tmp_path / "out", "--compile")["bytecode"]
    assert report["skipped"] == ["python/a.py", "python/b.py"]
    assert report["files"] == 1


def test_bytecode_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    """The layer without it is worth more than no layer."""
    opt, out = lay(tmp_path / "opt", MODULES), tmp_path / "out"
    report = optimize(opt, out, "--compile", budget=200)["bytecode"]
    assert report["files"] == 0
    assert "over Lambda's 200" in report["left_out"]
    assert not bytecode(out)


def test_without_flags_nothing_is_made(tmp_path: Path) -> None:
    """Only the report."""
    opt, out = lay(tmp_path / "opt", MODULES), tmp_path / "out"
    assert optimize(opt, out) == {"strip": None, "bytecode": None}
    assert [path.name for path in out.iterdir()] == ["report.json"]


def stand_in(path: Path, body: str) -> str:
    """A program in place of `strip`, called as `strip --strip-unneeded -o SLIM FILE`."""
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A real shared object with 4 kB at its end that nothing needs."""
    path = tmp_path / "opt" / "x.so"
    path.parent.mkdir()
    path.write_bytes(LIBRARY.read_bytes() + bytes(4096))
    return path


def test_a_stripped_library_that_loads_is_taken(
    script: ModuleType, library: Path, tmp_path: Path
) -> None:
    """In its place, and among what travels back."""
    tool = stand_in(tmp_path / "strip", f'cp "{LIBRARY}" "$3"')
    assert script.strip(tool, library, tmp_path / "out/x.so") == (4096, True)
    assert library.read_bytes() == (tmp_path / "out/x.so").read_bytes() == LIBRARY.read_bytes()
    assert list(library.parent.iterdir()) == [library]


def test_a_library_that_no_longer_loads_is_put_back(
    script: ModuleType, library: Path, tmp_path: Path
) -> None:
    """Byte for byte, with nothing left beside it (serverless-python-requirements#326)."""
    before = library.read_bytes()
    tool = stand_in(tmp_path / "strip", 'head -c 5000 "$4" > "$3"')
    saved, works = script.strip(tool, library, tmp_path / "out/x.so")
    assert saved
    assert not works
    assert library.read_bytes() == before
    assert list(library.parent.iterdir()) == [library]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("body", ['cp "$4" "$3"', "exit 1"], ids=["nothing saved", "tool fails"])
def test_a_library_without_symbols_is_left_as_it_is(
    script: ModuleType, library: Path, tmp_path: Path, body: str
) -> None:
    """No copy travels for nothing."""
    tool = stand_in(tmp_path / "strip", body)
    assert script.strip(tool, library, tmp_path / "out/x.so") == (0, True)
    assert list(library.parent.iterdir()) == [library]


def elf(run_path: str) -> bytes:
    """A 64-bit ELF with one loaded segment, at another address than offset, and its dynamic
    section: strings at 0x1100 in memory, 0x100 in the file."""
    dynamic = struct.pack("<6Q", 5, 0x1100, 29, 1, 0, 0)
    head = struct.pack("<4sB11x2HL3QL6H", b"\x7fELF", 2, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<2L6Q", 1, 4, 0, 0x1000, 0x1000, 0x200, 0x200, 0x1000)
    section = struct.pack("<2L6Q", 2, 4, 0x180, 0x1180, 0x1180, len(dynamic), len(dynamic), 8)
    content = (head[:5] + b"\x01" + head[6:] + load + section).ljust(0x100, b"\0")
    content += (b"\0" + run_path.encode() + b"\0").ljust(0x80, b"\0")
    return content + dynamic


@pytest.mark.parametrize(
    ("path", "run_path", "rewritten"),
    [
        ("numpy/core/x.so", "$ORIGIN/../../numpy.libs", True),
        ("numpy.libs/x.so", "$ORIGIN", True),
        ("pyarrow/x.so", "$ORIGIN", False),
        ("a/x.so", "", False),
    ],
)
def test_libraries_that_auditwheel_laid_out_are_known(
    script: ModuleType, tmp_path: Path, path: str, run_path: str, rewritten: bool
) -> None:
    """strip may corrupt them (NixOS/patchelf#10)."""
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_bytes(elf(run_path))
    assert script.run_paths(file.read_bytes()) == [run_path]
    assert script.is_rewritten(file) == rewritten


def test_a_library_tells_why_it_does_not_load(script: ModuleType, tmp_path: Path) -> None:
    """Compared before and after, so the reason must show."""
    broken = tmp_path / "x.so"
    broken.write_bytes(b"\x7fELF nothing")
    assert script.loads(LIBRARY) == "0 "
    assert "x.so" in script.loads(broken)
