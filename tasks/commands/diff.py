"""`doit diff from=2 to=3`: what differs between two layer versions, by their manifests in S3.

Deleted versions can be compared, too, as long as S3 keeps their manifests.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..aws.client import Aws
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..release import compare, listing, manifest
from ..release import version as versions
from ..release.manifest import Manifest
from ..release.version import LayerVersion
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import say, show_tables, signed, size
from ..util.errors import InputError
from . import image_show

if TYPE_CHECKING:
    from rich.table import Table


def task_diff() -> dict[str, object]:
    """Compare two versions, from=N to=M."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: show_diff(settings, typed))]}


def show_diff(settings: Settings, typed: Arguments) -> None:
    if settings.is_image:
        image_show.diff(settings, typed)
        return
    aws = connection.connect_read_only(settings)
    published = listing.Listing(aws)
    first, second = numbers(settings, published, typed)
    before, after = (manifest_of(aws, published, number) for number in (first, second))
    grid = table(before, after)
    if grid.row_count:
        grid.title = f"layer {settings.layer}, version {first} → {second}"
        show_tables(grid)
    for line in sentences(before, after):
        say(line)


def numbers(
    settings: Settings, published: Iterable[LayerVersion], typed: Arguments
) -> tuple[int, int]:
    """`from=` and `to=`. Without them the newest version, and the one before the later one."""
    second = versions.parse_number(typed.to, "to") if typed.to else 0
    first = versions.parse_number(typed.from_, "from") if typed.from_ else 0
    if not second:
        second = next((version.number for version in published), 0)
    if not first:
        first = next((version.number for version in published if version.number < second), 0)
    if first and second:
        return first, second
    problem = f"layer {settings.layer} has no " + ("versions yet" if not second else "two versions")
    if second:
        problem += f" to compare: there is none before {second}"
    raise InputError(problem, fix="`./doitw history` lists them. Then run ./doitw diff from=N to=M")


def manifest_of(aws: Aws, published: Iterable[LayerVersion], number: int) -> Manifest:
    """InputError for a version that nobody knows, or that is not ours."""
    there = versions.numbered(published, number)
    found = manifest.read_manifest(aws, there) if there else manifest.of_number(aws, number)
    if found is None:
        what = "was not published by this tool" if there else "is not known"
        raise InputError(
            f"version {number} of {aws.settings.layer} {what}: there is no manifest of it in "
            f"s3://{aws.settings.bucket}",
            fix="`./doitw history` lists what there is",
        )
    return found


def no_versions(settings: Settings) -> InputError:
    problem = f"layer {settings.layer} has no versions yet"
    return InputError(problem, fix=f"publish the first one: ./doitw deploy stage={settings.stage}")


def table(before: Manifest, after: Manifest) -> "Table":
    """One row per package whose version or size differs, the largest change first."""
    old, new = compare.packed_versions(before), compare.packed_versions(after)
    grid = tables.table()
    grid.add_column("package", overflow="fold")
    for heading in ("from", "to"):
        grid.add_column(heading)
    for heading in ("size", "change"):
        grid.add_column(heading, justify="right", no_wrap=True)
    sizes = {name: (before.packages.get(name, 0), after.packages.get(name, 0))
             for name in before.packages.keys() | after.packages.keys()}  # fmt: skip
    ranked = sorted(sizes.items(), key=lambda item: (-abs(item[1][1] - item[1][0]), item[0]))
    for name, (was, now) in ranked:
        if was != now or old.get(name) != new.get(name):
            grid.add_row(name, old.get(name, "–"), new.get(name, "–"), size(now), signed(now - was))
    return grid


def sentences(before: Manifest, after: Manifest) -> Iterator[str]:
    """Everything beside the packages: sizes, inputs, settings, where the code stood."""
    if before.sha256 == after.sha256:
        yield "both have exactly the same content"
    else:
        yield f"zip {compare.grown(before.bytes, after.bytes)}"
        yield f"unzipped {compare.grown(before.unzipped, after.unzipped)}"
    changed = compare.parts(before.inputs, after.inputs)
    yield from changed.values()
    for line in compare.settings(before, after.settings):
        if line.partition(" ")[0] not in changed:
            yield f"setting {line}"
    if not changed:
        yield "made from the same inputs"
    for name, each in (("from", before), ("to", after)):
        by = f"tool {each.tool}" + (f", {each.commit}" if each.commit else "")
        yield f"{name}: built {each.time} UTC by {each.builder}, {by}"
