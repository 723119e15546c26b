"""Files that people write, read in one way: whole, and only where a file is one that a person can
have written. A pipe would be waited for, and a device may never end."""

import codecs
import os
import stat
from pathlib import Path

from .errors import InputError

# What a file may begin with, longest first. PowerShell's `>` writes UTF-16; pip reads all of these.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
BLOCK = 1 << 20  # bytes of a file that does not know its size, as in /proc
LIMIT = 10_000_000  # bytes; a lock of a thousand packages has a fifth of that


def read(path: Path, limit: int = LIMIT) -> bytes:
    """Its content. FileNotFoundError where nothing is there. InputError for all else that is no
    readable file of that size, in words that name it."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            kind = os.fstat(file.fileno())
            if not stat.S_ISREG(kind.st_mode):
                raise _no_file(path)
            # so much is asked for at once, however little is there
            data = file.read(min(limit, max(kind.st_size, BLOCK)) + 1)
    except IsADirectoryError:
        raise _no_file(path) from None
    except FileNotFoundError:
        raise
    except NotADirectoryError as error:  # of `HOME=/dev/null`, say
        raise FileNotFoundError(*error.args, str(path)) from None
    except (OSError, ValueError) as error:  # not allowed, a loop of links, a name with a NUL in it
        fix = "give yourself access to it, or name another file"
        raise InputError(f"{_named(path)} cannot be read: {error}", fix=fix) from None
    if data is None:  # the kernel's log, say: nothing is there to be read now
        raise _no_file(path)
    if len(data) > limit:
        size, most = f"{kind.st_size / 1_000_000:.1f} MB", f"{limit // 1_000_000} MB"
        problem = f"{_named(path)} is too large: {size}, where {most} is the most"
        raise InputError(problem, fix="put the file that you mean in its place")
    return data


def read_text(path: Path) -> str:
    """As UTF-8, its line ends as they are."""
    return _decoded(path, "utf-8")


def read_marked_text(path: Path) -> str:
    """The same where a byte order mark may say otherwise, for files that pip reads, too."""
    start = read(path)[:4]
    encoding = next((MARKS[mark] for mark in MARKS if start.startswith(mark)), "utf-8")
    return _decoded(path, encoding)


def _decoded(path: Path, encoding: str) -> str:
    try:
        return read(path).decode(encoding)
    except UnicodeDecodeError as error:
        said = f"it is not {encoding[:6].rstrip('-').upper()} text"
        problem = f"{_named(path)} is not a text file: {said}: {error}"
        raise InputError(problem, fix="save it as UTF-8 text") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _no_file(path: Path) -> InputError:
    kind = "a folder" if path.is_dir() else "a pipe, a socket or a device"
    return InputError(
        f"{_named(path)} is not a text file, it is {kind}", fix="put a file in its place"
    )


def _named(path: Path) -> str:
    return str(path) if str(path).isprintable() else repr(str(path))
