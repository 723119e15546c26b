"""What is read of a package's own files before anybody knows them: a source's pyproject.toml, the
metadata of the wheel that it builds. They may hold anything, and be as large as they like."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ...util.errors import BuildError, LayerError

PIN = "pin a version that has a wheel, or another package"
LARGEST = 4 << 20  # bytes of a text that is read
PIECE = 16 << 20  # bytes that a library may want at once: a zip's list of files, a tar's headers
REACH = 4 << 30  # bytes of an unpacked source that are looked through
_PYPROJECT = re.compile(r"(\./)?[^/]+/pyproject\.toml")
_ABOUT = re.compile(r"[^/]+\.dist-info/(METADATA|WHEEL)")
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever the libraries that read it raise is a BuildError that names it: nobody can list
    what they raise. An error of this machine's disk stays what it is."""
    try:
        yield
    except LayerError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        said = f"{type(error).__name__}: {error}".rstrip(": ")[:300]
        raise BuildError(f"{what} cannot be read ({said!a})", fix=PIN) from None


class Bounded:
    """A file that hands out no large piece, and none from far behind."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.tell, self.close = file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content: bytes = self._file.read(min(size, PIECE + 1) if size >= 0 else PIECE + 1)
        if len(content) > PIECE:
            raise ValueError(f"a part of it is larger than {PIECE >> 20} MB")
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset > REACH:
            raise ValueError(f"unpacked it is larger than {REACH >> 30} GB")
        return int(self._file.seek(offset, whence))


def pyproject(sdist: Path) -> str:
    """Of a source: the text of its own pyproject.toml, '' where it has none."""
    if zipfile.is_zipfile(sdist):
        texts = _of_zip(sdist, _PYPROJECT)
        return next(iter(texts.values()), "")
    with sdist.open("rb") as file:
        opener: Any = _OPENERS.get(file.read(2), open)
    with opener(sdist, "rb") as unpacked:
        file_: Any = Bounded(unpacked)
        with tarfile.open(fileobj=file_, mode="r:") as tar:
            return _of_tar(tar)


def _of_tar(tar: Any) -> str:
    while member := tar.next():
        tar.members.clear()  # typeshed has it not; there may be millions
        if _PYPROJECT.fullmatch(member.name):
            if not member.isreg():
                raise ValueError("its pyproject.toml is no file")
            file = tar.extractfile(member)
            assert file
            return text(file)
    return ""


def wheel_texts(wheel: Path) -> dict[str, str]:
    """Of a wheel: {METADATA, WHEEL: text}."""
    if wheel.is_symlink() or not wheel.is_file():
        raise ValueError("it is no file")
    return {name.rpartition("/")[2]: found for name, found in _of_zip(wheel, _ABOUT).items()}


def _of_zip(path: Path, wanted: re.Pattern[str]) -> dict[str, str]:
    with path.open("rb") as file:
        bounded: Any = Bounded(file)
        with zipfile.ZipFile(bounded) as archive:
            names = [each for each in archive.namelist() if wanted.fullmatch(each)]
            if len(names) > len(set(names)) or len(names) > 2:
                raise ValueError(f"it has {names[0]} more than once")
            return {name: _member(archive, name) for name in names}


def _member(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return text(file)


def text(file: IO[bytes]) -> str:
    """All of it. ValueError where it is no text of a sensible size."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"its metadata is larger than {LARGEST >> 20} MB")
    return content.decode(errors="replace")
