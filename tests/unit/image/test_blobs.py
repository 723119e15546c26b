"""tasks/image/blobs.py: a changed pin sends its own distribution, not all of them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tasks.image import blobs
from tasks.image.tar_layer import Layer
from tasks.layer.cache import Store
from tasks.layer.part import Member
from tasks.util import files


def member(owner: str, packed: int) -> Member:
    return Member(f"{owner}.py", 0o644, 8, 0, packed, Path(owner), 0, packed, made=False)


def grouped(sizes: dict[str, int], order: Iterable[str] = ()) -> dict[str, list[Member]]:
    content = [member(name, sizes[name]) for name in order or sizes]
    return blobs.group(content, {Path(name): name for name in sizes})


def test_heavy_ones_are_alone_and_light_ones_together() -> None:
    found = grouped({"numpy": 9_000_000, "six": 9_000, "idna": 60_000, "pandas": 20_000_000})
    assert list(found) == ["numpy", "pandas", blobs.LIGHT]
    assert [each.name for each in found[blobs.LIGHT]] == ["idna.py", "six.py"]


def test_the_same_groups_in_any_order() -> None:
    sizes = {"b": 200_000, "a": 1, "c": 2}
    assert grouped(sizes) == grouped(sizes, order=["c", "a", "b"])


def test_a_base_with_many_layers_leaves_fewer() -> None:
    """The heaviest keep one of their own."""
    sizes = {f"p{number:03}": 200_000 + number for number in range(10)}
    content = [member(name, size) for name, size in sizes.items()]
    names = {Path(name): name for name in sizes}
    assert list(blobs.group(content, names, 2)) == ["p008", "p009", blobs.LIGHT]
    assert list(blobs.group(content, names, 0)) == [blobs.LIGHT]


def test_an_image_has_at_most_127_layers() -> None:
    """Those of the base and the app among them: the lightest of too many share one."""
    sizes = {f"p{number:03}": 200_000 + number for number in range(150)}
    found = grouped(sizes)
    assert len(found) == blobs.MOST + 1
    assert len(found[blobs.LIGHT]) == 150 - blobs.MOST
    assert {each.path.name for each in found[blobs.LIGHT]} == {f"p{x:03}" for x in range(50)}


def test_no_light_ones() -> None:
    assert list(grouped({"numpy": 1_000_000})) == ["numpy"]


def test_no_blob_is_hashed_to_see_whether_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor when it is put, whose digest is known from its making, nor when this run uses it."""
    store, read = Store(root=tmp_path / "store", limit=1 << 20), files.file_digest
    hashed: list[str] = []

    def counted(path: Path) -> str:
        hashed.append(path.parent.name)
        return read(path)

    monkeypatch.setattr(files, "file_digest", counted)
    digest = f"sha256:{hashlib.sha256(b'blob').hexdigest()}"

    def make(path: Path) -> Layer:
        path.write_bytes(b"blob")
        return Layer(digest=digest, size=4, diff_id="", unpacked=4)

    blobs.keep(store, "key", make)
    assert blobs.has(store, digest)
    assert blobs.find(store, digest)
    assert blobs.BLOBS not in hashed
    (path,) = (store.root / blobs.BLOBS).iterdir()
    path.write_bytes(b"bad!")
    assert blobs.find(store, digest) is None  # what was touched since is compared
    assert blobs.BLOBS in hashed
