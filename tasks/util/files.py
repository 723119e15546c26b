"""Step records: small JSON files, written last and atomically. The next step's input.

A record holds facts only (no durations), so that an unchanged result leaves it unchanged.
Its `fingerprint` says what the result was made from: doit's own database is keyed by task
name alone and cannot tell one layer's or stage's result from another's.
"""

import hashlib
import json
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import input_files
from .errors import InputError

LIMIT = 1_000_000_000  # bytes of a record
Record = dict[str, Any]


def home() -> Path:
    """Of the user that runs this. `/` for a user whom neither HOME nor the machine gives one."""
    named = os.environ.get("HOME", "~")
    try:
        return Path(named or "/").expanduser().absolute()
    except RuntimeError:
        return Path("/")


def canonical(value: object) -> bytes:
    """JSON with one spelling per value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(value: object) -> str:
    """sha256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 (hex) of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bytes_digest(data: bytes) -> str:
    """sha256 (hex)"""
    return hashlib.sha256(data).hexdigest()


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write through a temporary name in the same folder: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=2, ensure_ascii=False)
    # half a character (of a file's name that is no UTF-8) as JSON writes it
    write_atomic(path, text.encode(errors="backslashreplace") + b"\n")


def read_record(path: Path) -> Record | None:
    """The record, or None when there is none (a torn or foreign file counts as none)."""
    try:
        record = json.loads(input_files.read(path, LIMIT))
    except (OSError, InputError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def is_whole(file: Path, record: Path) -> bool:
    """Is the file the one that its record speaks of (`sha256`)? Read only when it was touched
    since that was last seen, which a file beside the record remembers."""
    try:
        status = file.stat()
    except OSError:  # a link in a circle, say
        return False
    if not stat.S_ISREG(status.st_mode):
        return False
    seen = record.with_name("seen.json")
    place = [status.st_size, status.st_mtime_ns, status.st_ino]
    known = read_record(seen) or {}
    if known.get("place") != place:
        known = {"place": place, "sha256": file_digest(file)}
        with suppress(OSError):  # nowhere to remember it: read again the next time
            write_record(seen, known)
    return bool(known["sha256"] == (read_record(record) or {}).get("sha256"))


_PLAIN = re.compile(r"[\w.+-][\w./+ -]*", re.ASCII)
NAME_LIMIT = 255  # bytes in one name, on Lambda's file system as on this one


def walk(root: Path, *, follow: bool = False) -> Iterator[Path]:
    """Every file and link below root, sorted by its path as text: the same order everywhere.
    `follow`: into folders that are links, too."""
    walked = os.walk(root, followlinks=follow)
    found = [f"{folder}/{name}" for folder, _, names in walked for name in names]
    return map(Path, sorted(found))


def unholdable(names: Iterable[str]) -> list[str]:
    """Names that a zip or Lambda cannot hold, each as a sentence."""
    return [f"{name!a}: {why}" for name in names if (why := _unholdable(name))]


def alike(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ in case alone."""
    first: dict[str, str] = {}
    pairs = ((first.setdefault(name.lower(), name), name) for name in names)
    return [pair for pair in pairs if pair[0] != pair[1]]


def _unholdable(name: str) -> str:
    if len(name) <= NAME_LIMIT and _PLAIN.fullmatch(name) and ".." not in name:
        return ""  # as nearly all are
    try:
        longest = max(len(part.encode()) for part in name.split("/"))
    except UnicodeEncodeError:
        return "the name is not UTF-8, a zip cannot hold it"
    if longest > NAME_LIMIT:
        return f"the name is longer than {NAME_LIMIT} bytes"
    if name.startswith("/") or ".." in name.split("/"):
        return "the name leads out of the layer"
    if "\\" in name or (not name.isprintable() and _controls(name)):
        return "the name has a backslash or control character, a zip cannot hold it"
    return ""


def _controls(name: str) -> bool:
    """A wide space is not printable either, and fine in a name."""
    return any(unicodedata.category(each) == "Cc" for each in name)
