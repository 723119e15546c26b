"""`doit history`: the layer's versions, what changed from one to the next, who uses them.

Only looks. A version that was deleted is listed as long as S3 knows of it. One by hand or by
another tool is listed without what only a manifest tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..aws import lambda_functions, s3
from ..aws.client import Aws
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..release import compare, listing, s3_keys
from ..release import manifest as manifests
from ..release import version as versions
from ..release.manifest import Manifest
from ..release.partial import Unknowns
from ..release.stage import store
from ..release.stage.rollback_pin import RollbackPin
from ..release.version import LayerVersion
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import say, show_tables, size, text
from . import image_history

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 20  # versions, unless from= asks for more: each costs a look into S3


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One version. `published`: None when it was deleted. `manifest`: None for one that is not
    ours. `zipped`: bytes. `zip_kept`: is the zip still in S3?"""

    number: int
    published: LayerVersion | None
    manifest: Manifest | None
    before: Manifest | None
    zipped: int | None
    zip_kept: bool
    used_by: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class History:
    """Newest first. `older`: how many are not shown. `others`: numbers of all there are, where none
    is in the range that was asked for. `unknown`: {what: why}."""

    entries: Sequence[HistoryRow]
    older: int
    others: Sequence[int]
    unknown: Unknowns = field(default_factory=Unknowns)


def task_history() -> dict[str, object]:
    """List published versions and who uses them."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: show_history(settings, typed))]}


def show_history(settings: Settings, typed: Arguments) -> None:
    aws = connection.connect_read_only(settings)
    if settings.is_image:
        image_history.show(aws)
        return
    found = gather_history(aws, typed)
    if not found.entries:
        say(nothing(settings, found.others))
        return
    show_tables(table(settings, found.entries))
    if found.older:
        oldest = found.entries[-1].number
        say(f"{found.older} older: ./doitw history to={oldest - 1}, or all: ./doitw history from=1")
    for sentence in found.unknown.sentences():
        say(sentence)
    say("more about two of them: ./doitw diff from=N to=M")


def nothing(settings: Settings, others: Sequence[int]) -> str:
    if others:
        numbers = ", ".join(str(number) for number in others)
        return f"no version of layer {settings.layer} is in that range; there are {numbers}"
    return f"layer {settings.layer} has no versions here: ./doitw deploy stage={settings.stage}"


def gather_history(aws: Aws, typed: Arguments) -> History:
    """InputError for `from=` or `to=` that is no number. AwsError when nothing can be listed."""
    settings, unknown = aws.settings, Unknowns()
    published = {version.number: version for version in listing.Listing(aws)}
    nothing: dict[str, int] = {}
    stored = unknown.ask(
        "deleted versions", lambda: s3.objects(aws, s3_keys.prefix(settings.layer)), nothing
    )
    numbers = sorted({*published, *s3_keys.noted(settings.layer, stored)}, reverse=True)
    shown = chosen(numbers, typed)
    older = [number for number in numbers if shown and number < shown[-1]]
    known = {
        number: _manifest(aws, unknown, number, published.get(number))
        for number in [*shown, *older[:1]]
    }
    nobody: dict[str, list[str]] = {}
    users = unknown.ask("functions", lambda: lambda_functions.users(aws), nobody)
    unpinned: list[tuple[str, RollbackPin]] = []
    pinned = unknown.ask("pins", lambda: list(store.standing(aws)), unpinned)
    nowhere: dict[str, str] = {}
    stages = unknown.ask("stages", lambda: dict(store.deployed(aws)), nowhere)
    unseen = ["unknown"] if {"functions", "pins"} & unknown.keys() else []
    entries = [
        HistoryRow(
            number=number,
            published=published.get(number),
            manifest=known[number],
            before=next((made for at, made in known.items() if at < number and made), None),
            zipped=_zipped(aws, known[number], published.get(number)),
            zip_kept=_zip_key(settings, known[number]) in stored,
            used_by=used_by(listing.arn(aws, number), users, pinned, stages) + unseen,
        )
        for number in shown
    ]
    others = [] if shown else numbers
    return History(entries=entries, older=len(older), others=others, unknown=unknown)


def chosen(numbers: Sequence[int], typed: Arguments) -> list[int]:
    """Newest first: the newest `SHOWN` up to `to=`. With `from=` all from there on."""
    first = versions.parse_number(typed.from_, "from") if typed.from_ else 1
    last = versions.parse_number(typed.to, "to") if typed.to else max(numbers, default=1)
    wanted = [number for number in numbers if first <= number <= last]
    return wanted if typed.from_ else wanted[:SHOWN]


def _manifest(
    aws: Aws, unknown: Unknowns, number: int, version: LayerVersion | None
) -> Manifest | None:
    def ask() -> Manifest | None:
        return (
            manifests.read_manifest(aws, version) if version else manifests.of_number(aws, number)
        )

    return unknown.ask("manifests", ask, None)


def _zipped(aws: Aws, manifest: Manifest | None, version: LayerVersion | None) -> int | None:
    if manifest:
        return manifest.bytes
    return listing.zipped(aws, version) if version else None


def _zip_key(settings: Settings, manifest: Manifest | None) -> str:
    return s3_keys.zip_key(settings.layer, manifest.built) if manifest else ""


def used_by(
    arn: str,
    users: Mapping[str, Sequence[str]],
    pinned: Sequence[tuple[str, RollbackPin]],
    stages: Mapping[str, str],
) -> list[str]:
    """`stage prod` where a function runs it that was deployed as that stage's, `pin of stage prod`,
    and functions' names. Of a deleted version, too, which AWS lets run on."""
    names = users.get(arn, ())
    using = [f"stage {stages[name]}" for name in names if name in stages]
    using += [f"pin of stage {name}" for name, pin in pinned if arn in pin.arns]
    return [*dict.fromkeys(using), *names]


def table(settings: Settings, entries: Sequence[HistoryRow]) -> "Table":
    grid = tables.table(f"versions of layer {settings.layer}")
    for heading in ("", "published", "zip", "unzipped", "against the one before", "used by"):
        right = heading in ("", "zip", "unzipped")
        grid.add_column(heading, justify="right" if right else "left", no_wrap=right)
    for entry in entries:
        unzipped = size(entry.manifest.unzipped) if entry.manifest else "–"
        zipped = "–" if entry.zipped is None else size(entry.zipped)
        cells = ["\n".join(lines) for lines in (_origin(entry), _changes(entry), entry.used_by)]
        grid.add_row(
            str(entry.number), text(cells[0]), zipped, unzipped, text(cells[1]),
            text(cells[2] or "nobody"),
        )  # fmt: skip
    return grid


def _origin(entry: HistoryRow) -> Iterator[str]:
    if entry.published:
        yield entry.published.date
    else:
        yield "deleted" + ("; its zip is kept" if entry.zip_kept else "")
    if entry.manifest and entry.manifest.git:
        yield entry.manifest.commit


def _changes(entry: HistoryRow) -> list[str]:
    if entry.manifest or entry.published is None or entry.published.is_ours:
        return compare.shortly(entry.before, entry.manifest)
    described = entry.published.description
    return ["by hand or another tool" + (f": {described}" if described else "")]
