"""The report as one HTML page that loads nothing: style and map are in it, script there is none."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from string import Template

from ..layer.archive.sizes import Kind, total
from ..settings import paths
from ..ui.console import size
from ..ui.visible import html
from .facts import Offer, Report, Row, Work, change, slowest_first, total_change
from .treemap import Box, squarify

MAP = Box(x=0, y=0, width=1600, height=900)  # the page stretches it a little on narrow screens
SEEN = 0.01  # of the longest bar; less would be a speck
CLASSES = {
    Kind.CODE: "code",
    Kind.BYTECODE: "bytecode",
    Kind.LIBRARY: "library",
    Kind.DATA: "data",
    Kind.METADATA: "metadata",
}
NO_OFFERS = '<tr><td colspan="4">Nothing: no other recipe knows a file of this layer.</td></tr>'
NOT_MEASURED = '<tr><td colspan="2">Not measured: nothing was imported (yet).</td></tr>'
_IMPORTS = re.compile(r'(?<=<tbody id="import-seconds">\n).*?(?=\n</tbody>)', re.DOTALL)
NOT_PUBLISHED = "No version is published yet to compare with."


def render(report: Report) -> str:
    """The page's text. The same for the same facts."""
    layer, installed = report.budget.layer, report.installed
    plain = {
        "layer": report.layer,
        "target": report.target,
        "stage": report.stage,
        "built": f"{datetime.strptime(report.built, '%Y%m%d-%H%M%S')} UTC",
        "sha256": report.sha256,
        "installed": size(installed),
        "unzipped": size(layer),
        "zipped": size(report.zipped),
        "share": percent(report.budget.total, report),
        "layer_share": percent(layer, report),
        "limit": size(report.budget.limit),
        "change": total_change(report),
        "against": f"Change: against {report.published}." if report.published else NOT_PUBLISHED,
    }
    made = {
        "budget": _budget(report),
        "kinds": _kinds(report),
        "before": treemap(report.rows, lambda row: row.installed),
        "after": treemap(report.rows, lambda row: row.layer),
        "packages": "\n".join(_package(report, row) for row in report.rows),
        "imports": _imports(report.imports),
        "rules": "\n".join(map(_work, report.work)),
        "notes": "\n".join(f"<li>{html(note)}</li>" for note in _notes(report)),
        "offers": "\n".join(map(_offer, report.offers)) or NO_OFFERS,
    }
    page = Template(paths.REPORT.read_text(encoding="utf-8"))
    return page.substitute({name: html(text) for name, text in plain.items()} | made)


def put_imports(page: str, imports: Mapping[str, float]) -> str:
    """A page with other seconds in it, as `render` would write it."""
    return _IMPORTS.sub(lambda _: _imports(imports), page, count=1)


def percent(count: int, report: Report) -> str:
    return f"{count / report.budget.limit:.1%}"


# ---- the budget -------------------------------------------------------------------------------


def _budget(report: Report) -> str:
    """One bar of the whole limit, and what its pieces are."""
    pieces, whole = list(_pieces(report)), max(report.budget.limit, report.budget.total)
    bar = "".join(
        f'<i class="{name}" style="width:{100 * count / whole:.3f}%"'
        f' title="{html(f"{what}: {size(count)}")}"></i>'
        for name, what, count in pieces
        if count
    )
    legend = "".join(
        f'<li><i class="{name}"></i>{html(what)} <b>'
        f"{'size unknown (AWS does not tell)' if count is None else size(count)}</b></li>"
        for name, what, count in pieces
    )
    return f'<div class="bar" aria-hidden="true">{bar}</div><ul class="legend">{legend}</ul>'


def _pieces(report: Report) -> Iterator[tuple[str, str, int | None]]:
    """(class, what, bytes or None)"""
    spent = report.budget
    yield "layer", "this layer", spent.layer
    for arn, count in spent.others.items():
        yield "other", arn, count
    yield "function", "the function, at most", spent.function
    if spent.total > spent.limit:
        yield "over", "over the limit by", spent.total - spent.limit
    else:
        unknown = None in spent.others.values()
        what = "free, or taken by layers of unknown size" if unknown else "free"
        yield "free", what, spent.limit - spent.total


