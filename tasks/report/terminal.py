"""`doit report` on a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from ..settings.model import LAMBDA_LIMIT
from ..ui.console import size, text
from ..ui.tables import table
from ..ui.visible import visible
from .facts import Report, change, examples, slowest_first, spared_shortly, total_change


def render(report: Report) -> Group:
    """Every table, in reading order."""
    return Group(*_parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    yield packages(report)
    yield from map(text, _notes(report))
    if report.imports:
        yield imports(report)
    yield rules(report)
    if report.offers:
        yield offers(report)
    yield budget(report)


def packages(report: Report) -> Table:
    grid = table(f"{report.layer}: what is in it")
    grid.add_column("package", overflow="fold")
    for heading in ("installed", "layer", "zipped", "of limit", "change"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for row in report.rows:
        name = text(row.package)
        name.stylize("bold" if row.direct else "")
        name.append(visible(f" {row.version}"), "dim")
        sizes = (size(row.before), size(row.after), size(row.zipped), share(row.after, report))
        grid.add_row(name, *sizes, change(report, row))
    grid.add_section()
    layer = report.budget.layer
    sizes = (size(report.installed), size(layer), size(report.zipped), share(layer, report))
    grid.add_row("total", *sizes, total_change(report), style="bold")
    return grid


def share(count: int, report: Report) -> str:
    return f"{count / report.budget.limit:.1%}"


def _notes(report: Report) -> list[str]:
    against = f"change: against {report.published}" if report.published else "not published yet"
    kept = [f"keep saved {examples(report.kept)}"] if report.kept else []
    return [against, *report.notes, *kept, ""]


def imports(report: Report) -> Table:
    grid = table("what takes long to import (with all that it imports, in the import test)")
    grid.add_column("package", overflow="fold")
    grid.add_column("seconds", justify="right", no_wrap=True)
    for name, seconds in slowest_first(report.imports):
        grid.add_row(name, seconds)
    return grid


def rules(report: Report) -> Table:
    grid = table("what each rule took")
    _columns(grid, "rule", "files", "removed", "why, and what it spared")
    for each in report.work:
        files = f"{each.files}" + (f" + {each.cut} cut" if each.cut else "")
        why = [each.reason, *(f"spared, {line}" for line in spared_shortly(each.spared))]
        grid.add_row(each.rule, files, size(each.bytes), text("\n".join(why)))
    return grid


def offers(report: Report) -> Table:
    grid = table('not switched on: recipes = ["…"] in [tool.lambda-layer]')
    _columns(grid, "recipe", "would save", "zipped", "why, and what stops working")
    for each in report.offers:
        why = f"{each.reason}; stops working: {each.breaks}" if each.breaks else each.reason
        grid.add_row(each.rule, size(each.bytes), size(each.zipped), text(why))
    return grid


def budget(report: Report) -> Table:
    spent = report.budget
    mib = " (250 MiB)" if spent.limit == LAMBDA_LIMIT else ""
    grid = table(f"of Lambda's {size(spent.limit)}{mib}, stage {report.stage}")
    for heading in ("what", "unzipped", "share"):
        grid.add_column(heading, justify="left" if heading == "what" else "right", overflow="fold")
    grid.add_row(f"layer {report.layer}", size(spent.layer), share(spent.layer, report))
    for arn, count in spent.others.items():
        known = (size(count), share(count, report)) if count is not None else ("unknown", "")
        grid.add_row(text(arn), *known)
    grid.add_row("function (at most)", size(spent.function), share(spent.function, report))
    grid.add_section()
    grid.add_row("together", size(spent.total), share(spent.total, report), style="bold")
    return grid


def _columns(grid: Table, first: str, second: str, third: str, last: str) -> None:
    grid.add_column(first, no_wrap=True)
    for heading in (second, third):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column(last, overflow="fold")
