"""`doit show` and `doit diff` of a stage of images: what one holds, how two differ. Only looks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..aws.client import Aws
from ..context import connection
from ..context.arguments import Arguments
from ..image import ecr
from ..release import compare, version
from ..release.images import kept_images, releases
from ..release.images.parts import repository
from ..release.images.releases import ImageRelease
from ..release.partial import Unknowns
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import say, show_tables, signed, size
from ..util.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table


def show(settings: Settings, typed: Arguments) -> None:
    aws = connection.connect_read_only(settings)
    found = chosen(aws, typed)
    show_tables(_table(found))
    for line in _facts(found):
        say(line)
    unknown, nothing = Unknowns(), list[kept_images.ImageFate]()
    say(_place(aws, unknown, found))
    fates = unknown.ask("users", lambda: kept_images.fates(aws, 0), nothing)
    used = [x for each in fates if each.release.number == found.number for x in each.kept]
    say(f"used by: {', '.join(used) or 'nobody'}")
    for line in unknown.sentences():
        say(line)


def chosen(aws: Aws, typed: Arguments) -> ImageRelease:
    """`version=`, without it the newest. InputError where there is none."""
    if typed.version:
        return releases.by_number(aws, version.parse_number(typed.version))
    return releases.by_number(aws, next(iter(releases.numbers(aws)), 1))


def _table(found: ImageRelease) -> "Table":
    """The largest package first."""
    grid = tables.table(f"image {found.number}")
    for heading in ("package", "version"):
        grid.add_column(heading, overflow="fold")
    grid.add_column("size", justify="right", no_wrap=True)
    for name, total in sorted(found.packages.items(), key=lambda item: (-item[1], item[0])):
        grid.add_row(name, found.versions.get(name, "–"), size(total))
    return grid


def _facts(found: ImageRelease) -> Iterator[str]:
    yield f"pushed {found.at} by {found.by}" + (f", {found.commit}" if found.commit else "")
    yield f"{size(sum(found.packages.values()))} of packages; {size(found.unpacked)} of own layers"
    yield f"inputs {found.input}"
    yield f"app {found.app}"
    yield f"image {found.uri}"


def _place(aws: Aws, unknown: Unknowns, found: ImageRelease) -> str:
    name = repository(aws.settings)

    def is_there() -> bool | None:
        place = ecr.look_at_repository(aws, name)
        return bool(place and place.registry.find_manifest(found.digest) == found.digest)

    held = unknown.ask("repository", is_there, None)
    return {
        True: f"it is in repository {name}", False: f"it is gone from repository {name}",
        None: f"whether it is in repository {name} cannot be seen",
    }[held]  # fmt: skip


def diff(settings: Settings, typed: Arguments) -> None:
    aws = connection.connect_read_only(settings)
    before, after = (releases.by_number(aws, number) for number in _numbers(aws, typed))
    grid = _differences(before, after)
    if grid.row_count:
        show_tables(grid)
    for line in _sentences(before, after):
        say(line)


def _numbers(aws: Aws, typed: Arguments) -> tuple[int, int]:
    """`from=` and `to=`. Without them the newest, and the one before the later one."""
    there = releases.numbers(aws)
    second = version.parse_number(typed.to, "to") if typed.to else next(iter(there), 0)
    first = version.parse_number(typed.from_, "from") if typed.from_ else 0
    first = first or next((number for number in there if number < second), 0)
    if first and second:
        return first, second
    problem = f"repository {repository(aws.settings)} has no two images to compare"
    raise InputError(problem, fix="`./doitw history` lists them. Then run ./doitw diff from=N to=M")


def _differences(before: ImageRelease, after: ImageRelease) -> "Table":
    """One row per package whose version or size differs, the largest change first."""
    grid = tables.table(f"image {before.number} → {after.number}")
    grid.add_column("package", overflow="fold")
    for heading in ("from", "to"):
        grid.add_column(heading)
    for heading in ("size", "change"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grown = {
        name: after.packages.get(name, 0) - before.packages.get(name, 0)
        for name in before.packages.keys() | after.packages.keys()
    }
    for name, change in sorted(grown.items(), key=lambda item: (-abs(item[1]), item[0])):
        was, now = before.versions.get(name, "–"), after.versions.get(name, "–")
        if change or was != now:
            grid.add_row(name, was, now, size(after.packages.get(name, 0)), signed(change))
    return grid


def _sentences(before: ImageRelease, after: ImageRelease) -> Iterator[str]:
    if before.digest == after.digest:
        yield "both are exactly the same image"
    yield f"own layers {compare.grown(before.unpacked, after.unpacked)}"
    same = "the same" if before.input == after.input else "other"
    yield f"made from {same} requirements and settings"
    yield "the same app" if before.app == after.app else "the app differs"
    for name, each in (("from", before), ("to", after)):
        yield f"{name}: pushed {each.at} by {each.by}" + (f", {each.commit}" * bool(each.commit))
