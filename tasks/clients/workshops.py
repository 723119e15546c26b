"""The workshop of a run: one, made when a step first needs it."""

from functools import cache

from ..core import paths, records
from ..core.settings import Settings
from ..core.workshop import Workshop
from . import sandboxes

kind, runs, title = sandboxes.kind, sandboxes.runs, sandboxes.title


def prepare(settings: Settings) -> None:
    """For verify, while others still work: lay the layer out, where this run made all of it."""
    made = records.read(paths.record(settings, "install")) or {"distributions": []}
    if choose.cache_info().currsize:
        choose(settings).prepare(paths.layer_zip(settings), len(made["distributions"]))


@cache
def choose(settings: Settings) -> Workshop:
    """BuildError as sandboxes.choose."""
    return Workshop(settings, sandboxes.choose(settings))
