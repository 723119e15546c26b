"""Bytes by package and kind of file, of a tree and of a zip."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ..installed import source_of
from . import zip_writer

# What the zip's two headers take beside a name, which stands in both (APPNOTE 4.3.7, 4.3.12).
HEADERS = 30 + 46 + 2 * len(zip_writer.PYTHON)


class Kind(StrEnum):
    """What a file is to a running function."""

    CODE = "code"
    BYTECODE = "bytecode"
    LIBRARY = "shared objects"
    DATA = "data"
    METADATA = "metadata"


Sizes = Mapping[str, Mapping[Kind, int]]  # bytes of {package: {kind}}


class Size(NamedTuple):
    """Of one file in a zip, in bytes. `zipped` with its headers."""

    unzipped: int
    zipped: int


def kind_of(path: str) -> Kind:
    """By the path alone, relative to `python/`."""
    folder, _, name = path.rpartition("/")
    if f"{folder}/".partition("/")[0].endswith((".dist-info", ".egg-info")):
        return Kind.METADATA
    if name.endswith((".so", ".dylib")) or ".so." in name:
        return Kind.LIBRARY
    kinds = {".py": Kind.CODE, ".pyc": Kind.BYTECODE, ".pyo": Kind.BYTECODE}
    return kinds.get(name[name.rfind(".") :] if "." in name else "", Kind.DATA)


def of_zip(layer: Path) -> Mapping[str, Size]:
    """{path below python/: size} of a zip of ours."""
    return {
        each.name: Size(each.size, each.packed + HEADERS + 2 * len(each.name.encode()))
        for each in zip_writer.members(layer)
    }


def package_of(path: str, owners: Mapping[str, str]) -> str:
    """Its distribution, bytecode's by the source. Without one the top-level name."""
    return owners.get(path) or owners.get(source_of(path)) or path.split("/")[0]


def by_kind(files: Mapping[str, int], owners: Mapping[str, str]) -> Sizes:
    """Add up {path: bytes}. `owners`: {path: package}."""
    sizes: dict[str, Counter[Kind]] = defaultdict(Counter)
    for path, count in files.items():
        sizes[package_of(path, owners)][kind_of(path)] += count
    return sizes


def by_package(files: Mapping[str, int], owners: Mapping[str, str]) -> dict[str, int]:
    """Add up {path: bytes}."""
    sizes: Counter[str] = Counter()
    for path, count in files.items():
        sizes[package_of(path, owners)] += count
    return dict(sizes)


def total(sizes: Iterable[Mapping[Kind, int]]) -> dict[Kind, int]:
    """All packages together. Every kind, in the enum's order."""
    summed: Counter[Kind] = Counter()
    for kinds in sizes:
        summed.update(kinds)
    return {kind: summed[kind] for kind in Kind}
