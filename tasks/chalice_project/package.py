"""What Chalice packs into the function, and what of it would hide the layer.

Lambda looks for modules in /var/task (the function's package) before /opt (its layers), so a
package that is in both runs from the function.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..requirements.file import canonical
from ..util import modules

# Where a layer's packages lie (AWS: "Packaging your layer content", Python).
LAYER = re.compile(r"python/(lib/python3\.\d+/site-packages/)?")
_INFO = re.compile(r"([^/]+?)-([^/-]+)\.dist-info/METADATA")
# Chalice packs its runtime and the app; folders named as in COMMON are nobody's in particular.
OWN = {"app", "chalice", "chalicelib"}
COMMON = {"docs", "examples", "test", "tests"}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a zip brings: `versions`: {distribution: version}; `modules`: the outermost that can be
    imported, of a namespace those in it."""

    versions: Mapping[str, str]
    modules: Collection[str] = ()


def contents(names: Iterable[str]) -> Contents:
    """Of a function's package, by the names of its files."""
    listed = list(names)
    infos = [found for name in listed if (found := _INFO.fullmatch(name))]
    return Contents(
        versions={canonical(found[1]): found[2] for found in infos},
        modules=outermost(listed),
    )


def of_layer(names: Iterable[str]) -> Contents:
    """The same of a layer's zip."""
    return contents(LAYER.sub("", name, count=1) for name in names if LAYER.match(name))


def outermost(names: Iterable[str]) -> list[str]:
    """The outermost modules of a folder on the path, sorted."""
    return modules.top_level(filter(None, map(modules.dotted, names)))


def twice(function: Contents, layer: Contents) -> dict[str, tuple[str, str]]:
    """{distribution: (the function's version, the layer's)} of those that are in both."""
    both = sorted(function.versions.keys() & layer.versions.keys())
    return {name: (function.versions[name], layer.versions[name]) for name in both}


def hidden(function: Contents, layer: Contents) -> list[str]:
    """The layer's modules that the function has, too, or of which it has an outer package."""
    there = {*function.modules} - OWN - COMMON
    return [name for name in layer.modules if not there.isdisjoint(modules.around(name))]


def differences(name: str, function: Contents, layer: Contents) -> list[str]:
    """A sentence for what of the layer function `name` does not run."""
    both = twice(function, layer)
    said = [f"{each} {own} (the layer has {of_layer})" for each, (own, of_layer) in both.items()]
    found = [f"function {name} runs its own {', '.join(said)}"] if said else []
    names = [] if said else hidden(function, layer)
    return found + ([f"function {name} runs its own module {', '.join(names)}"] if names else [])
