"""layer/wheels/source_builder.py, untrusted.py: what is read of sources and wheels."""

import errno
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import resolution
from tasks.layer.wheels import source_builder, untrusted
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
    assert source_builder.build_system(sdist(tmp_path, NAMED, kind), "a==1") == {
        "requires": ["hatchling"], "build-backend": "hatchling.build", "backend-path": ["."],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", [None, "", "[tool.x]\na = 1\n", "no [ toml", "a = " + "[" * 3000], ids=repr
)
def test_without_a_word_it_is_setuptools(tmp_path: Path, text: str | None) -> None:
    """PEP 517's legacy behaviour; what cannot be read says nothing."""
    assert source_builder.build_system(sdist(tmp_path, text), "a==1") == source_builder.DEFAULT


def test_requirements_without_a_backend_are_setuptools_too(tmp_path: Path) -> None:
    """With what it asks for (PEP 517: build-backend may be left out)."""
    text = "[build-system]\nrequires = ['setuptools', 'cython']\n"
    found = source_builder.build_system(sdist(tmp_path, text), "a==1")
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
    assert source_builder.checked(text, "b==1").startswith("a")


@pytest.mark.parametrize(
    "text", ["a @ https://x/a.whl", "--index-url http://x", "-r /etc/passwd", "./a", "a\n-r b", ""]
)
def test_nothing_else_may(text: str) -> None:
    with pytest.raises(BuildError, match=r"b==1 wants .* to be built"):
        source_builder.checked(text, "b==1")


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


def changed(path: Path, at: dict[bytes, int], value: int) -> None:
    """A byte behind each of these signatures."""
    content = bytearray(path.read_bytes())
    for signature, offset in at.items():
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + offset] = value
    path.write_bytes(content)


CENTRAL, LOCAL = b"PK\1\2", b"PK\3\4"
WHEELS: dict[str, Callable[[Path], object]] = {
    "no zip": lambda path: path.write_bytes(b"no zip"),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "nothing at all": lambda path: path.unlink(),
    "a folder": lambda path: replaced(path).mkdir(),
    "a link": lambda path: replaced(path).symlink_to("w"),
    "encrypted": lambda path: changed(path, {CENTRAL: 8, LOCAL: 6}, 1),
    "no such compression": lambda path: changed(path, {CENTRAL: 10, LOCAL: 8}, 97),
    "no deflate": lambda path: changed(path, {CENTRAL: 10, LOCAL: 8}, 8),
    "too long a list": lambda path: listed(path, untrusted.PIECE // 60_000 + 1),
    "too long a text": lambda path: long_metadata(path),
}


def replaced(path: Path) -> Path:
    """Its name, free; it lies beside."""
    path.rename(path.with_name("w"))
    return path


def listed(path: Path, count: int) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(count):
            info = zipfile.ZipInfo(f"{number}")
            info.comment = b"x" * 60_000
            archive.writestr(info, "")


def long_metadata(path: Path) -> None:
    """As small as zeros are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a_b-1.0.dist-info/METADATA", bytes(untrusted.LARGEST + 1))
        archive.writestr("a_b-1.0.dist-info/WHEEL", "Tag: py3-none-any\n")


@pytest.mark.parametrize("change", WHEELS.values(), ids=WHEELS.keys())
def test_a_wheel_that_cannot_be_read_is_one_error(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """It names the package, whatever the library made of the file."""
    path = wheel(tmp_path)
    change(path)
    with pytest.raises(
        BuildError, match=r"the wheel that a-b==1\.0 builds cannot be read"
    ) as found:
        source_builder.described(path, "a-b", "1.0", "0")
    assert "pin a version" in found.value.fix


def test_the_disk_of_this_machine_is_no_fault_of_a_package(tmp_path: Path) -> None:
    """It is said as such."""
    with pytest.raises(OSError, match="Input/output"), untrusted.reading("a"):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    "text",
    [
        "build-system = [1, 2]", "build-system = 'x'", "build-system = 2020-01-01",
        "[build-system]\nrequires = 5", "[build-system]\nrequires = 'a'",
        "[build-system]\nrequires = [1]", "[build-system]\nrequires = [[]]",
        "[build-system]\nrequires = []\nbuild-backend = 2020-01-01",
        "[build-system]\nrequires = []\nbuild-backend = ['a']",
        "[build-system]\nrequires = []\nbackend-path = 'a'",
        "[build-system]\nrequires = []\nbackend-path = [1.5]",
    ],
)  # fmt: skip
def test_a_build_system_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    """By the package's name."""
    with pytest.raises(BuildError, match=r"a==1: \[build-system\]"):
        source_builder.build_system(sdist(tmp_path, text), "a==1")


def tar_of(path: Path, *members: tarfile.TarInfo, mode: Any = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def member(name: str, size: int = 0, link: str = "", **more: Any) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.linkname = size, link
    found.type = tarfile.SYMTYPE if link else tarfile.REGTYPE
    found.pax_headers = more
    return found


OWN = "a-1/pyproject.toml"
SOURCES: dict[str, Callable[[Path], object]] = {
    "junk": lambda path: path.write_bytes(b"junk" * 100),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: (sdist(path.parent, "x = 1\n" * 999), path.write_bytes(
        path.read_bytes()[:150])),
    "no gzip behind its head": lambda path: path.write_bytes(b"\x1f\x8b" + b"x" * 99),
    "a link to nowhere": lambda path: tar_of(path, member(OWN, link="nowhere")),
    "a link to itself": lambda path: tar_of(path, member(OWN, link="pyproject.toml")),
    "a link out": lambda path: tar_of(path, member(OWN, link="/etc/passwd")),
    "too long a text": lambda path: tar_of(path, member(OWN, untrusted.LARGEST + 1)),
    "too long a header": lambda path: tar_of(
        path, member("a-1/x", comment="x" * (untrusted.PIECE + 1))),
}  # fmt: skip


@pytest.mark.parametrize("change", SOURCES.values(), ids=SOURCES.keys())
def test_a_source_that_cannot_be_read_is_one_error(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """It names the package."""
    change(tmp_path / "a-1.tar.gz")
    with pytest.raises(BuildError, match="the source of a==1 cannot be read"):
        source_builder.build_system(tmp_path / "a-1.tar.gz", "a==1")


def test_a_source_is_not_looked_through_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is small may unpack to anything."""
    monkeypatch.setattr(untrusted, "REACH", 1 << 20)
    path = tar_of(tmp_path / "a-1.tar.gz", member("a-1/x", 2 << 20), member(OWN))
    with pytest.raises(BuildError, match="unpacked it is larger"):
        source_builder.build_system(path, "a==1")


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_sources_are_packed_in_any_way(tmp_path: Path, mode: str) -> None:
    """As Python unpacks them."""
    path = tar_of(tmp_path / "a-1.tar", member("a-1/x", 5), member(OWN, 3), mode=mode)
    assert untrusted.pyproject(path) == "\0\0\0"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x/a/b-1.tar.gz?token=1#sha256=0", "b-1.tar.gz"),
        ("https://x/b%2B1.zip", "b+1.zip"),
        ("https://x/..", "source.tar.gz"), ("https://x/", "source.tar.gz"),
        ("https://x/a%2F..%2Fb.zip", "b.zip"), ("https://x/scripts", "source.tar.gz"),
    ],
)  # fmt: skip
def test_a_source_is_called_as_its_address_says(url: str, name: str) -> None:
    """Where that is the name of an archive."""
    assert source_builder.file_name(url) == name


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
