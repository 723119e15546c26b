"""Where finished work is kept: in a folder of the person's, which all checkouts and layers share.

It is written by this person's own builds alone. So it is a real folder of theirs that nobody else
may enter. Where there can be none (a home that is read-only, or somebody else's), each checkout
keeps its own in build/. So it does where a file system has no locks: nothing could ever be deleted
there. Some file systems have neither modes nor owners (CIFS, exFAT, /mnt/c of WSL). There the store
in build/ is as open as the checkout is.
"""

import fcntl
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

from ..util import files
from . import paths
from .model import Settings

NAME = "doit-lambda-layer"
PRIVATE = 0o700
RUNS, GATE = "runs", "gate"  # beside the store: who uses it (layer/store_users.py)


def of_person() -> Path:
    """`~/.cache/doit-lambda-layer`, or below XDG_CACHE_HOME. A relative one counts as none there
    (XDG Base Directory Specification)."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    found = named if named.is_absolute() else files.home() / ".cache"
    return (_own_home() / ".cache" if _is_of_sudos_caller(found) else found) / NAME


def _is_of_sudos_caller(folder: Path) -> bool:
    """`sudo` may leave HOME as it was: what it made there, that person could never write again."""
    caller = os.environ.get("SUDO_UID", "")
    with suppress(OSError):  # who may not look into it has no store there: `is_private`
        there = next(each for each in (folder, *folder.parents) if each.exists())
        return caller.isdigit() and there.stat().st_uid == int(caller) != os.getuid()
    return False


def _own_home() -> Path:
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def wanted(settings: Settings) -> Path:
    """Where it is to be."""
    if not settings.store:
        return of_person() / paths.STORE.name
    with suppress(RuntimeError):  # `~` of a user whom nobody knows
        return Path(settings.store).expanduser() / paths.STORE.name
    return Path(settings.store) / paths.STORE.name


def locate(settings: Settings) -> Path:
    """Where it is."""
    folder = wanted(settings)
    if not (is_private(folder) and has_locks(folder)):
        folder = paths.STORE
        if folder.is_dir():  # made with the first entry
            is_private(folder)  # as far as its file system can
    return folder


def is_private(folder: Path) -> bool:
    """A folder of this user's, which others cannot enter and no link leads to. Made where there is
    none."""
    try:
        _make(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return False
        if stat.S_IMODE(found.st_mode) != PRIVATE:
            folder.chmod(PRIVATE)
            if stat.S_IMODE(folder.lstat().st_mode) != PRIVATE:  # a file system without modes
                return False
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def runs(store: Path) -> Path:
    return store.absolute().with_name(RUNS)


def has_locks(store: Path) -> bool:
    """Lustre without `-o flock`, NFS without its lock service and many FUSE mounts have none."""
    home = runs(store)
    try:
        home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        held = os.open(home / GATE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # somebody has one
        return True
    except OSError:
        return False
    finally:
        os.close(held)
    return True


def _make(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with suppress(FileExistsError):  # another build was quicker
            each.mkdir(PRIVATE)
