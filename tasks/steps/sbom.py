"""sbom: build/<layer>.cdx.json, the layer's bill of materials (CycloneDX).

It lists what is in the zip, not what was installed: a distribution that pruning took is not in it.
"""

from importlib.metadata import version
from pathlib import Path

from ..clients import workshops
from ..core import bom, locks, paths, records, requirements
from ..core.actions import action
from ..core.console import say
from ..core.errors import BuildError
from ..core.loading import current
from ..core.platforms import marker_environment
from ..core.settings import Settings

FORMAT = 1  # raise when this step makes something else of the same zip


def task_sbom() -> dict[str, object]:
    """List the layer's packages, versions and licences in build/<layer>.cdx.json."""
    settings = current()
    record = paths.record(settings, "sbom")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "zip"))],
        "targets": [str(paths.beside_zip(settings, ".cdx.json")), str(record)],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    packed = records.read(paths.record(settings, "zip")) or {}
    lines = requirements.normalised(requirements.read(Path(settings.requirements)))
    made = [packed.get("sha256"), packed.get("built"), lines, locks.hashes(settings)]
    return records.digest([FORMAT, version(bom.LIBRARY), made])


def run(settings: Settings) -> records.Record:
    """Write the bill, then the record {"sha256", "components"}. InputError, BuildError."""
    packed = records.read(paths.record(settings, "zip"))
    layer = paths.layer_zip(settings)
    if packed is None or not layer.is_file():
        raise BuildError(f"{layer} is not there", fix="run `./doitw` to build it")
    workshops.prepare(settings)
    found = contents(settings, layer, packed)
    target = paths.beside_zip(settings, ".cdx.json")
    records.write_atomic(target, bom.to_json(found).encode())
    record = {"fingerprint": fingerprint(settings), "sha256": packed["sha256"]}
    record |= {"components": len(found.packages)}
    records.write(paths.record(settings, "sbom"), record)
    say(f"{target}: {len(found.packages)} packages")
    return record


def contents(settings: Settings, layer: Path, packed: records.Record) -> bom.Contents:
    """What the zip at `layer` holds; `packed` is its record."""
    from ..core import packages  # with what reads metadata: only when there is some to read

    lines = requirements.read(Path(settings.requirements))
    asked = [each.requirement for each in lines if each.requirement and not each.constraint]
    found = packages.read(layer)
    return bom.Contents(
        layer=settings.layer,
        sha256=packed["sha256"],
        built=packed["built"],
        packages=found,
        direct=requirements.direct_names(lines),
        needs=packages.needs(found, asked, marker_environment(settings)),
        hashes=locks.hashes(settings),
    )