def _kinds(report: Report) -> str:
    """Two bars on one scale, installed and in the layer, by kind of file."""
    sums = {
        "as installed": total(row.installed for row in report.rows),
        "in the layer": total(row.layer for row in report.rows),
    }
    whole = max(*(sum(kinds.values()) for kinds in sums.values()), 1)
    return "".join(
        f'<tr><th scope="row">{what}</th><td><div class="bar" aria-hidden="true">'
        + "".join(
            f'<i class="{CLASSES[kind]}" style="width:{100 * count / whole:.3f}%"'
            f' title="{kind}: {size(count)}"></i>'
            for kind, count in kinds.items()
            if count
        )
        + "</div></td>"
        + "".join(f"<td>{size(count) if count else '–'}</td>" for count in kinds.values())
        + "</tr>"
        for what, kinds in sums.items()
    )


# ---- the map ----------------------------------------------------------------------------------


def treemap(rows: Sequence[Row], sizes: Callable[[Row], Mapping[Kind, int]]) -> str:
    """Packages as rectangles, in them their kinds of file."""
    found = [(row.package, _largest_first(sizes(row))) for row in rows]
    filled = sorted(
        ((name, kinds) for name, kinds in found if kinds),
        key=lambda item: (-sum(count for _, count in item[1]), item[0]),
    )
    boxes = squarify([sum(count for _, count in kinds) for _, kinds in filled], MAP)
    return "\n".join(
        _package_box(name, kinds, box) for (name, kinds), box in zip(filled, boxes, strict=True)
    )


def _largest_first(kinds: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    return sorted(((k, count) for k, count in kinds.items() if count), key=lambda item: -item[1])


def _package_box(name: str, kinds: list[tuple[Kind, int]], box: Box) -> str:
    cells = squarify([count for _, count in kinds], box)
    whole = f"{name}: {size(sum(count for _, count in kinds))}"
    inside = "".join(
        f'<i class="{CLASSES[kind]}" style="{_place(cell, box)}"'
        f' title="{html(f"{whole}, of it {size(count)} {kind}")}"></i>'
        for (kind, count), cell in zip(kinds, cells, strict=True)
    )
    label = f"<b>{html(name)}</b>"
    return f'<div class="package" style="{_place(box, MAP)}">{inside}{label}</div>'


def _place(box: Box, within: Box) -> str:
    values = {
        "left": (box.x - within.x) / within.width,
        "top": (box.y - within.y) / within.height,
        "width": box.width / within.width,
        "height": box.height / within.height,
    }
    return ";".join(f"{name}:{100 * value:.3f}%" for name, value in values.items())


# ---- tables -----------------------------------------------------------------------------------


def _cells(values: Iterable[str]) -> str:
    return "".join(f"<td>{html(value)}</td>" for value in values)


def _package(report: Report, row: Row) -> str:
    name = html(row.package)
    head = f"<strong>{name}</strong>" if row.direct else name
    part = row.after / max(1, *(each.after for each in report.rows))
    bar = f'<div class="share" style="width:{part:.0%}"></div>' if part >= SEEN else ""
    sizes = _cells(map(size, (row.before, row.after, row.zipped)))
    return (
        f'<tr><th scope="row">{head} <small>{html(row.version)}</small></th>{sizes}'
        f"<td>{percent(row.after, report)}{bar}</td>{_cells([change(report, row)])}</tr>"
    )


def _imports(imports: Mapping[str, float]) -> str:
    lines = [
        f'<tr><th scope="row">{html(name)}</th>{_cells([seconds])}</tr>'
        for name, seconds in slowest_first(imports)
    ]
    return "\n".join(lines) or NOT_MEASURED


def _work(work: Work) -> str:
    files = f"{work.files}" + (f" + {work.cut} cut short" if work.cut else "")
    spared = "".join(
        f"<li><code>{html(what)}</code>: {html(why)}</li>" for what, why in work.spared.items()
    )
    more = f"<details><summary>spared {len(work.spared)}</summary><ul>{spared}</ul></details>"
    return (
        f'<tr><th scope="row"><code>{html(work.rule)}</code></th>'
        f"{_cells([files, size(work.bytes)])}"
        f"<td>{html(work.reason)}{more if work.spared else ''}</td></tr>"
    )


def _offer(offer: Offer) -> str:
    breaks = f"<br>Stops working: {html(offer.breaks)}" if offer.breaks else ""
    return (
        f'<tr><th scope="row"><code>{html(offer.rule)}</code></th>'
        f"{_cells([size(offer.bytes), size(offer.zipped)])}"
        f"<td>{html(offer.reason)}.{breaks}</td></tr>"
    )


def _notes(report: Report) -> list[str]:
    return [*report.notes, *(f"keep saved {path}" for path in report.kept)]
