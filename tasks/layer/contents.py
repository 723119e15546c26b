"""The layer's files, finished: what the zip and an image are both made of."""

from pathlib import Path

from ..settings import paths
from ..settings.model import Settings
from ..util import files
from ..util.errors import BuildError
from . import installed, part
from .part import Member


def members(settings: Settings) -> list[Member]:
    """What optimize's record names, from the store. BuildError when something of it is gone."""
    return finished(settings)[0]


def finished(settings: Settings) -> tuple[list[Member], dict[Path, str]]:
    """The same, and {part: its distribution}."""
    optimized = files.read_record(paths.record(settings, "optimize")) or {}
    made, kept = optimized.get("made", {}), installed.store(settings)
    order = [*optimized.get("beside", {}), *optimized.get("parts", {})]  # the first has its file
    there = {name: kept.exact(part.KIND, made.get(name, "")) for name in order}
    found = {name: path for name, path in there.items() if path}
    if not order or len(found) < len(order):
        paths.record(settings, "optimize").unlink(missing_ok=True)  # to be made again
        raise BuildError("parts of the layer are gone from the store", fix="run `./doitw` again")
    code = optimized["bytecode"]
    without = frozenset(code["left_out"] if code else ())
    whole = (part.read_part(path) for path in found.values())
    content = part.together(whole, bytecode=code is not None, without=without)
    return content, {path: name for name, path in found.items()}
