"""Which modules get their bytecode where Lambda's limit has no room for all of it.

First those that a function imports as it starts: what a person imports of the direct requirements,
and what that imports at once. What is decided here follows from the layer's parts and `reserve`
alone, so that the zip is the same whatever was built before.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..settings.model import Settings
from ..util import modules
from .cache import MB
from .installed import Installed, source_of
from .part import Member

# Bytes of source that CPython compiles in a second (docs/architecture.md: 25 MB in 3.3 s of one
# core as Lambda gives with 1,769 MB).
COMPILED_IN_A_SECOND = 7_500_000


def room(settings: Settings) -> int:
    """Bytes that the layer may have with its bytecode."""
    return settings.limit - settings.reserve * MB


def left_out(members: Iterable[Member], limit: int, order: Iterable[str]) -> list[str]:
    """Sources whose bytecode does not fit, sorted. `order`: sources, the most wanted first."""
    whole = list(members)
    made = {source_of(each.name): each.size for each in whole if each.is_beside}
    free = limit - sum(each.size for each in whole if not each.is_beside)
    wanted = [path for path in order if path in made]
    for path in dict.fromkeys([*wanted, *sorted(made)]):
        if made[path] <= free:
            free -= made.pop(path)
    return sorted(made)


def seconds(members: Iterable[Member], paths: Iterable[str]) -> float:
    """That Python needs to compile these sources, about."""
    sizes = {each.name: each.size for each in members if not each.made}
    return sum(sizes.get(path, 0) for path in paths) / COMPILED_IN_A_SECOND


def in_order(tree: Installed, direct: Sequence[str]) -> Iterator[str]:
    """Sources as a function comes to them that imports every direct requirement, breadth first."""
    paths = {name: path for path in tree.sizes if (name := modules.dotted(path))}
    said: dict[str, Any] = {
        path: each for found in tree.distributions for path, each in found.modules.items()
    }
    owned = modules.by_distribution(tree.sizes, tree.owners)
    waiting = [name for each in direct for name in modules.top_level(owned.get(each, ()))]
    seen = set(waiting)
    while waiting:
        name = waiting.pop(0)
        if path := paths.get(name, ""):
            yield path
        *_, at_once = said.get(path, ((),)) if path else ((),)
        new = [each for each in _with_packages(at_once) if each not in seen]
        seen.update(new)
        waiting += new


def _with_packages(names: Iterable[str]) -> Iterator[str]:
    """a.b → a, a.b: a package is imported before what it holds."""
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
