"""report-page: build/<layer>.report.html, what is in the layer and what each rule took.

It comes before `verify`, which points there when the layer is too large.
"""

from dataclasses import asdict
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..layer.prune import recipes
from ..settings import paths
from ..settings.model import Settings
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
        "uptodate": [files.is_fresh(record, lambda: fingerprint(settings))],
        "meta": {"last_words": f"report: {target}"},
    }


def page(settings: Settings) -> Path:
    return paths.beside_zip(settings, ".report.html")


def write(settings: Settings) -> None:
    """Write the page, then its record. BuildError."""
    from ..report import html, last_build  # with all they need, only when there is news

    text = html.render(last_build.gather(settings))
    files.write_atomic(page(settings), text.encode())
    files.write_record(paths.record(settings, "report"), {"fingerprint": fingerprint(settings)})


def fingerprint(settings: Settings) -> str:
    made = [files.read_record(paths.record(settings, step)) for step in paths.REPORTED]
    published = files.read_record(paths.stage_record(settings, "publish"))
    spent = size_limit.spending(settings, 0)
    template = files.file_digest(paths.REPORT)
    said = [settings.stage, published, spent.function, list(spent.others), template]
    others = [asdict(rule) for rule in recipes.inactive(settings)]
    return files.digest([FORMAT, made, said, others])
