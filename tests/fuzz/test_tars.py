"""tasks/sandbox/tar_streams.py: whatever a container sends, it lands in its place or nowhere."""

import io
import os
import tarfile
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.sandbox import tar_streams
from tasks.util.errors import LayerError
from tests.reliability_counts import answer

ROW = "tar: members"
KINDS = [
    tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE,
    tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.CONTTYPE,
]  # fmt: skip
PIECES = ["top", "top/a", "a", "..", ".", "", "/", "outside", "top/b", "b", "c" * 120, "한", "\\"]
PATHS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("/".join)
MEMBERS = st.tuples(st.just("top") | PATHS, st.sampled_from(KINDS), PATHS, st.integers(0, 0o7777))
Members = list[tuple[str, bytes, str, int]]


def stream(members: Members) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, link, mode in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, mode
            member.size = 3 if member.isreg() else 0
            tar.addfile(member, io.BytesIO(b"new"))
    return out.getvalue()


def everything(folder: Path) -> dict[str, str]:
    """{path: what it is} below the folder, links not followed."""
    return {
        str(path.relative_to(folder)): os.readlink(path)  # noqa: PTH115 - as text, not a path
        if path.is_symlink()
        else f"{path.lstat().st_mode} {path.read_bytes() if path.is_file() else ''!r}"
        for path in sorted(folder.rglob("*"))
    }


def unpacked(data: bytes, size: int) -> LayerError | None:
    """Everything beside the target is as it was, and nothing in it leads out."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        into = home / "into"
        (home / "outside").mkdir()
        (home / "outside/file").write_text("theirs")
        into.mkdir()
        before = everything(home)
        chunks = (data[start : start + size] for start in range(0, len(data), size))
        found = answer(ROW, lambda: tar_streams.unpack(chunks, into / "target"))
        after = {k: v for k, v in everything(home).items() if not k.startswith("into/target")}
        assert after == before
        if found is None:
            check(into / "target")
        else:
            assert not os.path.lexists(into / "target")
        return found


def check(target: Path) -> None:
    """Files, folders, and links that stay inside."""
    for path in [target, *target.rglob("*")]:
        if path.is_symlink():
            assert not os.readlink(path).startswith("/")  # noqa: PTH115 - as text
            inside = Path(os.path.normpath(path.parent / os.readlink(path)))  # noqa: PTH115 - as text
            assert inside.is_relative_to(target.parent)
        else:
            assert path.is_file() or path.is_dir()
            assert not path.stat().st_mode & 0o7022


@given(st.lists(MEMBERS, max_size=5), st.sampled_from([1, 511, 4096]))
@example([("top", tarfile.SYMTYPE, "outside", 0o777), ("top/x", tarfile.REGTYPE, "", 0o644)], 511)
@example([("top/a", tarfile.SYMTYPE, "..", 0), ("top/a/x", tarfile.REGTYPE, "", 0o644)], 511)
@example([("top", tarfile.LNKTYPE, "../outside/file", 0o644)], 511)
@example([("top", tarfile.LNKTYPE, "nowhere", 0o644)], 511)
@example([("top", tarfile.REGTYPE, "", 0o644), ("top/x", tarfile.REGTYPE, "", 0o644)], 511)
@example([(n, k, "top", 0o644) for n, k in [("top", b"0"), ("top", b"2"), ("top", b"0")]], 511)
def test_no_path_escapes(members: Members, size: int) -> None:
    """Unpacked, or refused with nothing left behind."""
    unpacked(stream(members), size)


@given(st.lists(MEMBERS, min_size=1, max_size=3), st.floats(0, 1), st.binary(max_size=40))
def test_damaged_on_the_way(members: Members, part: float, noise: bytes) -> None:
    """Broken off, or overwritten."""
    data = stream(members)
    at = int(len(data) * part)
    unpacked(data[:at], 511)
    unpacked(data[:at] + noise + data[at + len(noise) :], 511)


@given(st.binary(max_size=700))
def test_no_tar_at_all(data: bytes) -> None:
    """Whatever the engine sends."""
    unpacked(data, 100)
