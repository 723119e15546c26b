"""tasks/image/tar_layer.py: layers that Lambda takes, the same bytes on every machine."""

import gzip
import hashlib
import io
import os
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.image import tar_layer
from tasks.image.tar_layer import File, Layer
from tasks.layer.part import Member
from tasks.util.errors import BuildError
from tests import stored_parts


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> File:
    def blocks() -> Iterator[bytes]:
        yield content

    return File(name=name, mode=mode, size=len(content), blocks=blocks)


def members(blob: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(blob) as tar:
        return tar.getmembers()


def write(path: Path, *content: File) -> Layer:
    return tar_layer.write_layer(content, path, 6)


def test_every_folder_comes_before_what_it_holds(tmp_path: Path) -> None:
    """Lambda refuses a layer without: aws-lambda-web-adapter#236."""
    write(tmp_path / "blob", file("opt/python/a/b/c.py"), file("opt/python/a-b.py"), file("z"))
    seen: set[str] = set()
    for each in members(tmp_path / "blob"):
        parent = str(Path(each.name).parent)
        assert parent in {".", *seen}
        seen.add(each.name)
    assert {"opt", "opt/python", "opt/python/a", "opt/python/a/b"} <= seen


def test_nothing_of_this_machine_is_in_a_layer(tmp_path: Path) -> None:
    write(tmp_path / "blob", file("bin/run", mode=0o755), file("data"))
    for each in members(tmp_path / "blob"):
        assert (each.uid, each.gid, each.uname, each.gname) == (0, 0, "", "")
        assert time.gmtime(each.mtime)[:6] == (1980, 1, 1, 0, 0, 0)
        assert each.mode == (0o644 if each.name == "data" else 0o755)


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    """The digest is that of names and contents."""
    content = [file("b", b"2"), file("a/c", b"3"), file("a/b", b"1")]
    first, second = (
        write(tmp_path / name, *each)
        for name, each in {"1": content, "2": reversed(content)}.items()
    )
    assert first == second
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_the_digests_are_those_of_blob_and_tar(tmp_path: Path) -> None:
    made = write(tmp_path / "blob", file("a", b"content" * 1000))
    blob = (tmp_path / "blob").read_bytes()
    tar = gzip.decompress(blob)
    assert made.digest == f"sha256:{hashlib.sha256(blob).hexdigest()}"
    assert made.diff_id == f"sha256:{hashlib.sha256(tar).hexdigest()}"
    assert (made.size, made.unpacked) == (len(blob), len(tar))


def test_a_layer_is_one_stream_of_gzip(tmp_path: Path) -> None:
    """Nobody knows whether Lambda takes one of several members."""
    import zlib

    write(tmp_path / "blob", *(file(f"f{number}", os.urandom(5000)) for number in range(50)))
    inflater = zlib.decompressobj(31)
    inflater.decompress((tmp_path / "blob").read_bytes())
    assert inflater.eof
    assert inflater.unused_data == b""


@pytest.mark.parametrize("name", ["ü/ñ.py", "a" * 120 + "/" + "b" * 200, "with space/x"])
def test_any_name_that_a_wheel_may_have(tmp_path: Path, name: str) -> None:
    write(tmp_path / "blob", file(name, b"here"))
    with tarfile.open(tmp_path / "blob") as tar:
        found = tar.extractfile(name)
        assert found
        assert found.read() == b"here"


def test_files_of_parts_lie_where_a_layers_would(tmp_path: Path) -> None:
    part = stored_parts.part(
        tmp_path / "part", {"six.py": b"x = 1\n" * 99, "bin/run": b"#!"}, programs=["bin/run"]
    )
    made = tar_layer.write_layer(tar_layer.of_members(part.members), tmp_path / "blob", 6)
    with tarfile.open(tmp_path / "blob") as tar:
        found = tar.extractfile("opt/python/six.py")
        assert found
        assert found.read() == b"x = 1\n" * 99
        assert tar.getmember("opt/python/bin/run").mode == 0o755
    assert made.unpacked == len(gzip.decompress((tmp_path / "blob").read_bytes()))


def test_spliced_parts_are_the_same_tar(tmp_path: Path) -> None:
    """As gzip of several members, whatever is packed, is not, or is empty."""
    contents = {
        "six.py": b"x = 1\n" * 99,
        "empty.py": b"",
        "run": b"#!",
        "lib.so": os.urandom(3 << 20),
    }
    part = stored_parts.part(tmp_path / "part", contents, programs=["run"])
    files = [*tar_layer.of_members(part.members), file("opt/plain", b"p" * (3 << 20))]
    whole = tar_layer.write_layer(files, tmp_path / "whole", 6)
    spliced = tar_layer.splice_layer(files, tmp_path / "spliced", 6)
    assert (spliced.diff_id, spliced.unpacked) == (whole.diff_id, whole.unpacked)
    data = (tmp_path / "spliced").read_bytes()
    assert gzip.decompress(data) == gzip.decompress((tmp_path / "whole").read_bytes())
    assert spliced.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert spliced.size == len(data)


def test_a_damaged_part_is_not_spliced(tmp_path: Path) -> None:
    part = stored_parts.part(tmp_path / "part", {"six.py": b"abc"})
    damaged = [each._replace(crc=1) for each in part.members]
    with pytest.raises(BuildError, match=r"is damaged: 'six.py'"):
        tar_layer.splice_layer(tar_layer.of_members(damaged), tmp_path / "spliced", 6)


def test_a_damaged_part_is_no_layer(tmp_path: Path) -> None:
    part = stored_parts.part(tmp_path / "part", {"six.py": b"abc"})
    (member,) = part.members
    with pytest.raises(BuildError, match=r"is damaged: 'six.py'"):
        b"".join(tar_layer.unpacked(member._replace(crc=1)))


@pytest.mark.parametrize("name", ["a/.wh.config.json", ".wh..wh..opq", "a/.wh.b/c.py"])
def test_a_name_that_deletes_is_refused(tmp_path: Path, name: str) -> None:
    """Of an app, or of a package with test data of containers: an engine and Lambda would hide
    what lies below, and the file would not be there (OCI image specification, layer.md)."""
    file = File(name=name, mode=0o644, size=0, blocks=lambda: iter(()))
    with pytest.raises(BuildError, match=r"no image can have .*\.wh\."):
        tar_layer.write_layer([file], tmp_path / "layer", 6)
    fine = File(name="a/x.wh.y", mode=0o644, size=0, blocks=lambda: iter(()))
    assert tar_layer.write_layer([fine], tmp_path / "layer", 6)


def test_a_large_file_is_read_in_blocks(tmp_path: Path) -> None:
    """What is in memory at once is a block, not a library."""
    data = bytes(5_000_000)
    part = stored_parts.part(tmp_path / "part", {"lib.so": data})
    blocks = list(tar_layer.unpacked(part.members[0]))
    assert sum(map(len, blocks)) == len(data)
    out = io.BytesIO()
    tar_layer.write_tar(tar_layer.of_members(part.members), out)
    assert out.tell() % 512 == 0


def test_a_file_that_packs_well_is_unpacked_in_blocks(tmp_path: Path) -> None:
    """Zeros: 64 MB of them are 64 kB packed, and were all in memory at once."""
    size = 64 << 20
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflater.compress(bytes(size)) + deflater.flush()
    (tmp_path / "part").write_bytes(packed)
    member = Member(
        name="zeros", mode=0o644, method=zipfile.ZIP_DEFLATED, crc=zlib.crc32(bytes(size)),
        size=size, path=tmp_path / "part", offset=0, packed=len(packed), made=False,
    )  # fmt: skip
    lengths = [len(each) for each in tar_layer.unpacked(member)]
    assert sum(lengths) == size
    assert max(lengths) <= 1 << 20
