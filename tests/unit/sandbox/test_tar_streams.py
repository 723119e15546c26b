"""tasks/sandbox/tar_streams.py: files to and from containers, and what is refused on the way."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.sandbox import tar_streams
from tasks.util.errors import BuildError


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o600
) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.mode = kind, link, mode
    return found


def stream(*members: tarfile.TarInfo, content: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for each in members:
            each.size = len(content) if each.isreg() else 0
            tar.addfile(each, io.BytesIO(content))
    return out.getvalue()


def chunks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


UNSAFE = {
    "above": [member("../x")],
    "above, inside a folder": [member("top", tarfile.DIRTYPE), member("top/../../x")],
    "absolute": [member("/tmp/doit-lambda-layer-x")],  # noqa: S108 - must not be written to
    "link to an absolute path": [member("top", tarfile.SYMTYPE, "/etc/passwd")],
    "link outside": [member("top", tarfile.DIRTYPE), member("top/x", tarfile.SYMTYPE, "../../x")],
    "hard link outside": [member("top", tarfile.LNKTYPE, "../x")],
    "device": [member("top", tarfile.CHRTYPE)],
    "block device": [member("top", tarfile.BLKTYPE)],
    "pipe": [member("top", tarfile.FIFOTYPE)],
    "set-user-ID": [member("top", mode=0o4755)],
    "set-group-ID": [member("top", tarfile.DIRTYPE), member("top/x", mode=0o2755)],
}


@pytest.mark.parametrize("members", UNSAFE.values(), ids=UNSAFE.keys())
def test_an_unsafe_member_is_refused(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    """With nothing written, here or elsewhere, and what was there before kept."""
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "target").write_text("old")
    with pytest.raises(BuildError, match="unsafe") as caught:
        tar_streams.unpack(chunks(stream(*members)), tmp_path / "into" / "target")
    assert members[-1].name in caught.value.problem
    assert "do not use it" in caught.value.fix
    assert (names(tmp_path), names(tmp_path / "into")) == (["into"], ["target"])
    assert (tmp_path / "into" / "target").read_text() == "old"
    assert not Path("/tmp/doit-lambda-layer-x").exists()  # noqa: S108 - must not be written to


def test_a_stream_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    """Nothing half-written takes the target's place."""
    whole = stream(member("top"), content=b"x" * 5000)
    with pytest.raises(BuildError, match="broke off"):
        tar_streams.unpack(chunks(whole[:2000]), tmp_path / "target")
    assert names(tmp_path) == []


def test_an_empty_stream_is_an_error(tmp_path: Path) -> None:
    """A tar without members."""
    with pytest.raises(BuildError, match="nothing"):
        tar_streams.unpack(chunks(stream()), tmp_path / "target")


def test_the_stream_is_read_to_its_end(tmp_path: Path) -> None:
    """Whatever follows the tar's own end: the connection would stay busy."""
    rest = chunks(stream(member("top")) + bytes(100_000))
    tar_streams.unpack(rest, tmp_path / "target")
    assert next(rest, None) is None


@pytest.mark.parametrize("size", [1, 511, 1 << 22])
def test_chunks_of_any_size_will_do(tmp_path: Path, size: int) -> None:
    """The engine decides how much it sends at once."""
    content = os.urandom(3000)
    tar_streams.unpack(chunks(stream(member("top"), content=content), size), tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == content


@pytest.mark.parametrize("members", [1, 50])
def test_more_than_is_wanted_is_not_taken(tmp_path: Path, members: int) -> None:
    """In one file, or in many that are empty; and nothing is kept of it."""
    size = 20_000 if members == 1 else 0
    sent = stream(*[member(f"top{number}") for number in range(members)], content=bytes(size))
    with pytest.raises(tar_streams.TooLargeError, match="larger than"):
        tar_streams.unpack(chunks(sent), tmp_path / "target", 10_000)
    assert names(tmp_path) == []


def test_a_file_of_holes_counts_in_full(tmp_path: Path) -> None:
    """Its tar is small."""
    holes = member("top")
    holes.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "top",
        "GNU.sparse.realsize": "60000000000",
    }  # fmt: skip
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        content = b"1\n60000000000\n0\n".ljust(512, b"\0")
        holes.size = len(content)
        tar.addfile(holes, io.BytesIO(content))
    with pytest.raises(tar_streams.TooLargeError, match="larger than"):
        tar_streams.unpack(chunks(out.getvalue()), tmp_path / "target", 1 << 30)
    assert names(tmp_path) == []


def test_modes_let_the_caller_work_with_the_files(tmp_path: Path) -> None:
    """Folders can be entered and emptied, whatever their bits say; programs stay programs."""
    folder, program = member("top", tarfile.DIRTYPE), member("top/run")
    folder.mode, program.mode = 0o2000, 0o555
    tar_streams.unpack(chunks(stream(folder, program)), tmp_path / "target")
    assert (tmp_path / "target").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "target" / "run").stat().st_mode & 0o7777 == 0o755


def test_a_folder_replaces_a_folder_and_a_file_a_file(tmp_path: Path) -> None:
    """Links inside the tree stay links."""
    target = tmp_path / "target"
    for content in (b"1", b"2"):
        link = member("top/link", tarfile.SYMTYPE, f"file{content.decode()}")
        top, file = member("top", tarfile.DIRTYPE), member(f"top/file{content.decode()}")
        tar_streams.unpack(chunks(stream(top, file, link, content=content)), target)
    assert names(target) == ["file2", "link"]
    assert (target / "link").read_bytes() == b"2"


def test_what_is_packed_belongs_to_root_and_can_be_read() -> None:
    """Whoever runs this and with whatever umask."""
    name = f"work/{'long' * 40}"
    packed = tar_streams.pack({"work/a": b"22", name: b""})
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        found = {each.name: (each.mode, each.uid, each.gid, each.size) for each in tar}
        file = tar.extractfile("work/a")
        assert file
        assert file.read() == b"22"
    assert found == {"work/a": (0o644, 0, 0, 2), name: (0o644, 0, 0, 0)}
