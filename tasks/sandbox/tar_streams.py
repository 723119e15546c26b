"""Files from containers, as tar streams: memory does not grow with them. And an image's, as one."""

import errno
import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from ..util.errors import BuildError

BLOCK = 1 << 20  # bytes
AGAIN = "run the command again"


def pack(files: Mapping[str, bytes]) -> bytes:
    """A tar of these contents, root's."""
    return b"".join(
        _head(name, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)
        for name, content in files.items()
    ) + bytes(2 * tarfile.BLOCKSIZE)


def _head(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf()


class _Chunks(io.RawIOBase):
    """A readable file over the chunks as they come."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def reader(chunks: Iterable[bytes]) -> io.BufferedReader:
    """A file to read them from."""
    return io.BufferedReader(_Chunks(chunks), BLOCK)


class TooLargeError(BuildError):
    """The sender does not end. The connection is of no more use."""


def bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The same, so far. TooLargeError."""
    room = limit
    for chunk in chunks:
        room -= len(chunk)
        if room < 0:
            raise too_large(limit)
        yield chunk


def too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"what the sandbox hands back is larger than {limit / 1e9:.1f} GB",
        fix="pin another version of the package that makes it",
    )


def unpack(chunks: Iterable[bytes], target: Path, limit: int = 16 << 30) -> None:
    """Write the one file or folder that the tar holds to `target`, replacing what is there.

    Everything belongs to the caller. Members that would land outside are a BuildError (PEP 706),
    as are more than `limit` bytes in all.
    """
    chunks = bounded(chunks, limit)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as folder:
        try:
            top = _extract(reader(chunks), Path(folder), limit)
        finally:
            deque(chunks, maxlen=0)  # at its end the connection is free again
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(top, target)  # noqa: PTH105 - Path.replace is the same call


# Members at odds: a file that is a folder, too, a link in a circle, a name too long for any file.
CONTRARY = {
    errno.EEXIST, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.ELOOP,
    errno.ENAMETOOLONG, errno.EINVAL,
}  # fmt: skip


class SetIdError(tarfile.FilterError):
    """A program that would run as another user."""

    def __init__(self, member: tarfile.TarInfo) -> None:
        super().__init__(f"{member.name!r} is a set-user-ID or set-group-ID program")


def _extract(stream: IO[bytes], folder: Path, limit: int) -> Path:
    top = ""
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as tar:
            tar.copybufsize = BLOCK  # type: ignore[attr-defined] # typeshed has it not
            for member in tar:
                if member.size > limit:  # as its holes say
                    raise too_large(limit)
                top = top or next(iter(PurePosixPath(member.name).parts), "")
                tar.extract(member, folder, filter=_safe)
    except tarfile.FilterError as error:
        raise BuildError(
            f"the container sent an unsafe file: {error}",
            fix="find the package that makes it with `doit install`, and do not use it",
        ) from None
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in CONTRARY:
            raise  # this machine's disk
        raise BuildError(f"what the container sent broke off: {error}", fix=AGAIN) from None
    if not top or not os.path.lexists(folder / top):
        raise BuildError("the container sent nothing", fix=AGAIN)
    return folder / top


def _safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    if member.name.startswith("/"):  # the filter would only take the slash away
        raise tarfile.AbsolutePathError(member)
    if member.isreg() and member.mode & (stat.S_ISUID | stat.S_ISGID):
        raise SetIdError(member)  # the filter would only take the bits away
    safe = tarfile.data_filter(member, folder)
    if safe.isdir():
        return safe.replace(mode=0o755, deep=False)
    return safe
