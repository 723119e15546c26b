"""tasks/core/archive.py: the same bytes for the same content, readable by every unzip."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from tasks.core import archive
from tasks.core.errors import BuildError

FILES = {
    "python/b/__init__.py": b"",
    "python/a.so": os.urandom(3000),
    "python/한글.txt": b"x" * 9999,
}


def tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def packed(root: Path) -> bytes:
    out = io.BytesIO()
    files = [path for path in root.rglob("*") if not path.is_dir()]
    archive.write_zip(root, files, out, lambda more: None)
    return out.getvalue()


def test_content_comes_back(tmp_path: Path) -> None:
    """Empty, incompressible and non-ASCII named files; the sum of sizes is returned."""
    root, out = tree(tmp_path, FILES), io.BytesIO()
    files = [root / name for name in FILES]
    assert archive.write_zip(root, files, out, lambda more: None) == sum(map(len, FILES.values()))
    with zipfile.ZipFile(out) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == FILES
        assert found.namelist() == sorted(FILES)


def test_times_order_and_ownership_do_not_show(tmp_path: Path) -> None:
    """A checkout elsewhere, at another time, with another umask gives the same bytes."""
    one, two = tree(tmp_path / "1", FILES), tree(tmp_path / "2", dict(reversed(FILES.items())))
    for path in two.rglob("*.*"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert packed(one) == packed(two)


def test_a_changed_byte_shows(tmp_path: Path) -> None:
    """The content hash tells versions apart."""
    before = packed(tree(tmp_path, FILES))
    assert packed(tree(tmp_path, {"python/b/__init__.py": b"x"})) != before


def test_modes_are_readable_by_all(tmp_path: Path) -> None:
    """Lambda runs as another user; programs keep their execute bit."""
    root = tree(tmp_path, {"a.txt": b"", "run": b"#!"})
    (root / "a.txt").chmod(0o600)
    (root / "run").chmod(0o700)
    with zipfile.ZipFile(io.BytesIO(packed(root))) as found:
        modes = {info.filename: info.external_attr >> 16 for info in found.infolist()}
        dates = {info.date_time for info in found.infolist()}
        assert all(not info.extra for info in found.infolist())
    assert modes == {"a.txt": 0o100644, "run": 0o100755}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_order_holds_when_files_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound on what is in flight, smaller than some files, changes nothing."""
    root = tree(tmp_path, {f"{index:03}": os.urandom(index * 7) for index in range(100)})
    whole = packed(root)
    monkeypatch.setattr(archive, "IN_FLIGHT", 300)
    assert packed(root) == whole


def test_too_many_files_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip without zip64 counts to 65,534."""
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(BuildError, match="3 files"):
        packed(tree(tmp_path, FILES))


def test_a_link_is_refused(tmp_path: Path) -> None:
    """What it points to may not be in the layer."""
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(BuildError, match="link"):
        packed(tmp_path)
