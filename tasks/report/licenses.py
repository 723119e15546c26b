"""`doit report licenses=1`: licenses by package, those that need attention first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from ..layer import installed
from ..layer.archive import embedded_bills, licenses, sizes
from ..layer.archive.dist_metadata import Package, parse_metadata
from ..layer.archive.licenses import WORDS, Asks
from ..layer.installed import InstalledDistribution, source_of
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import text
from ..util.errors import BuildError
from .facts import examples


@dataclass(frozen=True, kw_only=True)
class Row:
    """`texts`: of its licenses, in the layer. `attention`: why a person should look, [] where
    nobody need to."""

    package: str
    version: str
    license: str
    texts: int
    attention: list[str]


def gather(settings: Settings) -> list[Row]:
    """Of the last build. BuildError when there is none."""
    tree, layer = installed.load_installed(settings), paths.layer_zip(settings)
    if tree is None or not layer.is_file():
        raise BuildError(f"layer {settings.layer} is not built", fix="run `./doitw`, then again")
    there = sizes.of_zip(layer).keys()
    bundled = licenses.NOTICES in there
    packed = {source_of(path) for path in there}
    held = [each for each in tree.distributions if each.files.keys() & packed]
    rows = [row(each, there, bundled) for each in held]
    return sorted(rows, key=lambda each: (not each.attention, each.package))


def row(found: InstalledDistribution, there: Collection[str], bundled: bool) -> Row:
    """`there`: the layer's files. `bundled`: does it hold all texts in one file?"""
    package = parse_metadata(found.texts["METADATA"])
    texts = [path for path, text in found.licenses.items() if path in there or (bundled and text)]
    return Row(
        package=package.name,
        version=package.version,
        license=licenses.named(package, found.licenses.values())[0],
        texts=len(texts),
        attention=list(attention(package, found, len(texts))),
    )


def attention(package: Package, found: InstalledDistribution, texts: int) -> Iterator[str]:
    asked = licenses.named(package, found.licenses.values())[1]
    if asked:
        yield WORDS[asked]
    else:
        seen = licenses.seen_in(found.licenses.values())
        if more := [name for name in seen if licenses.asks(name) == Asks.SOURCE]:
            yield f"its texts hold {' and '.join(more)}, too"
    if not texts:
        yield "no text of it in the layer"
    if inside := list(dict.fromkeys(_asking(package, found))):
        yield f"inside of it: {examples(inside)}"


def _asking(package: Package, found: InstalledDistribution) -> Iterator[str]:
    """Components of its own bills that ask for more than a notice."""
    bills = (embedded_bills.read_bill(package, *each) for each in found.sboms.items())
    for bill in bills:
        for each in bill.entries:
            if each.license and Asks.NOTICE < licenses.asks(each.license) < Asks.UNKNOWN:
                yield f"{each.name} ({each.license})"


def render(layer: str, rows: Sequence[Row]) -> Table:
    grid = Table(
        title=text(f"{layer}: licenses"), title_justify="left", title_style="bold",
        box=box.SIMPLE_HEAD, pad_edge=False,
    )  # fmt: skip
    for heading in ("package", "licence", "texts", "look at"):
        grid.add_column(heading, overflow="fold", justify="right" if heading == "texts" else "left")
    for each in rows:
        name = text(f"{each.package} {each.version}")
        grid.add_row(name, text(each.license), str(each.texts), text("; ".join(each.attention)))
    return grid
