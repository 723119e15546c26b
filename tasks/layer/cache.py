"""Finished work, kept by what it was made from: build/store/<kind>/<key>-<sha256 of the content>.

The content is compared with its name when a run first uses it, and again when it was touched since,
so that a damaged entry is one that is not there. Entries are never written to again; the least
recently used go first when the store is full.
Any of it can be deleted at any time, it only saves work.
"""

import os
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..util import files

MB = 1_000_000


_WHOLE: dict[Path, tuple[int, ...]] = {}  # what this run has compared, as it was then


def _state(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@dataclass(frozen=True, kw_only=True)
class Store:
    """`limit`: bytes."""

    root: Path
    limit: int

    def get(self, kind: str, key: str) -> Path | None:
        """The entry, whole, or None; the newest, should two builds have made it differently."""
        for path in sorted(self._entries(kind, key), key=_age, reverse=True):
            try:
                if _WHOLE.get(path) == _state(path):
                    return path
                if files.file_digest(path) == path.name.removeprefix(f"{key}-"):
                    with suppress(OSError):  # a checkout that may only be read
                        os.utime(path)  # used last
                    _WHOLE[path] = _state(path)
                    return path
                path.unlink()
            except FileNotFoundError:
                continue  # another build's eviction was quicker
        return None

    def _entries(self, kind: str, key: str) -> list[Path]:
        folder = self.root / kind
        if not folder.is_dir():
            return []
        names = os.listdir(folder)  # noqa: PTH208 - a path made of each name takes ten times longer
        return [folder / name for name in names if name.startswith(f"{key}-")]

    def all(self, kind: str, keys: Mapping[str, str]) -> dict[str, Path]:
        """{name: entry} of those of {name: key} that are there."""
        return {name: path for name, key in keys.items() if (path := self.get(kind, key))}

    def has_all(self, kind: str, keys: Collection[str]) -> bool:
        """Are they there, and whole?"""
        return all(self.get(kind, key) for key in keys)

    def put(self, kind: str, key: str, source: Path) -> Path:
        """Move the file in. Two builds may put the same key: the bytes tell them apart."""
        target = self.root / kind / f"{key}-{files.file_digest(source)}"
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o644)
        source.replace(target)
        return target

    def put_bytes(self, kind: str, key: str, content: bytes) -> Path:
        folder = self.root / kind
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return self.put(kind, key, Path(name))

    def evict(self, used: Collection[str]) -> int:
        """Delete the least recently used entries over the limit, none with a key in `used`.
        Bytes that were freed."""
        entries, sizes = [], {}
        for path in self.root.glob("*/*"):
            with suppress(FileNotFoundError):  # another build's eviction was quicker
                status = path.stat()
                entries.append((status.st_mtime_ns, path))
                sizes[path] = status.st_size
        entries.sort()
        over = before = sum(sizes.values()) - self.limit
        for _, path in entries:
            if over > 0 and path.name.rpartition("-")[0] not in used:
                path.unlink(missing_ok=True)
                over -= sizes[path]
        return before - over
