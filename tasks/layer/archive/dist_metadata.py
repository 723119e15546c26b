"""What a finished layer holds: distributions as its zip describes them, and who needs whom."""

import email.parser
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...requirements.file import canonical, parse_requirement
from . import zip_writer

if TYPE_CHECKING:  # a command that has nothing to do reads none
    from packaging.requirements import Requirement

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_SHORT = 200  # characters
_LONG = 10_000  # characters of a requirement that somebody may mean


@dataclass(frozen=True, kw_only=True)
class Package:
    """One distribution. `name` normalised (PEP 503). `license`: an SPDX expression or free text
    of one line, '' where there is none. `classifiers`: the licences among them."""

    name: str
    version: str
    license: str
    classifiers: tuple[str, ...]
    requires: "tuple[Requirement, ...]"


def read_packages(layer: Path) -> list[Package]:
    """Those whose metadata is in the zip, by name."""
    found = []
    with layer.open("rb") as file:
        for each in zip_writer.members(layer):
            if _METADATA.fullmatch(each.name):
                with zip_writer.opened(each, file) as text:
                    package = parse_metadata(text.read().decode(errors="replace"))
                folder = canonical(each.name.partition("-")[0])  # says it, too
                found.append(package if package.name else replace(package, name=folder))
    return sorted(found, key=lambda package: package.name)


@cache
def parse_metadata(metadata: str) -> Package:
    """From the text of a METADATA file (core metadata 1.0 – 2.5)."""
    headers = email.parser.HeaderParser().parsestr(metadata)
    return Package(
        name=canonical(headers["Name"] or ""),
        version=headers["Version"] or "",
        license=_license(headers),
        classifiers=_classifiers(headers),
        requires=tuple(_requires(headers)),
    )


def _license(headers: Message) -> str:
    """PEP 639's expression, or the `License` it replaces unless that is the whole text."""
    free = (headers["License-Expression"] or headers["License"] or "").strip()
    return "" if "\n" in free or len(free) > _SHORT or free == "UNKNOWN" else free


def _classifiers(headers: Message) -> tuple[str, ...]:
    lines = [line for line in headers.get_all("Classifier", []) if line.startswith("License ::")]
    names = {line.rpartition("::")[2].strip() for line in lines}
    return tuple(sorted(name for name in names - {"OSI Approved"} if len(name) <= _SHORT))


def _requires(headers: Message) -> "list[Requirement]":
    from packaging.requirements import InvalidRequirement

    found = []
    for text in headers.get_all("Requires-Dist", []):
        if len(text) > _LONG:
            continue
        try:
            found.append(parse_requirement(text))
        except InvalidRequirement:
            continue  # old wheels hold forms that pip passes over, too
    return found


def needs(
    found: Sequence[Package], asked: "Sequence[Requirement]", environment: Mapping[str, str]
) -> dict[str, list[str]]:
    """{package: those of `found` that it needs}. An extra counts where somebody asks for it:
    `asked` (the requirements) or a package that is there."""
    extras = _extras(asked)
    while True:
        edges = {
            each.name: _applying(each, extras.get(each.name, set()), environment) for each in found
        }
        seen = _extras([*asked, *(each for listed in edges.values() for each in listed)])
        if seen == extras:
            break
        extras = seen
    return {
        name: sorted({canonical(each.name) for each in listed} & edges.keys() - {name})
        for name, listed in edges.items()
    }


def _extras(wanted: "Iterable[Requirement]") -> dict[str, set[str]]:
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for each in wanted:
        asked[canonical(each.name)] |= each.extras
    return dict(asked)


def _applying(
    package: Package, extras: set[str], environment: Mapping[str, str]
) -> "list[Requirement]":
    return [
        each
        for each in package.requires
        if each.marker is None
        or any(each.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
    ]
