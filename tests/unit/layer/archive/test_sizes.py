"""tasks/layer/archive/sizes.py: every file counted once, by its package and kind."""

from pathlib import Path

import pytest

from tasks.layer.archive import sizes, zip_writer
from tasks.layer.archive.sizes import Kind
from tests import stored_parts


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.py", Kind.CODE),
        ("six.py", Kind.CODE),
        ("a/__pycache__/b.cpython-312.pyc", Kind.BYTECODE),
        ("a/_b.cpython-312-x86_64-linux-gnu.so", Kind.LIBRARY),
        ("a.libs/libz-1.so.1.2.3", Kind.LIBRARY),
        ("a/data.json", Kind.DATA),
        ("a/LICENSE", Kind.DATA),
        ("a/py.typed", Kind.DATA),
        ("a/odd.socket", Kind.DATA),
        ("a-1.dist-info/METADATA", Kind.METADATA),
        ("a-1.dist-info/sub/x.py", Kind.METADATA),
        ("a-1.egg-info/PKG-INFO", Kind.METADATA),
    ],
)
def test_a_file_has_a_kind(path: str, kind: Kind) -> None:
    """By its path alone."""
    assert sizes.kind_of(path) is kind


def test_bytecode_counts_to_its_modules_package() -> None:
    """RECORD does not know it: it was compiled later. Strays go under their top-level name."""
    files = {"a/b.py": 5, "a/__pycache__/b.cpython-312.pyc": 7, "stray/x.txt": 2}
    owners = {"a/b.py": "dist"}
    assert sizes.by_kind(files, owners) == {
        "dist": {Kind.CODE: 5, Kind.BYTECODE: 7},
        "stray": {Kind.DATA: 2},
    }
    assert sizes.by_package(files, owners) == {"dist": 12, "stray": 2}


def test_zipped_sizes_add_up_to_the_zip(tmp_path: Path) -> None:
    """With the headers; 22 bytes are the zip's own end record."""
    part = stored_parts.part(tmp_path / "part", {"b.py": b"y = 1\n", "ä.txt": b"x" * 999})
    target = tmp_path / "x.zip"
    with target.open("wb") as file:
        zip_writer.write_zip(part.members, file)
    found = sizes.of_zip(target)
    assert {name: each.unzipped for name, each in found.items()} == {"ä.txt": 999, "b.py": 6}
    assert sum(each.zipped for each in found.values()) == target.stat().st_size - 22


def test_every_kind_has_a_total() -> None:
    """Also those that do not occur: they are columns of a table."""
    found = sizes.total([{Kind.CODE: 1}, {Kind.CODE: 2, Kind.DATA: 3}])
    assert list(found) == list(Kind)
    assert (found[Kind.CODE], found[Kind.DATA], found[Kind.LIBRARY]) == (3, 3, 0)
