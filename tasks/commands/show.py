"""`doit show version=2`: one layer version, by its manifest in S3. Only looks.

A deleted one, too, as long as S3 keeps its manifest.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..aws import lambda_functions, s3
from ..aws.client import Aws
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..release import compare, listing, s3_keys
from ..release import version as versions
from ..release.manifest import Manifest
from ..release.partial import Unknowns
from ..release.stage import store
from ..release.stage.rollback_pin import RollbackPin
from ..release.version import LayerVersion
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import count, say, show_tables, size
from . import diff, history, image_show

if TYPE_CHECKING:
    from rich.table import Table


def task_show() -> dict[str, object]:
    """Show all about one version: packages, sizes, users."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: show_version(settings, typed))]}


def show_version(settings: Settings, typed: Arguments) -> None:
    if settings.is_image:
        image_show.show(settings, typed)
        return
    aws = connection.connect_read_only(settings)
    published = listing.Listing(aws)
    number = chosen(settings, published, typed)
    manifest = diff.manifest_of(aws, published, number)
    there = versions.numbered(published, number)
    show_tables(table(manifest, f"layer {settings.layer}, version {number}"))
    unknown = Unknowns()
    for line in [*facts(manifest, there), *place(aws, unknown, manifest)]:
        say(line)
    say(f"used by: {', '.join(users(aws, unknown, number)) or 'nobody'}")
    for line in unknown.sentences():
        say(line)


def chosen(settings: Settings, published: listing.Listing, typed: Arguments) -> int:
    """`version=`. Without it the newest one. InputError where there is none."""
    if typed.version:
        return versions.parse_number(typed.version)
    newest = next(iter(published), None)
    if newest is None:
        raise diff.no_versions(settings)
    return newest.number


def table(manifest: Manifest, title: str) -> "Table":
    """One row per package, the largest first. `*`: asked for by name."""
    grid = tables.table(title)
    for heading in ("package", "version"):
        grid.add_column(heading, overflow="fold")
    grid.add_column("size", justify="right", no_wrap=True)
    direct = {each.name for each in manifest.distributions if each.direct}
    packed = compare.packed_versions(manifest)
    for name, total in sorted(manifest.packages.items(), key=lambda item: (-item[1], item[0])):
        grid.add_row(name + (" *" if name in direct else ""), packed.get(name, "–"), size(total))
    return grid


def facts(manifest: Manifest, there: LayerVersion | None) -> Iterator[str]:
    """What it is, and what it was made from."""
    yield f"published {there.date} UTC" if there else "deleted in AWS"
    yield (
        f"{size(manifest.bytes)} zipped, {size(manifest.unzipped)} unzipped, "
        f"{count(manifest.files, 'file')}; {size(manifest.installed)} before pruning"
    )
    image = f" in {manifest.image}" if manifest.image else ""
    made_for = f"python{manifest.python} on {manifest.architecture}"
    yield f"built {manifest.time} UTC by {manifest.builder}{image}, for {made_for}"
    yield f"tool {manifest.tool}" + (f", {manifest.commit}" if manifest.commit else "")
    for name, value in manifest.settings.items():
        if value not in ("", [], ()):
            yield f"setting {name} = {value}"
    yield f"inputs {manifest.input}"
    yield f"sha256 {manifest.sha256}"


def place(aws: Aws, unknown: Unknowns, manifest: Manifest) -> Iterator[str]:
    """Where its zip lies, and whether it does."""
    key = s3_keys.zip_key(manifest.layer, manifest.built)
    where = f"s3://{aws.settings.bucket}/{key}"
    held = unknown.ask("zip", lambda: s3.holds(aws, key, manifest.sha256) is not None, None)
    yield {True: f"zip {where}", False: f"its zip is gone from {where}", None: f"zip {where}?"}[
        held
    ]


def users(aws: Aws, unknown: Unknowns, number: int) -> list[str]:
    """Stages, pins and functions."""
    nobody: dict[str, list[str]] = {}
    unpinned: list[tuple[str, RollbackPin]] = []
    nowhere: dict[str, str] = {}
    return history.used_by(
        listing.arn(aws, number),
        unknown.ask("functions", lambda: lambda_functions.users(aws), nobody),
        unknown.ask("pins", lambda: list(store.standing(aws)), unpinned),
        unknown.ask("stages", lambda: dict(store.deployed(aws)), nowhere),
    )
