"""The team's store of this run, for steps that need entries and know nothing of S3."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Rests, TeamStore

_OPEN: list["TeamStore | None"] = []  # None where it could not be opened


def use(store: "TeamStore | None") -> None:
    """From here on. None: this run does without, and does not try again."""
    _OPEN[:] = [store]


def close() -> None:
    _OPEN.clear()


def is_decided() -> bool:
    """Has this run opened it, or tried to?"""
    return bool(_OPEN)


def current() -> "TeamStore | None":
    """None where this run uses none."""
    return _OPEN[-1] if _OPEN else None


def bring(kind: str, keys: Collection[str], rests: "Rests | None" = None) -> None:
    """Into the store here what a trusted writer has of these. `rests`: {key: entries that it was
    made of}"""
    if store := current():
        store.bring(kind, keys, rests or {})
