"""Step records: small JSON files, written last and atomically; the next step's input.

A record holds facts only (no durations), so that an unchanged result leaves it unchanged.
Its `fingerprint` says what the result was made from: doit's own database is keyed by task
name alone and cannot tell one layer's or stage's result from another's.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import LayerError

Record = dict[str, Any]


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


def write(path: Path, record: Mapping[str, Any]) -> None:
    write_atomic(path, json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n")


def read(path: Path) -> Record | None:
    """The record, or None when there is none (a torn or foreign file counts as none)."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def is_fresh(path: Path, fingerprint: Callable[[], str]) -> Callable[[], bool]:
    """A doit `uptodate` callable: was this record made from what stands here now?"""

    def fresh() -> bool:
        record = read(path)
        try:
            return record is not None and record.get("fingerprint") == fingerprint()
        except LayerError:  # the step says it; here it would be a traceback
            return False

    return fresh


def is_whole(file: Path, record: Path) -> bool:
    """Is the file the one that its record speaks of (`sha256`)? Read only when it was touched
    since that was last seen, which a file beside the record remembers."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    seen = record.with_name("seen.json")
    place = [status.st_size, status.st_mtime_ns, status.st_ino]
    known = read(seen) or {}
    if known.get("place") != place:
        known = {"place": place, "sha256": file_digest(file)}
        with suppress(OSError):  # nowhere to remember it: read again the next time
            write(seen, known)
    return bool(known["sha256"] == (read(record) or {}).get("sha256"))
