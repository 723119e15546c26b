"""tasks/util/files.py: written whole or not at all."""

import os
from pathlib import Path

import pytest

from tasks.util import files


def test_a_record_comes_back_as_written(tmp_path: Path) -> None:
    """Folders are made, text stays readable."""
    path = tmp_path / "build" / "step" / "record.json"
    files.write_record(path, {"fingerprint": "a", "name": "의존성"})
    assert files.read_record(path) == {"fingerprint": "a", "name": "의존성"}
    assert "의존성" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["", '{"half":', "[]", "\x00"])
def test_a_torn_or_foreign_file_counts_as_none(tmp_path: Path, text: str) -> None:
    """The step then runs again, instead of failing for ever."""
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    assert files.read_record(path) is None


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    """No half file, no temporary one."""
    path = tmp_path / "record.json"
    files.write_atomic(path, b"old")
    with pytest.raises(TypeError):
        files.write_atomic(path, "not bytes")  # type: ignore[arg-type] # any values
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_digest_ignores_key_order_only() -> None:
    """Canonical JSON: one spelling per value."""
    assert files.digest({"a": 1, "b": [1, 2]}) == files.digest({"b": [1, 2], "a": 1})
    assert files.digest([1, 2]) != files.digest([2, 1])


def test_a_file_is_whole_while_it_is_the_records(tmp_path: Path) -> None:
    """Changed, cut off, gone; or of another record."""
    file, record = tmp_path / "layer.zip", tmp_path / "zip" / "record.json"
    assert not files.is_whole(file, record)
    file.write_bytes(b"content")
    assert not files.is_whole(file, record)
    files.write_record(record, {"sha256": files.file_digest(file)})
    assert files.is_whole(file, record)
    file.write_bytes(b"damaged")
    os.utime(file, (1, 1))
    assert not files.is_whole(file, record)
    files.write_record(record, {"sha256": files.file_digest(file)})
    assert files.is_whole(file, record)
    file.unlink()
    assert not files.is_whole(file, record)


def test_what_is_no_file_is_not_whole(tmp_path: Path) -> None:
    """A folder, a link to one, a link in a circle: it is made again."""
    record = tmp_path / "zip.json"
    files.write_record(record, {"sha256": files.bytes_digest(b"")})
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "circle").symlink_to("circle")
    for name in ("folder", "link", "circle"):
        assert not files.is_whole(tmp_path / name, record)


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again only after somebody touched it."""
    file, record = tmp_path / "layer.zip", tmp_path / "zip" / "record.json"
    file.write_bytes(b"content")
    files.write_record(record, {"sha256": files.file_digest(file)})
    assert files.is_whole(file, record)
    read: list[Path] = []
    digest = files.file_digest

    def watched(path: Path) -> str:
        read.append(path)
        return digest(path)

    monkeypatch.setattr(files, "file_digest", watched)
    assert files.is_whole(file, record)
    assert read == []
    os.utime(file, (1, 1))
    assert files.is_whole(file, record)
    assert read == [file]


@pytest.mark.parametrize(
    ("name", "fits"),
    [("a" * 255, True), ("a" * 256, False), (f"{'a' * 255}/{'b' * 255}", True), ("é" * 128, False)],
)
def test_a_name_has_255_bytes(name: str, fits: bool) -> None:
    """NAME_MAX of Linux: of each part of a path, in bytes of UTF-8."""
    assert (files.unholdable([name]) == []) == fits
