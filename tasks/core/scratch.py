"""Folders below build/work for as long as somebody works in them.

As with a run's own folder (core/runs.py), whoever has one holds a file in it locked, and the next
run removes those that nobody holds any more.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths, runs


class Scratch:
    """One folder. `path` is absolute."""

    def __init__(self) -> None:
        parent = paths.WORK.absolute()
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.iterdir():
            if runs.is_dead(left):
                runs.remove(left)
        self.path, self._held = runs.hold(parent, "scratch-")

    def remove(self) -> None:
        runs.remove(self.path)
        os.close(self._held)

    def remove_later(self) -> None:
        """In the background: thousands of files take a second, for which nobody need wait. Should
        that be cut off, the next run does it."""
        removal = '{ chmod -R u+w "$1"; rm -rf "$1"; } >/dev/null 2>&1 &'
        subprocess.run(["sh", "-c", removal, "sh", self.path], check=True)
        os.close(self._held)


@contextmanager
def folder() -> Iterator[Path]:
    """One for a `with` statement."""
    scratch = Scratch()
    try:
        yield scratch.path
    finally:
        scratch.remove()
