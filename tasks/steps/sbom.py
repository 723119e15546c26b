"""sbom: build/<layer>.cdx.json, the layer's bill of materials (CycloneDX).

It lists what is in the zip, not what was installed: a distribution that pruning took is not in it.
"""

from importlib.metadata import version
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import sbom
from ..proof import schedule
from ..requirements import file, lockfile
from ..requirements.tags import marker_environment
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import count, say
from ..util import files
from ..util.errors import BuildError

FORMAT = 1  # raise when this step makes something else of the same zip


def task_sbom() -> dict[str, object]:
    """List packages and licenses: build/<layer>.cdx.json."""
    settings = current()
    record = paths.record(settings, "sbom")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "zip"))],
        "targets": [str(paths.beside_zip(settings, ".cdx.json")), str(record)],
        "uptodate": [files.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    packed = files.read_record(paths.record(settings, "zip")) or {}
    lines = file.normalised(file.read_requirements(Path(settings.requirements)))
    made = [packed.get("sha256"), packed.get("built"), lines, lockfile.hashes(settings)]
    return files.digest([FORMAT, version(sbom.LIBRARY), made])


def run(settings: Settings) -> files.Record:
    """Write the bill, then the record {"sha256", "components"}. InputError, BuildError."""
    packed = files.read_record(paths.record(settings, "zip"))
    layer = paths.layer_zip(settings)
    if packed is None or not layer.is_file():
        raise BuildError(f"{layer} is not there", fix="run `./doitw` to build it")
    schedule.prepare(settings)
    found = contents(settings, layer, packed)
    target = paths.beside_zip(settings, ".cdx.json")
    files.write_atomic(target, sbom.to_json(found).encode())
    record = {"fingerprint": fingerprint(settings), "sha256": packed["sha256"]}
    record |= {"components": len(found.packages)}
    files.write_record(paths.record(settings, "sbom"), record)
    say(f"{target}: {count(len(found.packages), 'package')}")
    return record


def contents(settings: Settings, layer: Path, packed: files.Record) -> sbom.Contents:
    """What the zip at `layer` holds; `packed` is its record."""
    from ..layer.archive import (
        dist_metadata,  # with what reads metadata: only when there is some to read
    )

    lines = file.read_requirements(Path(settings.requirements))
    asked = [each.requirement for each in lines if each.requirement and not each.constraint]
    found = dist_metadata.read_packages(layer)
    return sbom.Contents(
        layer=settings.layer,
        sha256=packed["sha256"],
        built=packed["built"],
        packages=found,
        direct=file.direct_names(lines),
        needs=dist_metadata.needs(found, asked, marker_environment(settings)),
        hashes=lockfile.hashes(settings),
    )
