"""Finished work, kept by what it was made from: <store>/<kind>/<key>-<sha256 of the content>.

The store is the person's (settings/store_folder.py). Several builds read and write it at once. The
content is compared with its name when a run first uses it, and again when it was touched since. So
a damaged entry counts as none. A link and another user's file count as none, too. Entries are never
written to again. The least recently used go first when the store is full. None goes that a run at
work has used (store_users.py). All of it can be made again.
"""

import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..util import files
from ..util.errors import BuildError
from . import store_users
from .team_store import origins

MB = 1_000_000
OTHERS = stat.S_IWGRP | stat.S_IWOTH
TICK = 20_000_000  # ns: two changes of a folder within the kernel's tick have the same time
NEW = ".new-"  # how a file begins that is not yet an entry
ENTRY = re.compile(rf".+-[0-9a-f]{{64}}|{re.escape(NEW)}.+")  # nothing else is ever deleted

State = tuple[int, ...]
_WHOLE: dict[Path, State] = {}  # what this run has compared, as it was then
_LISTED: dict[Path, tuple[int, dict[str, list[str]]]] = {}  # {folder: when, {key: names}}


def _state(path: Path) -> State:
    """OSError for what this user did not put there."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise PermissionError(f"{path} is no file")
    if (status.st_uid != os.getuid() or status.st_mode & OTHERS) and not _has_no_modes(path):
        raise PermissionError(f"others may write to {path}")
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _has_no_modes(path: Path) -> bool:
    """Of an entry's file system. Its store is closed wherever it can be
    (settings/store_folder.py)."""
    return bool(path.parents[1].lstat().st_mode & OTHERS)


def _age(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _names(folder: Path) -> dict[str, list[str]]:
    """{key: names of entries}, read again when something came or went."""
    settled = time.time_ns() - TICK
    try:
        changed = folder.stat().st_mtime_ns
        known = _LISTED.get(folder)
        if known and known[0] == changed:
            return known[1]
        found = defaultdict(list)
        for name in os.listdir(folder):  # noqa: PTH208 - a path made of each takes ten times longer
            found[name.rpartition("-")[0]].append(name)
    except OSError:
        return {}
    if changed < settled:
        _LISTED[folder] = changed, found
    return found


@dataclass(frozen=True)
class Entry:
    """One file. `used`: when it was used last (ns)."""

    path: Path
    size: int
    used: int

    @property
    def key(self) -> str:
        return self.path.name.rpartition("-")[0]


@dataclass(frozen=True, kw_only=True)
class Store:
    """`limit`: bytes. `origins`: writers of the team's store whose entries count
    (team_store/origins.py). What was made here comes first."""

    root: Path
    limit: int
    origins: tuple[str, ...] = ()

    def get(self, kind: str, key: str) -> Path | None:
        """The entry, whole, or None. The newest, should two builds have made it differently."""
        return self._first(self._there(kind, key))

    def exact(self, kind: str, name: str) -> Path | None:
        """The entry with that file name: it says the content, too."""
        there = self._there(kind, name.rpartition("-")[0])
        return self._first(path for path in there if path.name == name)

    def _first(self, there: Iterable[Path]) -> Path | None:
        found = next(filter(self._take, there), None)
        store_users.note(self.root, was_there=found is not None)
        if found:
            origins.note(found)
        return found

    def _there(self, kind: str, key: str) -> Iterator[Path]:
        for each in ("", *self.origins):
            folder = self.root / origins.folder(kind, each)
            there = [folder / name for name in _names(folder).get(key, ())]
            yield from sorted(there, key=_age, reverse=True)

    def _take(self, path: Path) -> bool:
        """Is it whole? Then it counts as used now."""
        with suppress(OSError):  # gone, or nobody's business here
            if path in _WHOLE and _WHOLE[path] == _state(path):
                return True
            with store_users.taking(self.root):
                return self._compare(path)
        return False

    def _compare(self, path: Path) -> bool:
        _state(path)
        if files.file_digest(path) != path.name.rpartition("-")[2]:
            path.unlink()
            return False
        with suppress(OSError):  # a checkout that may only be read
            os.utime(path)  # used last
        _WHOLE[path] = _state(path)
        return True

    def all(self, kind: str, keys: Mapping[str, str]) -> dict[str, Path]:
        """{name: entry} of those of {name: key} that are there."""
        return {name: path for name, key in keys.items() if (path := self.get(kind, key))}

    def has_all(self, kind: str, keys: Collection[str]) -> bool:
        """Are they there, and whole?"""
        return all(self.get(kind, key) for key in keys)

    def put(self, kind: str, key: str, source: Path, sha256: str = "") -> Path:
        """Move the file in. Two builds may put the same key: the bytes tell them apart. `sha256`:
        of its content, for who knows it. This run need not compare what it has put."""
        target = self._folder(kind) / f"{key}-{sha256 or files.file_digest(source)}"
        with suppress(PermissionError):  # of a file system without modes
            source.chmod(0o644)
        with store_users.taking(self.root):
            os.utime(source)  # an archive's may be of long ago
            self._move(source, target)
        _LISTED.pop(target.parent, None)  # its time may be the same as before
        self._refuse_lost(target)
        return target

    def _refuse_lost(self, target: Path) -> None:
        """BuildError where what was put would not be taken: the next step would look for it in
        vain, in each run."""
        try:
            _WHOLE[target] = _state(target)
        except PermissionError:
            raise BuildError(
                f"the file system of {self.root} gives its files another owner, or lets others "
                "write to them",
                fix="set LAYER_STORE to a folder on a local disk, then run the command again",
            ) from None

    def _move(self, source: Path, target: Path) -> None:
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:  # the store may lie on another disk
                raise
            with self.new(target.parent.name) as new:
                shutil.copyfile(source, new)
                with suppress(PermissionError):
                    new.chmod(0o644)
                new.replace(target)
            source.unlink()

    @contextmanager
    def new(self, kind: str) -> Iterator[Path]:
        """An empty file to fill and to `put`. It goes if it is not put."""
        handle, name = tempfile.mkstemp(dir=self._folder(kind), prefix=NEW)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _folder(self, kind: str) -> Path:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self.root / kind
        folder.mkdir(exist_ok=True)
        return folder

    def put_bytes(self, kind: str, key: str, content: bytes) -> Path:
        with self.new(kind) as new:
            new.write_bytes(content)
            return self.put(kind, key, new)

    def entries(self) -> Iterator[Entry]:
        """All that is there."""
        for path in self.root.glob("*/*"):
            with suppress(OSError):  # another build's eviction was quicker
                status = path.lstat()
                if ENTRY.fullmatch(path.name) and stat.S_ISREG(status.st_mode):
                    yield Entry(path, status.st_size, status.st_mtime_ns)

    def evict(self, used: Collection[str]) -> int:
        """Delete the least recently used entries over the limit: none with a key in `used`, none
        that another run has used since it began. Bytes that were freed."""
        with store_users.deleting(self.root) as since:
            found = sorted(self.entries(), key=lambda each: each.used)
            over = before = sum(each.size for each in found) - self.limit
            for each in found:
                if over > 0 and each.used < since and each.key not in used:
                    each.path.unlink(missing_ok=True)
                    over -= each.size
        return before - over
