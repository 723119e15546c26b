"""tasks/util/input_files.py: a file of a person's, or an error that says what it is instead."""

import os
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.util import files, input_files
from tasks.util.errors import InputError


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    assert input_files.read(path) == b"\xef\xbb\xbfa\r\nb\n"
    assert input_files.read_text(path) == "\ufeffa\r\nb\n"
    (tmp_path / "link").symlink_to(path)
    assert input_files.read(tmp_path / "link") == input_files.read(path)


def test_memory_is_taken_for_what_is_there(tmp_path: Path) -> None:
    """Not for what would be allowed: a record may have a gigabyte."""
    (tmp_path / "a.json").write_text("{}")
    tracemalloc.start()
    try:
        assert files.read_record(tmp_path / "a.json") == {}
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_none_is_for_the_caller_to_say(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nothing")
    for name in ("missing", "dangling"):
        with pytest.raises(FileNotFoundError):
            input_files.read(tmp_path / name)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


# {what stands there: (what makes it, words of the error)}
OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "it is a folder"),
    "pipe": (os.mkfifo, "it is a pipe"),
    "socket": (_socket, "cannot be read"),
    "device": (lambda path: path.symlink_to("/dev/null"), "a pipe, a socket or a device"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), "a pipe, a socket or a device"),
    "circle": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "large": (
        lambda path: path.write_bytes(bytes(11_000_000)),
        "is too large: 11.0 MB, where 10 MB is the most",
    ),
    "bytes": (lambda path: path.write_bytes(b"\xff\xfe"), "is not UTF-8 text"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_such_file(tmp_path: Path, kind: str) -> None:
    """At once: nothing is waited for, and nothing is read without end."""
    path, (make, words) = tmp_path / "a.txt", OTHERS[kind]
    make(path)
    with pytest.raises(InputError) as caught:
        input_files.read_text(path)
    assert words in caught.value.problem
    assert "a.txt" in caught.value.problem
    assert files.read_record(path) is None


def test_a_name_that_no_file_has(tmp_path: Path) -> None:
    for name in ("a" * 300, "a\0b"):
        with pytest.raises(InputError):
            input_files.read(tmp_path / name)


def test_a_record_holds_what_no_utf8_can(tmp_path: Path) -> None:
    """A file's name that is no UTF-8, say: it comes back as it was."""
    record = {"name": "a\udc80é", "inner": {"\udcff": 1}}
    files.write_record(tmp_path / "r.json", record)
    assert files.read_record(tmp_path / "r.json") == record
