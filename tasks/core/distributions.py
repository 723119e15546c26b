"""Installed distributions, read from their dist-info folders."""

import csv
import email.parser
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One dist-info. `name` normalised (PEP 503); `files`: RECORD's paths below `python/`, with
    the hash that stands beside them."""

    name: str
    version: str
    folder: str
    files: dict[str, str]


def read(python: Path) -> list[Distribution]:
    """Every distribution below `python/`, by name."""
    return sorted(
        (_distribution(folder) for folder in python.glob("*.dist-info")), key=lambda d: d.name
    )


def _distribution(folder: Path) -> Distribution:
    metadata = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
    headers = email.parser.HeaderParser().parsestr(metadata)
    return Distribution(
        name=canonicalize_name(headers["Name"] or folder.name.split("-")[0]),
        version=headers["Version"] or "",
        folder=folder.name,
        files=_record(folder / "RECORD"),
    )


def _record(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    # scripts are recorded as ../../bin/x; with --target they lie in python/bin
    return {_landed(row[0]): row[1] if len(row) > 1 else "" for row in rows}


def _landed(name: str) -> str:
    return name.lstrip("./") if name.startswith("../") else name


def problems(found: list[Distribution], python: Path) -> list[str]:
    """Distributions laid over each other, each as a sentence. The same content twice is no
    problem: packages of one namespace often share an `__init__.py`."""
    counted = Counter(each.name for each in found)
    twice = [f"{name} was installed {count} times" for name, count in counted.items() if count > 1]
    claims: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in found:
        for name, digest in each.files.items():
            if digest and "__pycache__" not in name:
                claims[name].append((each.name, digest))
    return twice + [
        f"{' and '.join(sorted({owner for owner, _ in claim}))} both write {name}, differently"
        for name, claim in sorted(claims.items())
        if len({digest for _, digest in claim}) > 1
    ]


def owners(found: list[Distribution]) -> dict[str, str]:
    """{path below python/: distribution}, the first by name where two share a file."""
    owned: dict[str, str] = {}
    for each in found:
        for name in each.files:
            owned.setdefault(name, each.name)
    return owned


def source_of(name: str) -> str:
    """a/__pycache__/b.cpython-312.pyc → a/b.py; any other path as it is."""
    folder, _, file = name.rpartition("/")
    if not folder.endswith("__pycache__"):
        return name
    outer = folder.removesuffix("__pycache__")
    return f"{outer}{file.split('.')[0]}.py"
