"""Bills of materials that wheels bring (PEP 770): CycloneDX or SPDX, as JSON.

They are claims of whoever built the wheel. What is well-formed in one is taken, with the name of
the file that says so. The rest is counted, and a warning.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import unquote

from ...requirements.file import canonical
from .dist_metadata import Package

_PYPI = "pkg:pypi/"
MOST = 5000  # components of one bill
SPDX_NEEDS = {"DEPENDS_ON", "CONTAINS", "DYNAMIC_LINK", "STATIC_LINK", "DESCRIBES"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One component as a bill has it. '' where it says nothing. `hashes`: (algorithm, hex)."""

    ref: str
    name: str
    version: str = ""
    kind: str = ""
    group: str = ""
    purl: str = ""
    license: str = ""
    hashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bill:
    """`owner`: the distribution that brought it. `own`: refs that stand for that one. `needs`:
    {ref: refs}. `path`: in the layer as installed."""

    owner: str
    path: str
    entries: tuple[Entry, ...]
    own: frozenset[str]
    needs: Mapping[str, tuple[str, ...]]
    warnings: tuple[str, ...] = ()


def read_bill(package: Package, path: str, text: str | None) -> Bill:
    """Of any text. None: of a file too large to be read."""
    said = f"warning: {package.name}: the bill {path}"
    nothing = Bill(owner=package.name, path=path, entries=(), own=frozenset(), needs={})
    try:
        data = json.loads((text or "").removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        why = "is too large" if text is None else "is no JSON"
        return replace(nothing, warnings=(f"{said} {why}: what it lists is not in ours",))
    read = _reader(data)
    if read is None:
        line = f"{said} is neither CycloneDX nor SPDX: what it lists is not in ours"
        return replace(nothing, warnings=(line,))
    return _checked(package, path, said, *read(data))


Raw = tuple[list[Entry | None], str, dict[str, tuple[str, ...]]]  # entries, its subject, needs


def _reader(data: object) -> Callable[[dict[str, Any]], Raw] | None:
    if isinstance(data, dict) and data.get("bomFormat") == "CycloneDX":
        return _cyclonedx
    return _spdx if isinstance(data, dict) and "spdxVersion" in data else None


def _checked(
    package: Package, path: str, said: str, found: list[Entry | None], subject: str,
    needs: dict[str, tuple[str, ...]],
) -> Bill:  # fmt: skip
    entries, repeated = _by_ref(each for each in found[:MOST] if each)
    own = {ref for ref, each in entries.items() if _stands_for(each, package, subject)}
    warnings = []
    if len(found) > MOST:
        warnings.append(f"{said} lists {len(found)} components: only {MOST} of them are in ours")
    if wrong := found[:MOST].count(None):
        warnings.append(f"{said} lists {wrong} that have no name: they are not in ours")
    if repeated:
        warnings.append(
            f"{said} gives {repeated} the bom-ref of another: its needs are the first's"
        )
    about = entries.get(subject)
    if about and about.purl.startswith(_PYPI) and not _is_of(about, package):
        named = f"{about.name} {about.version}".strip()
        warnings.append(f"{said} speaks of {named}, not of {package.name} {package.version}")
    return Bill(
        owner=package.name,
        path=path,
        entries=tuple(each for ref, each in entries.items() if ref not in own),
        own=frozenset(own),
        needs={
            ref: tuple(each for each in refs if each in entries)
            for ref, refs in needs.items()
            if ref in entries
        },
        warnings=tuple(warnings),
    )


def _by_ref(found: Iterable[Entry]) -> tuple[dict[str, Entry], int]:
    """Each under a ref of its own, and how many had that of another one."""
    entries: dict[str, Entry] = {}
    bearers: Counter[str] = Counter()
    for each in dict.fromkeys(found):
        ref = each.ref
        while ref in entries:
            bearers[each.ref] += 1
            ref = f"{each.ref} ({bearers[each.ref] + 1})"
        entries[ref] = replace(each, ref=ref)
    return entries, sum(bearers.values())


def _stands_for(entry: Entry, package: Package, subject: str) -> bool:
    """Is it the distribution itself, in this version? Not a part of it, nor a crate of its name."""
    whole = entry.purl.startswith(_PYPI) and "#" not in entry.purl
    return (whole or (not entry.purl and entry.ref == subject)) and _is_of(entry, package)


def _is_of(entry: Entry, package: Package) -> bool:
    said = unquote(re.split("[?#]", entry.purl.removeprefix(_PYPI))[0])
    name, _, version = said.partition("@")
    same = canonical(name or entry.name) == package.name
    return same and (version or entry.version) in ("", package.version)


def _cyclonedx(data: dict[str, Any]) -> Raw:
    about = _dict(data.get("metadata")).get("component")
    roots = [about] if isinstance(about, dict) else []
    listed = list(_nested([*roots, *_list(data.get("components"))]))
    refs = {_text(_dict(each), "bom-ref") for each in listed}
    numbers = (f"{number}" for number in count() if f"{number}" not in refs)
    found = [_component(each, next(numbers)) for each in listed]
    needs = {
        _text(each, "ref"): tuple(ref for ref in _list(each.get("dependsOn")) if _is_text(ref))
        for each in _dicts(data.get("dependencies"))
    }
    subject = found[0].ref if roots and found and found[0] else ""
    return found, subject, needs


def _nested(components: Iterable[object]) -> Iterator[object]:
    waiting = list(components)[::-1]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += _list(_dict(each).get("components"))[::-1]


def _component(each: object, unnamed: str) -> Entry | None:
    said = _dict(each)
    if not (name := _text(said, "name")):
        return None
    return Entry(
        ref=_text(said, "bom-ref") or unnamed,
        name=name,
        version=_text(said, "version"),
        kind=_text(said, "type"),
        group=_text(said, "group"),
        purl=_text(said, "purl"),
        license=" AND ".join(
            dict.fromkeys(filter(None, map(_license, _dicts(said.get("licenses")))))
        ),
        hashes=tuple(
            (_text(hash_, "alg"), _text(hash_, "content")) for hash_ in _dicts(said.get("hashes"))
        ),
    )


def _license(said: dict[str, Any]) -> str:
    inner = _dict(said.get("license"))
    return _text(said, "expression") or _text(inner, "id") or _text(inner, "name")


def _spdx(data: dict[str, Any]) -> Raw:
    found = [_package(each) for each in _list(data.get("packages"))]
    needs: dict[str, tuple[str, ...]] = {}
    subject = next(filter(_is_text, _list(data.get("documentDescribes"))), "")
    for each in _dicts(data.get("relationships")):
        one, kind, other = (
            _text(each, key) for key in ("spdxElementId", "relationshipType", "relatedSpdxElement")
        )
        if kind == "DESCRIBES":
            subject = subject or other
        elif kind in SPDX_NEEDS:
            needs[one] = (*needs.get(one, ()), other)
        elif kind.endswith(("_OF", "_BY")):  # DEPENDENCY_OF, CONTAINED_BY
            needs[other] = (*needs.get(other, ()), one)
    return found, subject, needs


def _package(each: object) -> Entry | None:
    said = _dict(each)
    if not (name := _text(said, "name")) or not (ref := _text(said, "SPDXID")):
        return None
    licenses = [_text(said, key) for key in ("licenseConcluded", "licenseDeclared")]
    purls = [
        _text(link, "referenceLocator")
        for link in _dicts(said.get("externalRefs"))
        if _text(link, "referenceType") == "purl"
    ]
    return Entry(
        ref=ref,
        name=name,
        version=_text(said, "versionInfo"),
        purl=next(iter(purls), ""),
        license=next((each for each in licenses if each not in ("", "NOASSERTION", "NONE")), ""),
    )


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)  # half a character is none
    return value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]
