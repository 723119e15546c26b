"""The report's facts: what the last build left, read from its records, its trees and its zip."""

from . import budget, distributions, identity, inventory, parts, paths, recipes, records, report
from .errors import BuildError
from .report import Report
from .settings import Settings


def gather(settings: Settings) -> Report:
    """The facts of the last build. BuildError when there is none."""
    made = _records(settings)
    tree, layer = distributions.load(settings), paths.layer_zip(settings)
    if not made or tree is None or not layer.is_file():
        raise BuildError(f"layer {settings.layer} is not built", fix="run `./doitw`, then again")
    files = inventory.of_zip(layer)
    unzipped = {path: each.unzipped for path, each in files.items()}
    zipped = {path: each.zipped for path, each in files.items()}
    published = records.read(paths.stage_record(settings, "publish")) or {}
    return Report(
        layer=settings.layer,
        stage=settings.stage,
        target=f"Python {settings.python} on {settings.architecture}",
        built=made["zip"]["built"],
        sha256=made["zip"]["sha256"],
        zipped=made["zip"]["bytes"],
        budget=budget.spending(settings, made["zip"]["unzipped"]),
        published=published.get("arn"),
        published_bytes=published.get("unzipped"),
        rows=report.rows(
            made["install"]["distributions"],
            inventory.by_kind(tree.sizes, tree.owners),
            inventory.by_kind(unzipped, tree.owners),
            inventory.by_package(zipped, tree.owners),
            published.get("packages") or {},
        ),
        work=report.work(made["prune"], recipes.active(settings)),
        kept=made["prune"]["kept_by"],
        notes=[*parts.summary(made["optimize"]), f"built by {made['install']['builder']}"],
        offers=report.offers(files, recipes.inactive(settings), settings.keep),
    )


def _records(settings: Settings) -> dict[str, records.Record]:
    """{step: record}; empty when one is missing."""
    made = {step: records.read(paths.record(settings, step)) for step in paths.REPORTED}
    found = {step: record for step, record in made.items() if record is not None}
    return found if len(found) == len(paths.REPORTED) else {}


def is_stale(settings: Settings) -> bool:
    """Do the inputs, whoever builds them, make something else than the zip that lies here?"""
    made_from = (records.read(paths.record(settings, "zip")) or {}).get("input")
    return made_from not in [identity.input_hash(settings, each) for each in ("docker", "host")]
