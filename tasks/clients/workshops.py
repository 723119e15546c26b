"""The workshop of a run: one, made when a step first needs it."""

from contextlib import suppress
from functools import cache

from ..core import due
from ..core.errors import LayerError
from ..core.settings import Settings
from ..core.workshop import Workshop
from . import sandboxes

kind, runs, title = sandboxes.kind, sandboxes.runs, sandboxes.title


def prepare(settings: Settings) -> None:
    """For verify, while others still work: lay out what it will try, where a sandbox runs. Should
    that fail, verify says why."""
    if choose.cache_info().currsize:
        with suppress(LayerError):
            choose(settings).prepare(due.get_ready(settings, title(settings)))


@cache
def choose(settings: Settings) -> Workshop:
    """BuildError as sandboxes.choose."""
    return Workshop(settings, sandboxes.choose(settings))
