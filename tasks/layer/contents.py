"""The layer's files, finished: what the zip and an image are both made of."""

from pathlib import Path

from ..settings import records
from ..settings.model import Settings
from ..settings.step_records import OptimizeRecord
from ..util.errors import BuildError
from . import installed, part
from .part import Member


def members(settings: Settings) -> list[Member]:
    """What optimize's record names, from the store. BuildError when something of it is gone."""
    return finished(settings)[0]


def finished(settings: Settings) -> tuple[list[Member], dict[Path, str]]:
    """The same, and {part: its distribution}."""
    optimized, kept = records.needed(settings, OptimizeRecord), installed.store(settings)
    order = [*optimized.beside, *optimized.parts]  # the first has its file
    there = {name: kept.exact(part.KIND, optimized.made.get(name, "")) for name in order}
    found = {name: path for name, path in there.items() if path}
    if not order or len(found) < len(order):
        records.forget(settings, OptimizeRecord)
        raise BuildError("parts of the layer are gone from the store", fix="run `./doitw` again")
    code = optimized.bytecode
    without = frozenset(code.left_out if code else ())
    whole = (part.read_part(path) for path in found.values())
    content = part.together(whole, bytecode=code is not None, without=without)
    return content, {path: name for name, path in found.items()}
