"""A layer's bill of materials in CycloneDX's terms (ECMA-424), with the Foundation's library."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.dependency import Dependency
    from cyclonedx.model.license import License
    from packageurl import PackageURL

    from .dist_metadata import Package
    from .embedded_bills import Bill, Entry

LIBRARY = "cyclonedx-python-lib"
LISTED_BY = "doit-lambda-layer:listed-by"  # a property: which file of which distribution says so
_BUNDLED = re.compile(r"(?:.*/)?[^/]*\.libs/([^/]+\.so[^/]*)")  # where auditwheel puts libraries
_HEX = re.compile("|".join(f"[a-fA-F0-9]{{{digits}}}" for digits in (32, 40, 64, 96, 128)))
_TAG = re.compile(r"(?:-[0-9a-f]{8,})+(?=\.)")  # and what it puts into their names


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the bill is about. `sha256`: the zip's. `built`: YYYYMMDD-HHMMSS, UTC. `needs`:
    {package: packages}. `hashes`: {package: `sha256:…` of every artefact the lock allows}.
    `bills`: those that wheels brought. `libraries`: {path of one that a wheel bundles: package}."""

    layer: str
    sha256: str
    built: str
    packages: "Sequence[Package]"
    direct: Sequence[str]
    needs: Mapping[str, Sequence[str]]
    hashes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    bills: "Sequence[Bill]" = ()
    libraries: Mapping[str, str] = field(default_factory=dict)


def bundled(paths: Iterable[str], owners: Mapping[str, str]) -> dict[str, str]:
    """{path: distribution} of the libraries that auditwheel copied into wheels."""
    return {path: owners[path] for path in paths if _BUNDLED.fullmatch(path)}


def preload_library() -> None:
    """What a bill needs: the library takes 0.3 s, for which nobody waits who does so ahead."""
    for name in ("cyclonedx.output.json", "cyclonedx.model.bom", f"{__package__}.dist_metadata"):
        import_module(name)
    _license("MIT OR Apache-2.0")  # the first one reads SPDX's list


def to_json(contents: Contents) -> str:
    """The same text for the same layer: serial number and time come from the zip."""
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    outputter = make_outputter(_bom(contents), OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=2) + "\n"


def _bom(contents: Contents) -> "Bom":
    import uuid

    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    ours = Component(name="doit-lambda-layer", type=ComponentType.APPLICATION)
    theirs = Component(name=LIBRARY, version=version(LIBRARY), type=ComponentType.LIBRARY)
    root = _root(contents)
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, contents.sha256),
        metadata=BomMetaData(
            component=root,
            timestamp=datetime.strptime(contents.built, "%Y%m%d-%H%M%S").replace(tzinfo=UTC),
            tools=ToolRepository(components=[ours, theirs]),
        ),
    )
    components = {each.name: _component(contents, each) for each in contents.packages}
    refs = {name: _ref(each) for name, each in components.items()}
    needs = {refs[name]: {refs[each] for each in contents.needs[name]} for name in refs}
    needs[_ref(root)] = {refs[name] for name in contents.direct if name in refs}
    inside = [*_listed(contents, refs, needs), *_bundled_libraries(contents, refs, needs)]
    bom.components.update([*components.values(), *inside])
    bom.dependencies = _dependencies(needs)
    return bom


def _ref(component: "Component") -> str:
    return str(component.bom_ref.value)


def _dependencies(needs: Mapping[str, Iterable[str]]) -> "list[Dependency]":
    from cyclonedx.model.bom_ref import BomRef
    from cyclonedx.model.dependency import Dependency

    return [
        Dependency(BomRef(ref), [Dependency(BomRef(each)) for each in others])
        for ref, others in needs.items()
    ]


def _listed(
    contents: Contents, refs: Mapping[str, str], needs: dict[str, set[str]]
) -> "Iterator[Component]":
    """Components of the wheels' own bills. `needs` gets their relations. Nothing leads to some of
    them: their distribution does."""
    for bill in contents.bills:
        owner = refs[bill.owner]
        ref_of = {each.ref: f"{owner}|{bill.path}|{each.ref}" for each in bill.entries}
        ref_of |= dict.fromkeys(bill.own, owner)
        for ref in ref_of.values():
            needs.setdefault(ref, set())
        for ref, others in bill.needs.items():
            needs[ref_of[ref]] |= {ref_of[each] for each in others} - {ref_of[ref]}
        reached = {each for refs in bill.needs.values() for each in refs}
        needs[owner] |= {ref_of[each.ref] for each in bill.entries if each.ref not in reached}
        yield from (_inner(ref_of[each.ref], bill.path, each) for each in bill.entries)


def _bundled_libraries(
    contents: Contents, refs: Mapping[str, str], needs: dict[str, set[str]]
) -> "Iterator[Component]":
    from .embedded_bills import Entry

    for path, owner in contents.libraries.items():
        ref = f"{refs[owner]}|{path}"
        needs[ref] = set()
        needs[refs[owner]].add(ref)
        yield _inner(ref, path, Entry(ref=ref, name=_TAG.sub("", path.rpartition("/")[2])))


def _inner(ref: str, source: str, entry: "Entry") -> "Component":
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    kinds = {each.value: each for each in ComponentType}
    return Component(
        name=entry.name,
        version=entry.version or None,
        group=entry.group or None,
        type=kinds.get(entry.kind, ComponentType.LIBRARY),
        purl=_purl(entry.purl),
        bom_ref=ref,
        licenses=[_license(entry.license)] if entry.license else (),
        hashes=_hashes(":".join(each) for each in entry.hashes),
        properties=[Property(name=LISTED_BY, value=source)],
    )


def _purl(text: str) -> "PackageURL | None":
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


@cache
def _license(text: str) -> "License":
    from cyclonedx.contrib.license.factories import LicenseFactory

    return LicenseFactory().make_from_string(text)


def _root(contents: Contents) -> "Component":
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name=contents.layer,
        version=contents.sha256[:12],
        type=ComponentType.APPLICATION,
        bom_ref=contents.layer,
        hashes=_hashes([f"sha256:{contents.sha256}"]),
    )


def _component(contents: Contents, package: "Package") -> "Component":
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    purl = PackageURL("pypi", name=package.name, version=package.version)
    hashes = list(_hashes(contents.hashes.get(package.name, ())))
    artefacts = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(purl)),
        comment="installed from one of these artefacts, as the lock allows",
        hashes=hashes,
    )
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        licenses=_licenses(package),
        hashes=hashes if len(hashes) == 1 else (),
        external_references=[artefacts] if len(hashes) > 1 else (),
    )


def _hashes(values: Iterable[str]) -> "Iterator[HashType]":
    from cyclonedx.model import HashAlgorithm, HashType

    algorithms = {each.value.replace("-", "").lower(): each for each in HashAlgorithm}
    for value in values:
        algorithm, _, content = value.partition(":")
        known = algorithms.get(algorithm.replace("-", "").lower())
        if known and _HEX.fullmatch(content):
            yield HashType(alg=known, content=content)


def _licenses(package: "Package") -> "list[License]":
    """SPDX where the metadata says that. Otherwise the classifiers' names, which are the same for
    the same licence, before free text."""
    from cyclonedx.model.license import DisjunctiveLicense

    if not package.license and not package.classifiers:
        return []
    made = _license(package.license or package.classifiers[0])
    if not isinstance(made, DisjunctiveLicense) or made.id or not package.classifiers:
        return [made]
    return [DisjunctiveLicense(name=name) for name in package.classifiers]
