"""Lays zips over each other in a folder, the later ones covering the earlier, as Lambda does.

    unpack.py TARGET TOOLS ZIP…

Files are unpacked in several processes. With `deflate` (libdeflate), where it is installed or in
the folder TOOLS, in half the time. Else standard library only.
"""

import gc
import os
import shutil
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).parent))
import fork_pool

Data = bytes | bytearray
Inflate = Callable[[bytes, int], Data]  # of so many bytes
HEADER = struct.Struct("<26xHH")  # a member's own: its name's length, and what comes behind that


def main(target: str, tools: str, *layers: str) -> None:
    root, inflate = Path(target), inflating(tools)
    root.mkdir(parents=True, exist_ok=True)
    for entry in root.iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for layer in layers:
        try:
            with zipfile.ZipFile(layer) as archive:
                unpack(layer, archive, root, inflate)
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
            raise SystemExit(f"{Path(layer).name} cannot be laid out: {error}") from None


def inflating(tools: str) -> Inflate:
    sys.path.append(tools)
    try:
        from deflate import deflate_decompress
    except ImportError:
        return lambda data, size: zlib.decompress(data, -zlib.MAX_WBITS, size)
    return deflate_decompress


def unpack(layer: str, archive: zipfile.ZipFile, root: Path, inflate: Inflate) -> None:
    members = {each.filename: each for each in archive.infolist() if not each.is_dir()}
    folders = {name.rpartition("/")[0] for name in members}
    check(members, folders, layer)
    for folder in folders:
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    groups = fork_pool.shares((name, each.file_size) for name, each in members.items())

    def extract(names: "list[str]") -> None:
        with open(layer, "rb") as file:
            for name in names:
                write(f"{root}/{name}", members[name], content(file, members[name], inflate))

    for _ in fork_pool.each(groups, extract):
        pass


def check(names: "Collection[str]", folders: "set[str]", layer: str) -> None:
    """SystemExit for what cannot be laid out, or leads out."""
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            raise SystemExit(f"{name!a} in {layer} leads out of the layer")
    for folder in folders:
        for name in (folder, *parents(folder)):
            if name in names:
                raise SystemExit(f"{name!a} in {layer} is a file, or a link, and a folder")


def parents(name: str) -> "Iterator[str]":
    """Its folders, the innermost first."""
    while name := name.rpartition("/")[0]:
        yield name


def content(file: BinaryIO, member: zipfile.ZipInfo, inflate: Inflate) -> Data:
    """Of one member. SystemExit when it is not what the zip says of it."""
    file.seek(member.header_offset)
    file.seek(sum(HEADER.unpack(file.read(HEADER.size))), os.SEEK_CUR)
    packed = file.read(member.compress_size)
    inflated = member.compress_type == zipfile.ZIP_DEFLATED
    data: Data = inflate(packed, member.file_size) if inflated else packed
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise SystemExit(f"{member.filename!a} is not what its zip says of it (size, CRC-32)")
    return data


def write(path: str, member: zipfile.ZipInfo, data: Data) -> None:
    mode = (member.external_attr >> 16) & 0o755 or 0o644  # others write to none of it
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)  # whatever the umask


if __name__ == "__main__":
    gc.disable()  # a look at what is shared between processes copies it for each
    main(*sys.argv[1:])
