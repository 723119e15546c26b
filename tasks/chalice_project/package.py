"""What Chalice packs into the function, and what of it would hide the layer.

Lambda looks for modules in /var/task (the function's package) before /opt (its layers), so a
package that is in both runs from the function.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..requirements import function_file
from ..requirements.file import canonical
from ..settings import paths
from ..util import files, modules
from ..util.errors import DeployError
from . import app_file_names
from .app_file_names import LIBRARY, VENDOR

# Where a layer's packages lie (AWS: "Packaging your layer content", Python).
LAYER = re.compile(r"python/(lib/python3\.\d+/site-packages/)?")
_INFO = re.compile(r"([^/]+?)-([^/-]+)\.dist-info/METADATA")
# The app's own names; folders named as in COMMON are nobody's in particular.
OWN = set(app_file_names.MODULES)
COMMON = {"docs", "examples", "test", "tests"}
PACKED = (*app_file_names.PACKED, str(paths.FUNCTION_REQUIREMENTS))
CACHE = "__pycache__"  # of whoever imported it
RUNTIME = "chalice"  # which Chalice packs into each function, whatever the layer has
PLACES = {RUNTIME: "Chalice packs its own", "": f"{VENDOR}/"}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a zip brings: `versions`: {package: version}. `modules`: the outermost that can be
    imported, of a namespace those in it."""

    versions: Mapping[str, str]
    modules: Collection[str] = ()


def files_now() -> dict[str, str]:
    """{path: sha256} of what Chalice packs, as it lies here. Of what is no file ''."""
    found = [Path(name) for name in PACKED if Path(name).is_file()]
    found += [path for name in PACKED if Path(name).is_dir() for path in files.walk(Path(name))]
    found += function_file.files_behind(function_file.FUNCTION)
    return {
        str(path): files.file_digest(path) if path.is_file() else ""  # to read a pipe has no end
        for path in found
        if CACHE not in path.parts
    }


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
    return modules.top_level(filter(None, map(module, names)))


def module(name: str) -> str:
    """Of a file. A `.pyc` beside no source is imported, too."""
    return modules.dotted(name[:-1] if name.endswith(".pyc") else name)


def twice(function: Contents, layer: Contents) -> dict[str, tuple[str, str]]:
    """{package: (the function's version, the layer's)} of those that are in both."""
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


class HidingError(DeployError):
    """Nothing of the function was changed."""


def here() -> Contents:
    """What the function will have, whatever requirements.txt brings: known before Chalice packs
    anything."""
    return Contents(versions={}, modules=outermost(_files_here()))


def has_vendored() -> bool:
    return VENDOR.is_dir()


def _files_here() -> Iterator[str]:
    """Their paths in the package. The start of a namespace in the old way hides nothing."""
    yield f"{RUNTIME}/__init__.py"
    for folder, inside in ((LIBRARY, Path()), (VENDOR, VENDOR)):
        for path in files.walk(folder, follow=True):
            if not (path.name == "__init__.py" and is_shared(path.read_bytes())):
                yield str(path.relative_to(inside))


def is_shared(source: bytes) -> bool:
    """Does this `__init__.py` let its package go on in other folders?"""
    return any(word in source[:4000] for word in (b"extend_path", b"declare_namespace"))


def refuse_hidden(layer: Contents, wanted: Mapping[str, str] | None = None) -> None:
    """HidingError where what lies here hides a module of the layer. `wanted`: {module: the
    requirement that asks for it}."""
    found = hidden(here(), layer)
    if found:
        raise hiding({x: RUNTIME if x == RUNTIME else "" for x in found}, {}, wanted or {})


def hiding(
    hides: Mapping[str, str], lines: Mapping[str, str], wanted: Mapping[str, str] | None = None
) -> HidingError:
    """`hides`: {module: the package that brings it, '' for vendor/}. `lines`: {package:
    the requirement that leads to it}. `wanted`: as above."""
    places, asked = {**lines, **PLACES}, wanted or {}
    said = [
        f"{each} ({places.get(by, by)})" + (f", of {asked[each]}" if each in asked else "")
        for each, by in hides.items()
    ]
    return HidingError(
        f"the function's own package would hide modules of the layer: {', '.join(said)}",
        fix="take it out there, or out of the layer: of its requirements, or by `drop` in "
        "pyproject.toml where another package needs it",
    )
