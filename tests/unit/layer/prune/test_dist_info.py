"""tasks/layer/prune/dist_info.py: cut down, and importlib.metadata answers as before."""

from importlib.metadata import PathDistribution
from pathlib import Path

from tasks.layer.prune.dist_info import cut_down

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
        content = cut_down(name, text, STAY)
        assert 0 < len(content) < len(text)
        (folder / name).write_text(content, encoding="utf-8")
    for path in STAY:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    found = PathDistribution(folder)
    assert found.version == "1.0"
    assert found.metadata["Name"] == "Pkg"
    assert found.requires == ['six (>=1); python_version > "3"']
    assert {str(path) for path in found.files or []} == STAY


def test_headers_end_at_the_first_empty_line() -> None:
    """With any line ends; a description in the headers themselves stays."""
    assert cut_down("METADATA", "Name: a\r\n\r\nText\n\nMore", ()) == "Name: a\n"
    assert (
        cut_down("METADATA", "Name: a\nDescription: b\n  |c", ())
        == "Name: a\nDescription: b\n  |c\n"
    )


def test_a_record_lists_what_stays_without_hashes() -> None:
    """Stripping makes them wrong, and only pip looks; odd names stay quoted."""
    assert cut_down("RECORD", RECORD, {"pkg/with, comma.py"}) == '"pkg/with, comma.py",,\n'
    assert cut_down("RECORD", RECORD, ()) == ""


def test_what_is_not_utf_8_goes_through() -> None:
    """As docker/inspect_installed.py reads it: bytes come out as they went in."""
    text = b"Name: \xff\n\ntext".decode(errors="surrogateescape")
    assert cut_down("METADATA", text, ()).encode(errors="surrogateescape") == b"Name: \xff\n"
