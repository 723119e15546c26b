"""Who uses a store right now: a run says so before its first look, and until it ends.

    runs/run-…   one folder a run, which holds a file in it locked (sandbox/temp_dirs.py)
    runs/gate    locked together while an entry is taken, alone while entries are deleted
    runs/use.json

So a deletion sees each run that began before it, and every entry that such a run has taken.
"""

import atexit
import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..sandbox import temp_dirs
from ..settings import store_folder
from ..util import files

PREFIX = "run-"
PATIENCE, STEP = 5.0, 0.01  # seconds: nobody holds the gate for longer than files take to delete
USE = "use.json"  # how often entries were found, until the store was emptied
_OWN: dict[Path, Path] = {}  # {folder of runs: this run's in it}
_LOCKLESS: dict[Path, str] = {}  # {folder of runs: why this run could not say that it lives}
_ASKED: Counter[tuple[Path, bool]] = Counter()  # by this run: {(folder, was it there?): entries}


_NEVER = 1 << 63  # ns


def folder(root: Path) -> Path:
    """Beside the store at `root`."""
    return store_folder.runs(root)


@contextmanager
def taking(root: Path) -> Iterator[None]:
    """While an entry is looked at. A disk that is full or read-only keeps nobody from reading."""
    held = -1
    try:
        _join(root)
        held = _lock(root, fcntl.LOCK_SH)
    except OSError as error:  # it is not tried again at each entry
        _LOCKLESS[folder(root)] = error.strerror or str(error)
    try:
        yield
    finally:
        if held >= 0:
            os.close(held)


@contextmanager
def deleting(root: Path) -> Iterator[int]:
    """When the oldest of the other runs began (ns): what was used since is not to be deleted.
    Where that cannot be known, nothing is."""
    try:
        _join(root)  # who is not seen by others does not see them
        held = _lock(root, fcntl.LOCK_EX)
    except OSError:
        yield 0
        return
    try:
        yield min(_began(root), default=_NEVER)
    finally:
        os.close(held)


def unseen(root: Path) -> str:
    """Why nobody can know who uses the store. '' where that is known."""
    with taking(root):
        return _LOCKLESS.get(folder(root), "")


def note(root: Path, *, was_there: bool) -> None:
    _ASKED[folder(root), was_there] += 1


def use(root: Path) -> dict[str, int]:
    """{"found": entries that were asked for and there, "asked": all}, since `forget_use`."""
    said = files.read_record(folder(root) / USE) or {}
    numbers = {name: said.get(name, 0) for name in ("found", "asked")}
    return {name: each if type(each) is int else 0 for name, each in numbers.items()}


def forget_use(root: Path) -> None:
    (folder(root) / USE).unlink(missing_ok=True)


def _tell(root: Path, owner: int) -> None:
    """As the run ends."""
    if os.getpid() != owner or not folder(root).is_dir():  # a child that was forked; cleaned away
        return
    found, missed = _ASKED.pop((folder(root), True), 0), _ASKED.pop((folder(root), False), 0)
    with suppress(OSError):
        held = _lock(root, fcntl.LOCK_EX)
        try:
            before = use(root)
            now = {"found": before["found"] + found, "asked": before["asked"] + found + missed}
            files.write_record(folder(root) / USE, now)
        finally:
            os.close(held)


def _join(root: Path) -> None:
    home = folder(root)
    if home in _LOCKLESS:
        raise OSError(_LOCKLESS[home])
    if home not in _OWN:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _OWN[home] = temp_dirs.own(home, PREFIX)
        atexit.register(_tell, root.absolute(), os.getpid())


def _lock(root: Path, how: int) -> int:
    home = folder(root)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(home / store_folder.GATE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + PATIENCE
    try:
        while not _is_locked(held, how):
            if time.monotonic() > until:
                gate = home / store_folder.GATE
                raise TimeoutError(f"{gate} is held by a process that does not go on")
            time.sleep(STEP)
    except BaseException:
        os.close(held)
        raise
    return held


def _is_locked(held: int, how: int) -> bool:
    try:
        fcntl.flock(held, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _began(root: Path) -> Iterator[int]:
    """Of the other runs that are alive. What is left of dead ones goes."""
    home = folder(root)
    for each in home.glob(f"{PREFIX}*"):
        if each == _OWN.get(home):
            continue
        if temp_dirs.is_dead(each):
            temp_dirs.remove(each)
        else:
            with suppress(OSError):  # it has just ended
                yield (each / temp_dirs.ALIVE).stat().st_mtime_ns
