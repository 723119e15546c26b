"""The git repository that an app lies in: several apps may share one."""

import os
from collections.abc import Iterator
from pathlib import Path


def top(root: Path) -> Path:
    """The checkout's folder. The app's own where there is no repository."""
    here = root.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def inside(root: Path) -> Path:
    """The app's folder as seen from there. `.` for an app that is all of its repository."""
    return root.resolve().relative_to(top(root))


def around(root: Path) -> Iterator[Path]:
    """Folders above the app's, up to the repository's own, relative to the app's."""
    for number, _ in enumerate(inside(root).parts, 1):
        yield Path(*[".."] * number)


def up(root: Path) -> Path:
    """The way from the app's folder to the repository's."""
    return Path(os.path.relpath(top(root), root.resolve()))
