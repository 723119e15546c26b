"""What a run that was killed leaves behind, removed by the next one.

A run has one temporary folder for all that it and its sandboxes put aside, and holds a file in it
locked. It holds `build/` locked (shared), too. The system unlocks both when the process ends,
however it does: what nobody holds is a dead run's.
"""

import atexit
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..settings import paths

PREFIX = "doit-lambda-layer-run-"
LEFT_ALONE = {"python", "bench"}  # of build/: what packages and measurements hold
ALIVE = "alive"  # the locked file
_RANDOM = r"[a-z0-9_]{8}"  # as tempfile writes it
HALF_WRITTEN = re.compile(rf"\..+\.{_RANDOM}|\.(?:fetch|verify|answer)-{_RANDOM}")
_HELD: list[int] = []  # open for as long as this process lives


def begin_run() -> None:
    """Clear away after the dead, then give this run its folder: `tempfile` uses it from here on."""
    home = Path(tempfile.gettempdir())
    for folder in home.glob(f"{PREFIX}*"):
        if is_dead(folder):
            remove(folder)
    with suppress(OSError):  # a disk that is full or read-only: the step that writes says so
        tempfile.tempdir = str(own(home, PREFIX))
    _sweep_checkout()


def own(home: Path, prefix: str) -> Path:
    """A folder of `hold` that goes with this run."""
    folder, held = hold(home, prefix)
    _HELD.append(held)
    atexit.register(_end, folder, os.getpid())
    return folder


def hold(home: Path, prefix: str) -> tuple[Path, int]:
    """A new folder {prefix}… below `home`, and the open file that tells others that somebody is in
    it. Complete and locked before it has its name: nobody takes it for a dead run's."""
    making = Path(tempfile.mkdtemp(dir=home))
    held = os.open(making / ALIVE, os.O_CREAT | os.O_RDWR, 0o600)  # NFS locks no other alone
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        os.close(held)
        remove(making)
        raise
    return making.rename(home / f"{prefix}{making.name}"), held


def _end(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked
        remove(folder)


def is_dead(folder: Path) -> bool:
    """A folder of a run of this user on this machine that no process holds any more?"""
    try:
        if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
            return False
        with (folder / ALIVE).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove(folder: Path) -> None:
    """Also what jobs were given read-only, and while another process removes it, too."""

    def insist(function: Callable[..., Any], path: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError):
            return  # the other one was quicker
        with suppress(OSError):
            Path(path).parent.chmod(0o700)
            if function in (os.unlink, os.rmdir):
                function(path)
            else:  # a folder that could not be looked into
                Path(path).chmod(0o700)
                shutil.rmtree(path, ignore_errors=True)

    shutil.rmtree(folder, onexc=insist)


def _sweep_checkout() -> None:
    """Half-written files, unless another run of this checkout is at work."""
    if not paths.BUILD.is_dir():
        return
    held = os.open(paths.BUILD, os.O_RDONLY)
    _HELD.append(held)
    with suppress(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in list(half_written()):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
    fcntl.flock(held, fcntl.LOCK_SH)


def half_written() -> Iterator[Path]:
    """What tempfile named for us in this checkout. Nothing of the packages in build/."""
    for folder, folders, files in os.walk(paths.BUILD):
        found = [name for name in (*folders, *files) if HALF_WRITTEN.fullmatch(name)]
        yield from (Path(folder, name) for name in found)
        folders[:] = [name for name in folders if name not in LEFT_ALONE and name not in found]
    for file in (*paths.DEPLOYED.glob(".*"), *_near(paths.LAYER_ARN), *_near(paths.CHALICE_CONFIG)):
        if HALF_WRITTEN.fullmatch(file.name):
            yield file


def _near(path: Path) -> list[Path]:
    return list(path.parent.glob(f".{path.name}.*"))


_REMOVALS: list["subprocess.Popen[bytes]"] = []  # that this run began


class Scratch:
    """One folder. `path` is absolute."""

    def __init__(self) -> None:
        parent = paths.WORK.absolute()
        parent.mkdir(parents=True, exist_ok=True)
        _remove_later(left for left in parent.iterdir() if is_dead(left))
        self.path, self._held = hold(parent, "scratch-")

    def remove(self) -> None:
        remove(self.path)
        os.close(self._held)

    def remove_later(self) -> None:
        """Beside what this run does next. Should that be cut off, the next run does it."""
        _remove_later([self.path])
        os.close(self._held)


def _remove_later(folders: Iterable[Path]) -> None:
    """Thousands of files take a while, beside which others can work. But a run that has ended does
    nothing any more: a program that archives `build/` next must not see files go."""
    if names := [str(folder) for folder in folders]:
        removal = 'rm -rf "$@" || { chmod -R u+w "$@"; rm -rf "$@"; }'
        under_way = [each for each in _REMOVALS if each.poll() is None]
        words = ["/bin/sh", "-c", removal, "sh", *names]
        around = os.environ | {"PATH": os.defpath}  # where the person's leads nowhere
        started = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=around)
        _REMOVALS[:] = [*under_way, started]


@atexit.register  # before any that ends a sandbox, so it comes after them
def _settle() -> None:
    with suppress(KeyboardInterrupt):  # it ends the removals, too: the next run goes on with them
        for removal in _REMOVALS:
            removal.wait()


@contextmanager
def folder() -> Iterator[Path]:
    """One for a `with` statement."""
    scratch = Scratch()
    try:
        yield scratch.path
    finally:
        scratch.remove()
