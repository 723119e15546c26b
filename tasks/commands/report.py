"""`doit report`: what is in the layer, what each rule took, the budget; as tables and as a page.

Both are made from the records and trees of the last build; nothing is built, AWS is not asked.
The page comes before `verify`, which points here when the layer is too large.
"""

from dataclasses import asdict
from pathlib import Path

from ..core import (
    budget,
    distributions,
    identity,
    inventory,
    paths,
    recipes,
    records,
    report_page,
)
from ..core import report as facts
from ..core.actions import action
from ..core.console import say, show_tables
from ..core.errors import BuildError
from ..core.loading import current
from ..core.report import Report
from ..core.rules import RULES, Rule
from ..core.settings import Settings
from ..steps import optimize

FORMAT = 1  # raise when the page changes for the same facts
STEPS = ("install", "prune", "optimize", "zip")


def task_report() -> dict[str, object]:
    """Show what is in the layer, what each prune rule saved, the budget."""
    settings = current()
    return {"actions": [action(lambda: show(settings))]}


def task_report_page() -> dict[str, object]:
    """Write the report as a page, build/<layer>.report.html."""
    settings = current()
    record, target = paths.record(settings, "report"), page(settings)
    return {
        "basename": "report-page",
        "actions": [action(lambda: write(settings))],
        "file_dep": [str(paths.record(settings, "zip"))],
        "task_dep": ["sbom"],  # one after the other: the same order in every run
        "targets": [str(target), str(record)],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
        "meta": {"last_words": f"report: {target}"},
    }


def page(settings: Settings) -> Path:
    return paths.beside_zip(settings, ".report.html")


def show(settings: Settings) -> None:
    """Print the tables. BuildError when there is no build to tell about."""
    found = gather(settings)
    from ..core import report_text  # with rich, which no other run needs

    show_tables(report_text.render(found))
    if is_stale(settings):
        say("requirements or settings have changed since this was built: run ./doitw")
    if page(settings).is_file():
        say(f"with a map: {page(settings)}")


def write(settings: Settings) -> None:
    """Write the page, then its record. BuildError."""
    text = report_page.render(gather(settings))
    records.write_atomic(page(settings), text.encode())
    records.write(paths.record(settings, "report"), {"fingerprint": fingerprint(settings)})


def fingerprint(settings: Settings) -> str:
    made = [records.read(paths.record(settings, step)) for step in STEPS]
    published = records.read(paths.stage_record(settings, "publish"))
    spent = budget.spending(settings, 0)
    template = records.file_digest(report_page.TEMPLATE)
    said = [settings.stage, published, spent.function, list(spent.others), template]
    return records.digest([FORMAT, made, said, [asdict(rule) for rule in inactive(settings)]])


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
        rows=facts.rows(
            made["install"]["distributions"],
            inventory.by_kind(tree.sizes, tree.owners),
            inventory.by_kind(unzipped, tree.owners),
            inventory.by_package(zipped, tree.owners),
            published.get("packages") or {},
        ),
        work=facts.work(made["prune"], recipes.active(settings)),
        kept=made["prune"]["kept_by"],
        notes=[*optimize.summary(made["optimize"]), f"built by {made['install']['builder']}"],
        offers=facts.offers(files, inactive(settings), settings.keep),
    )


def _records(settings: Settings) -> dict[str, records.Record]:
    """{step: record}; empty when one is missing."""
    made = {step: records.read(paths.record(settings, step)) for step in STEPS}
    found = {step: record for step, record in made.items() if record is not None}
    return found if len(found) == len(STEPS) else {}


def inactive(settings: Settings) -> list[Rule]:
    """Rules and recipes that are not switched on."""
    active = {rule.name for rule in recipes.active(settings)}
    return [rule for rule in (*recipes.RECIPES, *RULES) if rule.name not in active]


def is_stale(settings: Settings) -> bool:
    """Do the inputs, whoever builds them, make something else than the zip that lies here?"""
    made_from = (records.read(paths.record(settings, "zip")) or {}).get("input")
    return made_from not in [identity.input_hash(settings, each) for each in ("docker", "host")]
