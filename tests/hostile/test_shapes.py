"""Wheels that are hostile in what they hold, not in what they run: names, links, lists, bombs.
Each is built alone: into a layer of plain files, or into one clear error."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import package_index
from tests import reliability_counts as kinds
from tests.functional.test_words import is_harmless
from tests.hostile import ground
from tests.hostile.ground import Ground

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "grounds",
        ["host", pytest.param("docker", marks=pytest.mark.long)],
        indirect=True,
        scope="module",
    ),
]
INFO = "shape-1.0.dist-info"
MODULE = {"shape/__init__.py": b"VALUE = 1\n"}


def holding(files: dict[str, bytes]) -> bytes:
    return package_index.wheel("shape", "1.0", (), {**MODULE, **files})


def told(*headers: str) -> bytes:
    return package_index.wheel("shape", "1.0", headers, MODULE)


def entry(name: str, mode: int, data: bytes) -> bytes:
    """One more member, of a kind that a wheel has not."""
    out = io.BytesIO(holding({}))
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(info, data)
    return out.getvalue()


def recorded(record: bytes) -> bytes:
    """With this RECORD in place of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(holding({}))) as whole, zipfile.ZipFile(out, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, record if name.endswith("RECORD") else whole.read(name))
    return out.getvalue()


def twice() -> bytes:
    """The same name with two contents."""
    out = io.BytesIO(holding({}))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("shape/__init__.py", b"VALUE = 'the other'\n")
    return out.getvalue()


def bomb() -> bytes:
    """A hundred times what its list says it is."""
    out = io.BytesIO(holding({"shape/data.bin": bytes(1_000_000)}))
    packed = io.BytesIO()
    with zipfile.ZipFile(out) as whole, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in whole.namelist():
            made.writestr(name, whole.read(name))
    return packed.getvalue().replace(struct.pack("<I", 1_000_000), struct.pack("<I", 10))


SHAPES: dict[str, Callable[[], bytes]] = {
    "above": lambda: entry("../escaped_file.py", 0o100644, b"x"),
    "absolute": lambda: entry("/tmp/escaped_file.py", 0o100644, b"x"),  # noqa: S108
    "a link out": lambda: entry("shape/link", 0o120777, b"/etc/passwd"),
    "a link above": lambda: entry("shape/up", 0o120777, b"../../../../canary"),
    "a link for a folder": lambda: entry("shape", 0o120777, b"/"),
    "set-user-ID": lambda: entry("shape/run", 0o106755, b"#!/bin/sh\n"),
    "a device": lambda: entry("shape/null", 0o020666, b""),
    "backslashes": lambda: holding({"shape/..\\..\\a.py": b""}),
    "control characters": lambda: holding({"shape/a\x1b]0;owned\x07\r.txt": b""}),
    "a line's end": lambda: holding({"shape/a\n::error::forged::\n.txt": b""}),
    "markup": lambda: holding({"shape/<img src=x onerror=alert(1)>.txt": b"1" * 5000}),
    "bidi": lambda: holding({"shape/\u202etxt.exe": b"1"}),
    "a long name": lambda: holding({f"shape/{'a' * 300}.txt": b""}),
    "deep folders": lambda: holding({f"shape/{'a/' * 300}b.txt": b""}),
    "two cases": lambda: holding({"shape/A.txt": b"1", "shape/a.txt": b"2"}),
    "the same twice": twice,
    "a bomb": bomb,
    "much of nothing": lambda: package_index.wheel(
        "shape", "1.0", (), {**MODULE, "shape/zeros.bin": bytes(300_000_000)}
    ),
    "programs of ours": lambda: holding({
        f"shape-1.0.data/scripts/{name}": b"#!python\nraise SystemExit('OUT: ran')\n"
        for name in ("uv", "python", "python3", "sh")
    }),
    "data above": lambda: holding({"shape-1.0.data/data/../../escaped_file": b"x"}),
    "start-up files": lambda: holding({
        "shape.pth": b"import sys; sys.exit('OUT: a .pth ran')\n",
        "sitecustomize.py": b"raise SystemExit('OUT: sitecustomize ran')\n" * 0,
        "usercustomize.py": b"VALUE = 1\n",
    }),
    "metadata of another": lambda: holding({
        "victim-1.0.dist-info/METADATA": b"Name: victim\nVersion: 1.0\n",
        "victim-1.0.dist-info/RECORD": b"victim_canary.py,,\n",
    }),
    "a name that is a path": lambda: told("Name: ../../victim"),
    "escapes in METADATA": lambda: told("License: \x1b]0;owned\x07", "Summary: a\x0bb"),
    "bytes in METADATA": lambda: holding({f"{INFO}/METADATA": b"Name: sh\xffape\nVersion: \xfe\n"}),
    "deep markers": lambda: told(f"Requires-Dist: six; {'(' * 20000}"),
    "a marker of nobody": lambda: told("Requires-Dist: six; no_such_name == '1'"),
    "a version of nobody": lambda: told("Requires-Dist: six; python_version > 'x.y.z'"),
    "RECORD: others' files": lambda: recorded(b"../../victim_canary.py,,\n/etc/passwd,,\n"),
    "RECORD: another hash": lambda: recorded(b"shape/__init__.py,sha256=AAAA,1\n"),
    "RECORD: one field": lambda: recorded(b"a" * 300_000 + b",sha256=x,1\n"),
    "RECORD: no list": lambda: recorded(b'"\0\r' + bytes(range(128, 256)) + b"\n,,\n"),
    "deep code": lambda: holding({"shape/deep.py": b"a = " + b"(" * 5000 + b")" * 5000}),
    "code of no encoding": lambda: holding({"shape/odd.py": b"# coding: rot13\nvzcbeg bf\n"}),
    "NUL in code": lambda: holding({"shape/nul.py": b"a = 1\0\n"}),
    "a library of noise": lambda: holding({"shape/noise.so": b"\x7fELF" + bytes(range(256)) * 40}),
    "a library without end": lambda: holding({
        "shape/x.so": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + b"\xff" * 4000
    }),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_layer_of_plain_files_or_an_error(grounds: Ground, shape: str, tmp_path: Path) -> None:
    before = grounds.seen()
    folder = grounds.index.root / "simple/shape"
    for old in folder.iterdir() if folder.is_dir() else ():
        old.unlink()
    grounds.index.put("shape", f"shape-1.0-{package_index.ANY}.whl", SHAPES[shape]())
    with ground.held([kinds.SHAPES]):
        made, run = grounds.build(tmp_path.name, ["shape==1.0", "victim==1.0"], "zip")
        assert run.code == 0 or "\n→ " in run.output, run.output
        assert is_harmless(run.output)
        grounds.check(before, run.output, building=False)
        out = [*grounds.base.rglob("escaped_file*"), *Path("/tmp").glob("escaped_file*")]  # noqa: S108
        assert not [each for each in out if "archive-v0" not in each.parts]
        if run.code == 0:
            plain(made.path / "build/deps.zip")


def plain(layer: Path) -> None:
    """Nothing but files below python/ that anybody may read."""
    with zipfile.ZipFile(layer) as archive:
        assert archive.testzip() is None
        for each in archive.infolist():
            assert each.external_attr >> 16 in (0o100644, 0o100755)
            assert each.filename.startswith("python/")
            assert ".." not in each.filename.split("/")
        assert archive.read("python/victim_canary.py") == ground.VICTIM["victim_canary.py"]


def test_and_the_second_project_is_as_before(grounds: Ground) -> None:
    """After all of them."""
    assert grounds.fresh_build_of_the_other() == grounds.pure
