"""git, asked through its command: what the checkout is at."""

import subprocess

from ..core import paths
from ..core.records import Record

SECONDS = 30  # a checkout on a slow disk


def state() -> Record | None:
    """{"commit", "dirty"}; None without git or outside of a checkout.

    config.json does not count: this tool writes the layer's ARN there in every deploy.
    """
    commit = _ask("rev-parse", "HEAD")
    if not commit:
        return None
    changed = _ask("status", "--porcelain", "--", ".", f":(exclude){paths.CHALICE_CONFIG}")
    return {"commit": commit, "dirty": changed != ""}  # what could not be seen may be anything


def last_change() -> str:
    """When the checkout's commit was made, in seconds since 1970; 1980-01-01, the earliest that a
    zip can say, where git does not know."""
    return _ask("log", "-1", "--format=%ct") or "315532800"


def origin() -> str:
    """The address of the remote `origin`; '' for none."""
    return _ask("config", "--get", "remote.origin.url") or ""


def _ask(*arguments: str) -> str | None:
    """What git prints; None when it is not there or refuses."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
