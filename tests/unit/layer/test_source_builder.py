"""tasks/layer/source_builder.py and resolution.py: what is read of a source, and of a wheel."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tasks.layer import resolution, source_builder
from tasks.requirements import file, uv
from tasks.util.errors import BuildError

NAMED = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
backend-path = ["."]
"""


def sdist(folder: Path, text: str | None, kind: str = "tar.gz") -> Path:
    """With this pyproject.toml, and others that are not it."""
    files = {"a-1/PKG-INFO": "", "a-1/tests/pyproject.toml": "[build-system]\nrequires = ['no']\n"}
    files |= {} if text is None else {"a-1/pyproject.toml": text}
    path = folder / f"a-1.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))
    return path


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_what_builds_it_stands_in_pyproject(tmp_path: Path, kind: str) -> None:
    """In its own, not in another that lies deeper."""
    assert source_builder.build_system(sdist(tmp_path, NAMED, kind)) == {
        "requires": ["hatchling"], "build-backend": "hatchling.build", "backend-path": ["."],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", [None, "", "[tool.x]\na = 1\n", "no [ toml", "a = " + "[" * 3000], ids=repr
)
def test_without_a_word_it_is_setuptools(tmp_path: Path, text: str | None) -> None:
    """PEP 517's legacy behaviour; what cannot be read says nothing."""
    assert source_builder.build_system(sdist(tmp_path, text)) == source_builder.DEFAULT


def test_requirements_without_a_backend_are_setuptools_too(tmp_path: Path) -> None:
    """With what it asks for (PEP 517: build-backend may be left out)."""
    text = "[build-system]\nrequires = ['setuptools', 'cython']\n"
    found = source_builder.build_system(sdist(tmp_path, text))
    assert found["requires"] == ["setuptools", "cython"]
    assert found["build-backend"] == "setuptools.build_meta:__legacy__"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ('noise\n= ["a"]\nmore', ["a"]),
        ('= ["a"]\n= ["b", 1, null]', ["b"]),
        ("nothing", []),
        ("= {", []),
        ('= {"a": 1}', []),
    ],
)
def test_what_a_backend_wants_is_taken_for_what_it_is(said: str, wanted: list[str]) -> None:
    assert source_builder.answer(said) == wanted


@pytest.mark.parametrize("text", ["a", "a[b]>=1,<2; python_version > '3'"])
def test_a_requirement_of_the_index_may_be_asked_for(text: str) -> None:
    assert source_builder.checked(text).startswith("a")


@pytest.mark.parametrize(
    "text", ["a @ https://x/a.whl", "--index-url http://x", "-r /etc/passwd", "./a", "a\n-r b", ""]
)
def test_nothing_else_may(text: str) -> None:
    with pytest.raises(BuildError, match="to be built"):
        source_builder.checked(text)


def wheel(folder: Path, name: str = "A.b", version: str = "1.0", tag: str = "py3-none-any") -> Path:
    path = folder / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        text = f"Name: {name}\nVersion: {version}\nRequires-Dist: c>1\n"
        archive.writestr("a_b-1.0.dist-info/METADATA", text)
        archive.writestr("a_b-1.0.dist-info/WHEEL", f"Tag: {tag}\n")
    return path


def test_a_wheel_is_named_by_its_metadata(tmp_path: Path) -> None:
    """As installers want it."""
    found = source_builder.described(wheel(tmp_path), "a-b", "1.0", "0")
    assert (found.name, found.file) == ("a-b", "a_b-1.0-py3-none-any.whl")
    assert found.requires == ["c>1"]
    assert found.line.startswith("a-b==1.0 --hash=sha256:")


@pytest.mark.parametrize(
    "more", [{"name": "b"}, {"version": "2"}, {"tag": "../../x-none-any"}, {"tag": "py3"}]
)
def test_another_wheel_is_refused(tmp_path: Path, more: dict[str, str]) -> None:
    """Whatever it is called."""
    with pytest.raises(BuildError, match="something else"):
        source_builder.described(wheel(tmp_path, **more), "a-b", "1.0", "0")
    (tmp_path / "x.whl").write_bytes(b"no zip")
    with pytest.raises(BuildError, match="something else"):
        source_builder.described(tmp_path / "x.whl", "a-b", "1.0", "0")


def test_only_an_exact_pin_is_built(tmp_path: Path) -> None:
    """Any other version might be another one tomorrow."""
    (tmp_path / "r.txt").write_text("a==1\nb>=1\nc==1.*\nd\n--no-binary a,e\n", encoding="utf-8")
    lines = file.read_requirements(tmp_path / "r.txt")
    assert [resolution.exact_version(lines, name) for name in "abcde"] == ["1", "", "", "", ""]
    assert all("no-binary" not in line.text for line in resolution.without_sources(lines))


def test_uv_is_told_the_metadata_and_builds_nothing() -> None:
    """In a configuration of ours, and no other."""
    text = uv.metadata_config([("a", "1", ['b; extra == "x"']), ("c", "2", [])]).decode()
    assert text == (
        'dependency-metadata = [{name = "a", version = "1", requires-dist = '
        '["b; extra == \\"x\\""]}, {name = "c", version = "2", requires-dist = []}]\n'
    )
    assert uv.source_words([]) == ["--no-config"]
    assert "--no-binary" in uv.source_words(["a"])
