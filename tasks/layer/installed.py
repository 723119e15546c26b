"""Installed distributions, as docker/inspect_installed.py found them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ..settings import records, store_folder
from ..settings.model import Settings
from ..settings.step_records import InstallRecord
from ..util import files as file_tools
from ..util import typed_json
from ..util.errors import BuildError
from .cache import MB, Store
from .team_store import origins

KIND = "installed"  # of the store's entries


@dataclass(frozen=True, kw_only=True)
class InstalledDistribution:
    """`key`: what its finished work is kept under. `pin`: the pin's. `name` normalised (PEP 503).
    `folder`: its dist-info. The rest is docker/inspect_installed.py's, paths relative to
    `python/`."""

    key: str
    pin: str
    name: str
    version: str
    folder: str
    files: Mapping[str, tuple[int, bool]]
    hashes: Mapping[str, str]
    texts: Mapping[str, str]
    links: Mapping[str, str]
    programs: tuple[str, ...]
    modules: Mapping[str, tuple[list[str], list[str], bool, list[str], list[str]]]
    slim: Mapping[str, int] = field(default_factory=dict)
    inits: Mapping[str, str] = field(default_factory=dict)
    targets: Sequence[str] = ()
    licenses: Mapping[str, str | None] = field(default_factory=dict)
    sboms: Mapping[str, str | None] = field(default_factory=dict)
    pure: bool = False


@dataclass(frozen=True)
class Installed:
    """All of them, by name."""

    distributions: tuple[InstalledDistribution, ...]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """{path: bytes}, sorted."""
        found = {
            path: size for each in self.distributions for path, (size, _) in each.files.items()
        }
        return dict(sorted(found.items()))

    @cached_property
    def places(self) -> frozenset[str]:
        """Dotted names of files and folders: what an import can mean."""
        found: set[str] = set()
        for path in self.sizes:
            name = path.partition(".")[0]
            while name and name not in found:
                found.add(name)
                name = name.rpartition("/")[0]
        return frozenset(each.replace("/", ".") for each in found)

    @cached_property
    def licenses(self) -> frozenset[str]:
        """Paths of the texts of licences."""
        return frozenset(path for each in self.distributions for path in each.licenses)

    @cached_property
    def owners(self) -> dict[str, str]:
        """{path: distribution}, the first by name where two share a file."""
        return {path: each.name for each in reversed(self.distributions) for path in each.files}


def store(settings: Settings) -> Store:
    return Store(
        root=store_folder.locate(settings),
        limit=settings.store_size * MB,
        origins=origins.trusted(settings),
    )


@cache
def read_installed(path: Path, key: str, pin: str) -> InstalledDistribution:
    """An entry of the store, whose name says its content: read once in a run."""
    return from_facts(key, pin, json.loads(path.read_bytes()))


def check_facts(path: Path) -> None:
    """ValueError unless it is what docker/inspect_installed.py says of some package: what
    another machine wrote is read by steps that expect just that."""
    found = from_facts("", "", json.loads(path.read_bytes()))
    if not typed_json.fits(found, InstalledDistribution) or file_tools.unholdable(found.files):
        raise ValueError("it has another form")
    from .archive import dist_metadata  # with all that reads metadata

    said = dist_metadata.parse_metadata(found.texts["METADATA"])
    versions = ("", found.version)  # inspect_installed.py finds it where a header before is broken
    if said.name != found.name or said.version.strip() not in versions:
        raise ValueError("its metadata is another distribution's")


def from_facts(key: str, pin: str, facts: Mapping[str, Any]) -> InstalledDistribution:
    """`facts`: docker/inspect_installed.py's."""
    files = {path: (size, bool(executable)) for path, (size, executable) in facts["files"].items()}
    return InstalledDistribution(
        key=key,
        pin=pin,
        **{
            **facts,
            "files": files,
            "programs": tuple(facts["programs"]),
            "targets": tuple(facts["targets"]),
        },
    )


def are_kept(settings: Settings) -> bool:
    """Is all that install's record names there, and whole?"""
    record = records.read(settings, InstallRecord)
    keys = [each.key for each in (record.distributions if record else ())]
    return origins.are_trusted(settings, "install") and store(settings).has_all(KIND, keys)


def load_installed(settings: Settings) -> Installed | None:
    """What install's record names. None when there is none, or something of it is gone."""
    record, kept, found = records.read(settings, InstallRecord), store(settings), []
    for each in record.distributions if record else ():
        path = kept.get(KIND, each.key)
        if path is None:
            return None
        found.append(read_installed(path, each.key, each.pin))
    return Installed(tuple(found)) if found else None


def needed(settings: Settings) -> Installed:
    """The same for who cannot do without. BuildError."""
    found = load_installed(settings)
    if found is None:
        raise BuildError("what install found is gone from the store", fix="run `./doitw` again")
    return found


def source_of(name: str) -> str:
    """a/__pycache__/b.cpython-312.pyc → a/b.py, as a/b.pyc does. Any other path as it is."""
    folder, _, file = name.rpartition("/")
    if not folder.endswith("__pycache__"):
        return name[:-1] if name.endswith(".pyc") else name
    outer = folder.removesuffix("__pycache__")
    return f"{outer}{file.split('.')[0]}.py"
