"""sbom: build/<layer>.cdx.json, the layer's bill of materials (CycloneDX).

It lists what is in the zip, not what was installed: a package that pruning took is not in it.
Of one that is there, it also has what the wheel's own bills list, and the libraries it bundles.
"""

from importlib.metadata import version
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer import installed
from ..layer.archive import sbom, zip_writer
from ..layer.team_store import origins
from ..proof import proof_plan
from ..requirements import file, lockfile
from ..requirements.tags import marker_environment
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, SbomRecord, ZipRecord
from ..ui.console import count, say
from ..util import files
from ..util.errors import BuildError

FORMAT = 2  # raise when this step makes something else of the same zip


def task_sbom() -> dict[str, object]:
    """List packages and licenses: build/<layer>.cdx.json."""
    settings = current()
    record = paths.record(settings, "sbom")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "zip"))],
        "targets": [str(paths.beside_zip(settings, ".cdx.json")), str(record)],
        "uptodate": [
            records.is_fresh(settings, SbomRecord, lambda: fingerprint(settings)),
            lambda: origins.are_trusted(settings, "sbom"),
        ],
    }


def fingerprint(settings: Settings) -> str:
    packed = records.read(settings, ZipRecord)
    zipped = [packed.sha256, packed.built] if packed else [None, None]
    lines = file.normalised(file.read_requirements(Path(settings.requirements)))
    install = records.read(settings, InstallRecord)
    made = [*zipped, install and install.tree, lines, lockfile.hashes(settings)]
    return files.digest([FORMAT, version(sbom.LIBRARY), made])


def run(settings: Settings) -> SbomRecord:
    """Write the bill, then the record. InputError, BuildError."""
    packed = records.read(settings, ZipRecord)
    layer = paths.layer_zip(settings)
    if packed is None or not layer.is_file():
        raise BuildError(f"{layer} is not there", fix="run `./doitw` to build it")
    proof_plan.prepare(settings)
    found = contents(settings, layer, packed)
    target = paths.beside_zip(settings, ".cdx.json")
    files.write_atomic(target, sbom.to_json(found).encode())
    inside = sum(len(each.entries) for each in found.bills) + len(found.libraries)
    record = SbomRecord(
        fingerprint=fingerprint(settings), sha256=packed.sha256, components=len(found.packages),
        inside=inside, origins=origins.used(),
    )  # fmt: skip
    records.write(settings, record)
    for line in (line for each in found.bills for line in each.warnings):
        say(line)
    within = f", {count(inside, 'component')} inside of them" if inside else ""
    say(f"{target}: {count(len(found.packages), 'package')}{within}")
    return record


def contents(settings: Settings, layer: Path, packed: ZipRecord) -> sbom.Contents:
    """What the zip at `layer` holds. `packed` is its record."""
    # with what reads metadata: only when there is some to read
    from ..layer.archive import dist_metadata, embedded_bills

    lines = file.read_requirements(Path(settings.requirements))
    asked = [each.requirement for each in lines if each.requirement and not each.constraint]
    found = dist_metadata.read_packages(layer)
    known, tree = {each.name: each for each in found}, installed.needed(settings)
    there = [each for each in tree.distributions if each.name in known]
    libraries = sbom.bundled((each.name for each in zip_writer.members(layer)), tree.owners)
    return sbom.Contents(
        layer=settings.layer,
        sha256=packed.sha256,
        built=packed.built,
        packages=found,
        direct=file.direct_names(lines),
        needs=dist_metadata.needs(found, asked, marker_environment(settings)),
        hashes=lockfile.hashes(settings),
        bills=[
            embedded_bills.read_bill(known[each.name], path, text)
            for each in there
            for path, text in each.sboms.items()
        ],
        libraries={path: name for path, name in libraries.items() if name in known},
    )
