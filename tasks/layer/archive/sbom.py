"""A layer's bill of materials in CycloneDX's terms (ECMA-424), with the Foundation's library."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License

    from .dist_metadata import Package

LIBRARY = "cyclonedx-python-lib"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the bill is about. `sha256`: the zip's; `built`: YYYYMMDD-HHMMSS, UTC; `needs`:
    {package: packages}; `hashes`: {package: `sha256:…` of every artefact the lock allows}."""

    layer: str
    sha256: str
    built: str
    packages: "Sequence[Package]"
    direct: Sequence[str]
    needs: Mapping[str, Sequence[str]]
    hashes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def preload_library() -> None:
    """What a bill needs: the library takes 0.15 s, for which nobody waits who does so ahead."""
    for name in ("cyclonedx.output.json", f"{__package__}.dist_metadata"):
        import_module(name)


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
    for name, component in components.items():
        bom.components.add(component)
        bom.register_dependency(component, [components[each] for each in contents.needs[name]])
    direct = [components[name] for name in contents.direct if name in components]
    bom.register_dependency(root, direct)
    return bom


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
        if algorithm in algorithms:
            yield HashType(alg=algorithms[algorithm], content=content)


def _licenses(package: "Package") -> "list[License]":
    """SPDX where the metadata says that; otherwise the classifiers' names, which are the same for
    the same licence, before free text."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.license import DisjunctiveLicense

    if not package.license and not package.classifiers:
        return []
    made = LicenseFactory().make_from_string(package.license or package.classifiers[0])
    if not isinstance(made, DisjunctiveLicense) or made.id or not package.classifiers:
        return [made]
    return [DisjunctiveLicense(name=name) for name in package.classifiers]
