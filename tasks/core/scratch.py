"""Folders below build/work for as long as somebody works in them.

As with a run's own folder (core/runs.py), whoever has one holds a file in it locked, and the next
run removes those that nobody holds any more.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths, runs


class Scratch:
    """One folder. `path` is absolute."""

    def __init__(self) -> None:
        parent = paths.WORK.absolute()
        parent.mkdir(parents=True, exist_ok=True)
        _remove_later(left for left in parent.iterdir() if runs.is_dead(left))
        self.path, self._held = runs.hold(parent, "scratch-")

    def remove(self) -> None:
        runs.remove(self.path)
        os.close(self._held)

    def remove_later(self) -> None:
        """In the background; should that be cut off, the next run does it."""
        _remove_later([self.path])
        os.close(self._held)


def _remove_later(folders: Iterable[Path]) -> None:
    """Thousands of files take a second, for which nobody need wait."""
    if names := [str(folder) for folder in folders]:
        removal = '{ chmod -R u+w "$@"; rm -rf "$@"; } >/dev/null 2>&1 &'
        subprocess.run(["sh", "-c", removal, "sh", *names], check=True)


@contextmanager
def folder() -> Iterator[Path]:
    """One for a `with` statement."""
    scratch = Scratch()
    try:
        yield scratch.path
    finally:
        scratch.remove()
