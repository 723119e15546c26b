"""tasks/layer/archive/zip_writer.py: the same bytes for the same content, readable by every
unzip."""

import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from tasks.layer import part as parts
from tasks.layer.archive import zip_writer
from tasks.layer.part import Member, Part
from tasks.util.errors import BuildError
from tests import stored_parts

FILES = {"a.so": os.urandom(3000), "b/__init__.py": b"", "한글.txt": b"x" * 9999}


def packed(*found: Part) -> bytes:
    return written(parts.together(found, bytecode=True))


def written(members: Sequence[Member]) -> bytes:
    out = io.BytesIO()
    zip_writer.write_zip(members, out)
    return out.getvalue()


def test_content_comes_back(tmp_path: Path) -> None:
    """Empty, incompressible and non-ASCII named files, in the order given."""
    content = packed(stored_parts.part(tmp_path / "p", FILES))
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            f"python/{name}": data for name, data in FILES.items()
        }
        assert found.namelist() == [f"python/{name}" for name in sorted(FILES)]
        kinds = {info.filename: info.compress_type for info in found.infolist()}
    assert kinds["python/a.so"] == zipfile.ZIP_STORED
    assert kinds["python/한글.txt"] == zipfile.ZIP_DEFLATED


def test_a_file_is_taken_over_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large it is; one whose part was cut off since it was looked at is an error."""
    part = stored_parts.part(tmp_path / "p", FILES)
    whole = packed(part)
    monkeypatch.setattr(zip_writer, "BLOCK", 1000)
    assert packed(part) == whole
    os.truncate(tmp_path / "p", 2500)
    with pytest.raises(BuildError, match="is cut off"):
        packed(part)


@pytest.mark.parametrize("at_once", [zip_writer.AT_ONCE, 100], ids=["small", "large"])
def test_files_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Packed ones and those that are not; the zip's list is read again for large ones alone."""
    (layer := tmp_path / "l.zip").write_bytes(packed(stored_parts.part(tmp_path / "p", FILES)))
    found = zip_writer.members(layer)
    read: list[str] = []
    open_one = zipfile.ZipFile.open

    def noting(self: zipfile.ZipFile, name: str) -> IO[bytes]:
        read.append(name)
        return open_one(self, name)

    monkeypatch.setattr(zip_writer, "AT_ONCE", at_once)
    monkeypatch.setattr(zipfile.ZipFile, "open", noting)
    with layer.open("rb") as file:
        assert {each.name: zip_writer.opened(each, file).read() for each in found} == FILES
    large = [f"python/{name}" for name, content in FILES.items() if len(content) > at_once]
    assert sorted(read) == sorted(large)


def test_times_order_and_parts_do_not_show(tmp_path: Path) -> None:
    """Made elsewhere, at another time, in other company: the same bytes."""
    one = stored_parts.part(tmp_path / "1" / "p", FILES)
    two = [
        stored_parts.part(tmp_path / "2" / str(index), {name: FILES[name]})
        for index, name in enumerate(reversed(FILES))
    ]
    for part in two:
        os.utime(part.path, (1, 1))
        part.path.chmod(0o600)
    assert packed(one) == packed(*two)


def test_a_changed_byte_shows(tmp_path: Path) -> None:
    """The content hash tells versions apart."""
    before = packed(stored_parts.part(tmp_path / "1", FILES))
    assert packed(stored_parts.part(tmp_path / "2", FILES | {"b/__init__.py": b"x"})) != before


