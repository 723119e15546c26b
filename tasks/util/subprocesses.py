"""Processes that this one starts."""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path

from .files import Record

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """For `preexec_fn`: a run that was killed must not go on deploying, or installing, beside the
    one that repeats it (Linux). `number`: a signal that others' code cannot ignore."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def end_with_parent() -> None:
    """The same for a run of our own, which gives its lock back first."""
    die_with_parent(signal.SIGTERM)


SECONDS = 30  # a checkout on a slow disk


def state(unless: Path) -> Record | None:
    """{"commit", "dirty"}. None without git or outside of a checkout.

    `unless`: a file that does not count (config.json: each deploy writes the layer's ARN there).
    """
    commit = _ask("rev-parse", "HEAD")
    if not commit:
        return None
    changed = _ask("status", "--porcelain", "--", ".", f":(exclude){unless}")
    return {"commit": commit, "dirty": changed != ""}  # what could not be seen may be anything


def last_change() -> str:
    """When the checkout's commit was made, in seconds since 1970. 1980-01-01, the earliest that a
    zip can say, where git does not know."""
    return _ask("log", "-1", "--format=%ct") or "315532800"


def origin() -> str:
    """The address of the remote `origin`. '' for none."""
    return _ask("config", "--get", "remote.origin.url") or ""


def default_branch() -> str:
    """The repository's: what a clone starts with, else a usual name that is there, else what is
    checked out. '' outside of a checkout."""
    if cloned := _ask("symbolic-ref", "--short", "refs/remotes/origin/HEAD"):
        return cloned.removeprefix("origin/")
    listed = _ask("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads", "refs/remotes")
    usual = (_ask("config", "--get", "init.defaultBranch") or "", "main", "master")
    there = [name for name in usual if name and name in (listed or "").split()]
    return [*there, _ask("symbolic-ref", "--short", "HEAD") or ""][0]


def _ask(*arguments: str) -> str | None:
    """What git prints. None when it is not there or refuses."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
