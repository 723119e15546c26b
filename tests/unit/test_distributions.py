"""tasks/core/distributions.py: dist-info folders, who owns which file, what lies over what."""

from pathlib import Path

from tasks.core import distributions


def install(
    python: Path, name: str, version: str = "1.0", record: str = "", folder: str = ""
) -> None:
    info = python / (folder or f"{name}-{version}.dist-info")
    info.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not a header\n"
    (info / "METADATA").write_text(text, encoding="utf-8")
    if record:
        (info / "RECORD").write_text(record, encoding="utf-8")


def test_names_are_normalised_and_sorted(tmp_path: Path) -> None:
    """PEP 503; the description's own lines are no headers."""
    for name in ("Zope.Interface", "A_b"):
        install(tmp_path, name)
    assert [each.name for each in distributions.read(tmp_path)] == ["a-b", "zope-interface"]


def test_a_folder_without_headers_is_named_by_its_folder(tmp_path: Path) -> None:
    """Old tools wrote less."""
    folder = tmp_path / "Old_One-2.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("\n", encoding="utf-8")
    [found] = distributions.read(tmp_path)
    assert (found.name, found.version, found.files) == ("old-one", "", {})


def test_record_is_read_as_csv(tmp_path: Path) -> None:
    """Names with commas; scripts where --target puts them; a missing hash is ''."""
    install(tmp_path, "a", record='"x,y.py",sha256=1,3\n../../bin/run,sha256=2,3\nz.py,,\n\n')
    [found] = distributions.read(tmp_path)
    assert found.files == {"x,y.py": "sha256=1", "bin/run": "sha256=2", "z.py": ""}


def test_one_distribution_twice_is_a_problem(tmp_path: Path) -> None:
    """Under different spellings and versions."""
    install(tmp_path, "proto", "1.0")
    install(tmp_path, "Proto", "2.0")
    found = distributions.read(tmp_path)
    assert distributions.problems(found, tmp_path) == ["proto was installed 2 times"]


def test_two_contents_for_one_file_are_a_problem(tmp_path: Path) -> None:
    """The same content is none; bytecode and what has no hash do not count."""
    install(tmp_path, "a", record="s.py,h=1,1\nn/__init__.py,h=0,0\n__pycache__/s.pyc,h=7,1\nz,,\n")
    install(tmp_path, "b", record="s.py,h=2,1\nn/__init__.py,h=0,0\n__pycache__/s.pyc,h=8,1\nz,,\n")
    found = distributions.read(tmp_path)
    assert distributions.problems(found, tmp_path) == ["a and b both write s.py, differently"]


def test_a_shared_file_belongs_to_the_first(tmp_path: Path) -> None:
    """By name."""
    install(tmp_path, "b", record="n/__init__.py,h=0,0\nb.py,h=0,0\n")
    install(tmp_path, "a", record="n/__init__.py,h=0,0\n")
    owners = distributions.owners(distributions.read(tmp_path))
    assert owners == {"n/__init__.py": "a", "b.py": "b"}


def test_bytecode_belongs_to_its_source() -> None:
    """Optimised forms as well; other paths are themselves."""
    source = distributions.source_of
    assert source("a/__pycache__/b.cpython-312.pyc") == "a/b.py"
    assert source("__pycache__/b.cpython-312.opt-1.pyc") == "b.py"
    assert source("a/b.py") == "a/b.py"
    assert source("not__pycache__x/b.pyc") == "not__pycache__x/b.pyc"
