"""Folders below build/work for as long as somebody works in them.

As with a run's own folder (core/runs.py), whoever has one holds a file in it locked, and the next
run removes those that nobody holds any more.
"""

import atexit
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import paths, runs

_REMOVALS: list["subprocess.Popen[bytes]"] = []  # that this run began


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
        """Beside what this run does next; should that be cut off, the next run does it."""
        _remove_later([self.path])
        os.close(self._held)


def _remove_later(folders: Iterable[Path]) -> None:
    """Thousands of files take a while, beside which others can work; but a run that has ended does
    nothing any more: whoever archives `build/` next must not see files go."""
    if names := [str(folder) for folder in folders]:
        removal = 'rm -rf "$@" || { chmod -R u+w "$@"; rm -rf "$@"; }'
        under_way = [each for each in _REMOVALS if each.poll() is None]
        words = ["sh", "-c", removal, "sh", *names]
        _REMOVALS[:] = [*under_way, subprocess.Popen(words, stderr=subprocess.DEVNULL)]


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
