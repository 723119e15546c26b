"""docker/strip.py: what may be stripped, and what is taken of it."""

import os
import struct
from pathlib import Path
from types import ModuleType

import deflate
import pytest

from tests import sandbox_scripts

LIBRARY = next(Path(deflate.__file__).parent.glob("*.so"))  # any real one will do
BREAKS = 'head -c 5000 "$4" > "$3"'
SLIMS = f'cp "{LIBRARY}" "$3"'


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return sandbox_scripts.load("strip")


def stand_in(path: Path, body: str) -> str:
    """A program in place of `strip`, called as `strip --strip-unneeded -o SLIM FILE`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def use(patch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    """Have it found as `strip`."""
    stand_in(folder / "strip", body)
    patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A real shared object with 4 kB at its end that nothing needs."""
    path = tmp_path / "d" / "x.so"
    path.parent.mkdir()
    path.write_bytes(LIBRARY.read_bytes() + bytes(4096))
    return path


def test_a_stripped_library_that_loads_is_taken(
    script: ModuleType, library: Path, tmp_path: Path
) -> None:
    """Laid where it is packed from, with the installed one's mode; that one stays as it is."""
    library.chmod(0o755)
    before, inode = library.read_bytes(), library.stat().st_ino
    slim = tmp_path / "slim/p/x.so"
    assert script.strip(stand_in(tmp_path / "strip", SLIMS), library, slim) == (4096, True)
    assert slim.read_bytes() == LIBRARY.read_bytes()
    assert slim.stat().st_mode == library.stat().st_mode
    assert (library.read_bytes(), library.stat().st_ino) == (before, inode)
    assert list(library.parent.iterdir()) == [library]


def test_a_library_that_no_longer_loads_is_put_back(
    script: ModuleType, library: Path, tmp_path: Path
) -> None:
    """The very file, with nothing left beside it (serverless-python-requirements#326)."""
    before, inode = library.read_bytes(), library.stat().st_ino
    slim = tmp_path / "slim/x.so"
    saved, works = script.strip(stand_in(tmp_path / "strip", BREAKS), library, slim)
    assert saved
    assert not works
    assert (library.read_bytes(), library.stat().st_ino) == (before, inode)
    assert list(library.parent.iterdir()) == [library]
    assert not slim.exists()


@pytest.mark.parametrize("body", ['cp "$4" "$3"', "exit 1"], ids=["nothing saved", "tool fails"])
def test_a_library_without_symbols_is_left_as_it_is(
    script: ModuleType, library: Path, tmp_path: Path, body: str
) -> None:
    """No copy is packed for nothing."""
    tool, slim = stand_in(tmp_path / "strip", body), tmp_path / "slim/x.so"
    assert script.strip(tool, library, slim) == (0, True)
    assert list(library.parent.iterdir()) == [library]
    assert not slim.exists()


def test_both_are_loaded_from_the_same_place(
    script: ModuleType, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library finds what it needs beside itself ($ORIGIN)."""
    seen = []

    def loads(file: Path) -> str:
        seen.append((file, file.read_bytes() == LIBRARY.read_bytes()))
        return "0 "

    monkeypatch.setattr(script, "loads", loads)
    script.strip(stand_in(tmp_path / "strip", SLIMS), library, tmp_path / "slim/x.so")
    assert seen == [(library, False), (library, True)]


def test_an_interruption_puts_the_library_back(
    script: ModuleType, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens while the stripped one is tried in its place."""
    before, inode = library.read_bytes(), library.stat().st_ino

    def loads(file: Path) -> str:
        if file.read_bytes() != before:
            raise KeyboardInterrupt
        return "0 "

    monkeypatch.setattr(script, "loads", loads)
    with pytest.raises(KeyboardInterrupt):
        script.strip(stand_in(tmp_path / "strip", SLIMS), library, tmp_path / "slim/x.so")
    assert (library.read_bytes(), library.stat().st_ino) == (before, inode)
    assert list(library.parent.iterdir()) == [library]


def test_a_report_tells_what_became_of_each(
    script: ModuleType, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the names given; what is no ELF file is none of its business."""
    root, slim = library.parent, tmp_path / "slim"
    for name in ("broken.so", "lib.so.1", "p.libs/y.so", "unasked.so"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(library.read_bytes())
    (root / "text.so").write_text("INPUT(libx.so.1)", encoding="utf-8")
    (root / "program").write_bytes(library.read_bytes())
    body = f'case "$4" in *broken*) {BREAKS};; *) {SLIMS};; esac'
    use(monkeypatch, tmp_path / "bin", body)
    names = ["broken.so", "lib.so.1", "p.libs/y.so", "program", "text.so", "x.so"]
    assert script.strip_all(root, names, slim) == {
        "files": 2,
        "bytes": 2 * 4096,
        "put_back": ["broken.so"],
        "left_alone": ["p.libs/y.so"],
        "skipped": "",
    }
    assert sorted(path.name for path in slim.iterdir()) == ["lib.so.1", "x.so"]


def test_without_binutils_nothing_is_stripped(
    script: ModuleType, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says why."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    report = script.strip_all(library.parent, ["x.so"], tmp_path / "slim")
    assert report["files"] == 0
    assert "no `strip`" in report["skipped"]


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
