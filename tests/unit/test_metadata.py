"""tasks/core/metadata.py: cut down, and importlib.metadata answers as before."""

from importlib.metadata import PathDistribution
from pathlib import Path

from tasks.core.metadata import cut_down

METADATA = """\
Metadata-Version: 2.1
Name: Pkg
Version: 1.0
License: Some text
        over two lines
Requires-Dist: six (>=1); python_version > "3"
Provides-Extra: more

# Title

Name: not a header
"""
RECORD = """\
pkg/__init__.py,sha256=abc,10
"pkg/with, comma.py",sha256=abc,10
pkg/tests/test_x.py,sha256=abc,10
pkg-1.0.dist-info/METADATA,sha256=abc,10
pkg-1.0.dist-info/RECORD,,
"""
STAY = {
    "pkg/__init__.py",
    "pkg/with, comma.py",
    "pkg-1.0.dist-info/METADATA",
    "pkg-1.0.dist-info/RECORD",
}


def test_importlib_metadata_answers_as_before(tmp_path: Path) -> None:
    """Version, name, requires, and the files that are still there."""
    folder = tmp_path / "pkg-1.0.dist-info"
    folder.mkdir()
    for name, text in {"METADATA": METADATA, "RECORD": RECORD}.items():
        (folder / name).write_text(text, encoding="utf-8")
        content = cut_down(folder / name, f"{folder.name}/{name}", STAY)
        assert content
        assert len(content) < len(text)
        (folder / name).write_bytes(content)
    for path in STAY:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    found = PathDistribution(folder)
    assert found.version == "1.0"
    assert found.metadata["Name"] == "Pkg"
    assert found.requires == ['six (>=1); python_version > "3"']
    assert {str(path) for path in found.files or []} == STAY


def test_a_vendored_record_is_read_from_its_own_folder(tmp_path: Path) -> None:
    """setuptools/_vendor/x.dist-info lists files below setuptools/_vendor."""
    record = tmp_path / "RECORD"
    record.write_text("x/__init__.py,sha256=a,1\nx/tests/y.py,sha256=a,1\n", encoding="utf-8")
    cut = cut_down(record, "s/_vendor/x-1.dist-info/RECORD", {"s/_vendor/x/__init__.py"})
    assert cut == b"x/__init__.py,,\n"


def test_other_files_go_as_they_are(tmp_path: Path) -> None:
    """Entry points are read word by word."""
    assert cut_down(tmp_path, "p-1.dist-info/entry_points.txt", set()) is None
    assert cut_down(tmp_path, "p/METADATA", set()) is None
