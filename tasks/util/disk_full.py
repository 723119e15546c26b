"""A disk that is full: what programs say then, and what frees space where they ran."""

import re

# The system's words (C's strerror, Go's), and Rust's number where it says no more than that.
SAID = r"no space left on device|os error 28\b|disk quota exceeded"
OF_HOST = (
    "free some disk space and run the command again. `./doitw cache clean=1` empties the store of "
    "finished work"
)
OF_ENGINE = (
    "`docker system df` shows what takes it, `docker system prune` frees what nobody uses. Then "
    "run the command again"
)


def is_said(text: str) -> bool:
    """Does a program say so in its last words?"""
    return re.search(SAID, text, re.I) is not None


def way_out(kind: str) -> str:
    """What to do. `kind`: of the sandbox that it ran in, `docker` or `host`."""
    return OF_ENGINE if kind == "docker" else OF_HOST
