"""report-page: build/<layer>.report.html, what is in the layer and what each rule took.

It comes before `verify`, which points there when the layer is too large.
"""

from dataclasses import asdict
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..layer.prune import recipes
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import (
    InstallRecord,
    OptimizeRecord,
    PruneRecord,
    PublishRecord,
    ReportRecord,
    ZipRecord,
)
from ..util import files

FORMAT = 2  # raise when the page changes for the same facts


def task_report_page() -> dict[str, object]:
    """Write the report as build/<layer>.report.html."""
    settings = current()
    record, target = paths.record(settings, "report"), page(settings)
    return {
        "basename": "report-page",
        "actions": [action(lambda: write(settings))],
        "file_dep": [str(paths.record(settings, "zip"))],
        "task_dep": ["sbom"],  # one after the other: the same order in every run
        "targets": [str(target), str(record)],
        "uptodate": [records.is_fresh(settings, ReportRecord, lambda: fingerprint(settings))],
        "meta": {"last_words": f"report: {target}"},
    }


def page(settings: Settings) -> Path:
    return paths.beside_zip(settings, ".report.html")


def write(settings: Settings) -> None:
    """Write the page, then its record. BuildError."""
    from ..report import html, last_build  # with all they need, only when there is news

    text = html.render(last_build.gather(settings))
    files.write_atomic(page(settings), text.encode())
    records.write(settings, ReportRecord(fingerprint=fingerprint(settings)))


def fingerprint(settings: Settings) -> str:
    told = (InstallRecord, PruneRecord, OptimizeRecord, ZipRecord, PublishRecord)
    made = [files.read_record(records.path(settings, kind)) for kind in told]
    spent = size_limit.spending(settings, 0)
    template = files.file_digest(paths.REPORT)
    said = [settings.stage, spent.function, list(spent.others), template]
    others = [asdict(rule) for rule in recipes.inactive(settings)]
    return files.digest([FORMAT, made, said, others])
