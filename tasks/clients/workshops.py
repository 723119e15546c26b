"""The workshop of a run: one, made when a step first needs it."""

from functools import cache

from ..core.settings import Settings
from ..core.workshop import Workshop
from . import sandboxes

kind, runs, title = sandboxes.kind, sandboxes.runs, sandboxes.title


@cache
def choose(settings: Settings) -> Workshop:
    """BuildError as sandboxes.choose."""
    return Workshop(settings, sandboxes.choose(settings))
