"""The layer that holds the app: what Chalice packed, at /var/task."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from .registry.client import BLOCK
from .tar_layer import File, Layer, write_layer

TASK = "var/task/"
LEVEL = 6  # libdeflate's: it is small, and made at each deploy


def write_app(package: Path, target: Path) -> Layer:
    """`package`: Chalice's zip. The same for the same files, whenever Chalice packed them."""
    with zipfile.ZipFile(package) as archive:
        return write_layer(list(_files(archive)), target, LEVEL, title="the app")


def _files(archive: zipfile.ZipFile) -> Iterator[File]:
    """Of the last one of a name, as unzip leaves it."""
    for info in archive.infolist():
        if not info.is_dir():
            executable = info.external_attr >> 16 & 0o111
            yield File(
                name=TASK + info.filename, mode=0o755 if executable else 0o644,
                size=info.file_size, blocks=lambda info=info: _blocks(archive, info),  # type: ignore[misc] # mypy has no defaults
            )  # fmt: skip


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as file:
        while block := file.read(BLOCK):
            yield block