def test_modes_are_readable_by_all(tmp_path: Path) -> None:
    """Lambda runs as another user; programs keep their execute bit."""
    part = stored_parts.part(tmp_path / "p", {"a.txt": b"", "run": b"#!"}, programs=["run"])
    with zipfile.ZipFile(io.BytesIO(packed(part))) as found:
        modes = {info.filename: info.external_attr >> 16 for info in found.infolist()}
        dates = {info.date_time for info in found.infolist()}
        assert all(not info.extra for info in found.infolist())
    assert modes == {"python/a.txt": 0o100644, "python/run": 0o100755}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_more_parts_than_are_open_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound on open files changes nothing; parts that alternate are opened again."""
    found = [
        stored_parts.part(
            tmp_path / str(number), {f"{index}/{number}": os.urandom(9) for index in "ab"}
        )
        for number in range(5)
    ]
    whole = packed(*found)
    files = Path("/proc/self/fd")
    before, most = len([*files.iterdir()]), 0
    read = zip_writer._Sources.blocks

    def watched(sources: Any, member: Member) -> Iterator[bytes]:
        nonlocal most
        for block in read(sources, member):
            most = max(most, len([*files.iterdir()]) - before)
            yield block

    monkeypatch.setattr(zip_writer._Sources, "blocks", watched)
    monkeypatch.setattr(zip_writer, "OPEN", 2)
    assert packed(*found) == whole
    assert most == 2


def test_too_many_files_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip without zip64 counts to 65,534."""
    monkeypatch.setattr(zip_writer, "MAX_ENTRIES", 2)
    with pytest.raises(BuildError, match="3 files"):
        packed(stored_parts.part(tmp_path / "p", FILES))


def test_a_zip_holds_65534_files() -> None:
    """One more needs zip64, which writes 65,535 where the count was (APPNOTE 4.4.1.4)."""
    member = Member("a", 0o644, 0, 0, 0, Path("/dev/null"), 0, 0, made=False)
    out = io.BytesIO()
    zip_writer.write_zip([member] * 65_534, out)
    assert out.getvalue()[-12:-10] == (65_534).to_bytes(2, "little")
    with pytest.raises(BuildError, match="65535 files"):
        zip_writer.write_zip([member] * 65_535, out)


def test_too_many_bytes_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers included; nothing is written before."""
    monkeypatch.setattr(zip_writer, "MAX_BYTES", 3000)
    part, out = stored_parts.part(tmp_path / "p", FILES), io.BytesIO()
    with pytest.raises(BuildError, match="over 4 GB"):
        zip_writer.write_zip(part.members, out)
    assert out.getvalue() == b""


def test_an_images_zip_has_more_files_than_lambdas(tmp_path: Path) -> None:
    """70,000 of one part: nobody but this tool reads them."""
    part = stored_parts.part(tmp_path / "p", {"a.py": b"x = 1\n"})
    (only,) = part.members
    many = [only._replace(name=f"{number:05}.py") for number in range(70_000)]
    with (tmp_path / "zip").open("wb") as file:
        zip_writer.write_zip(many, file, large=True)
    with zipfile.ZipFile(tmp_path / "zip") as archive:
        assert len(archive.infolist()) == 70_000
        assert archive.read("python/69999.py") == b"x = 1\n"
    found = zip_writer.members(tmp_path / "zip")
    assert (len(found), found[-1].name) == (70_000, "69999.py")


def test_an_images_zip_is_larger_than_lambdas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past 4 GB, which is 300 bytes here: where a file begins stands in 64 bits."""
    content = {f"{number}.py": os.urandom(100) for number in range(9)}
    part = stored_parts.part(tmp_path / "p", content)
    monkeypatch.setattr(zip_writer, "MAX_BYTES", 300)
    with (tmp_path / "zip").open("wb") as file:
        zip_writer.write_zip(part.members, file, large=True)
    with zipfile.ZipFile(tmp_path / "zip") as archive:
        assert archive.testzip() is None
        assert {
            each.removeprefix("python/"): archive.read(each) for each in archive.namelist()
        } == (content)
    with (tmp_path / "zip").open("rb") as file:
        for member in zip_writer.members(tmp_path / "zip"):
            assert zip_writer.opened(member, file).read() == content[member.name]
    with pytest.raises(BuildError, match="a file is over 4 GB"):
        zip_writer.write_zip([part.members[0]._replace(size=301)], io.BytesIO(), large=True)
