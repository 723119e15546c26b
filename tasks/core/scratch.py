"""Folders below build/work for as long as somebody works in them.

Whoever has one holds a file in it locked. The lock ends with the process, however that ends, so
that the next run knows which folders nobody will remove.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import paths

KEPT = ".kept"


class Scratch:
    """One folder. `path` is absolute."""

    def __init__(self) -> None:
        parent = paths.WORK.absolute()
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.iterdir():
            _remove_abandoned(left)
        self.path = Path(tempfile.mkdtemp(dir=parent))
        self._kept = (self.path / KEPT).open("w")
        fcntl.flock(self._kept, fcntl.LOCK_EX)

    def remove(self) -> None:
        remove(self.path)
        self._kept.close()

    def remove_later(self) -> None:
        """In the background: thousands of files take a second, for which nobody need wait. Should
        that be cut off, the next run does it."""
        removal = '{ chmod -R u+w "$1"; rm -rf "$1"; } >/dev/null 2>&1 &'
        subprocess.run(["sh", "-c", removal, "sh", self.path], check=True)
        self._kept.close()


@contextmanager
def folder() -> Iterator[Path]:
    """One for a `with` statement."""
    scratch = Scratch()
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _remove_abandoned(left: Path) -> None:
    """A folder without the file is just being made, or just being removed."""
    with suppress(OSError), (left / KEPT).open("r+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(left)


def remove(tree: Path) -> None:
    """With what is read-only in it."""
    for found, _, _ in os.walk(tree):
        Path(found).chmod(0o755)
    shutil.rmtree(tree, ignore_errors=True)
