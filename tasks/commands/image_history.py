"""`doit history` and `doit gc` of images: what was pushed, what it holds, who runs it."""

from typing import TYPE_CHECKING

from ..aws.client import Aws
from ..release.images import kept_images
from ..release.images.kept_images import ImageFate
from ..release.images.parts import repository
from ..release.images.releases import ImageRelease
from ..ui import tables
from ..ui.console import count, few, say, show_tables, size, text

if TYPE_CHECKING:
    from rich.table import Table

LISTED = 4  # packages that changed, of many


def show(aws: Aws) -> None:
    """Newest first."""
    found, name = kept_images.fates(aws, 0), repository(aws.settings)
    if not found:
        say(f"repository {name} has no images here: ./doitw deploy stage={aws.settings.stage}")
        return
    grid = tables.table(f"images of repository {name}")
    for heading in ("", "pushed", "unpacked", "against the one before", "used by"):
        grid.add_column(heading, justify="right" if heading in ("", "unpacked") else "left")
    for each, before in zip(found, [*found[1:], None], strict=True):
        made = each.release
        grid.add_row(
            str(made.number), text(f"{made.at}\n{made.commit[:12]}".strip()), size(made.unpacked),
            text(changes(before.release if before else None, made)),
            text("\n".join(each.kept) or "nobody"),
        )  # fmt: skip
    show_tables(grid)


def changes(before: ImageRelease | None, made: ImageRelease) -> str:
    """`numpy 2.1.0 → 2.1.1`, `the app`"""
    if before is None:
        return count(len(made.versions), "package")
    names = sorted({*before.versions, *made.versions})
    found = [
        f"{name} {before.versions.get(name, '(new)')} → {made.versions.get(name, '(gone)')}"
        for name in names
        if before.versions.get(name) != made.versions.get(name)
    ]
    app = ["the app"] if before.app != made.app else []
    return "\n".join([*few(found, "package", LISTED), *app]) or "nothing of app or packages"


def collect_garbage(aws: Aws, keep: int, *, act: bool) -> None:
    """Show what goes and why the rest stays. Then delete, when asked to."""
    found = kept_images.fates(aws, keep)
    going = [each.release for each in found if not each.kept]
    name = repository(aws.settings)
    say(f"repository {name}: {count(len(found), 'image')}, {len(going)} to delete")
    if found:
        show_tables(_table(found))
    unnoted = kept_images.unnoted(aws)
    if strays := unnoted.ours:
        say(f"{count(len(strays), 'image')} of pushes that were killed, to delete")
    if unnoted.others:
        others = count(len(unnoted.others), "more image")
        say(f"{others} there, not pushed with bucket {aws.settings.bucket}: not deleted from here")
    if not (going or strays):
        say("nothing to delete")
    elif act:
        kept_images.delete(aws, going)
        kept_images.delete_strays(aws, strays)
    else:
        command = f"./doitw gc keep={keep} yes=1 stage={aws.settings.stage}"
        say(f"nothing was changed; this deletes them: {command}")


def _table(found: list[ImageFate]) -> "Table":
    grid = tables.table()
    for heading in ("image", "pushed", "what happens"):
        grid.add_column(heading)
    for each in found:
        happens = "; ".join(f"stays: {why}" for why in each.kept) or "goes"
        grid.add_row(str(each.release.number), each.release.at, text(happens))
    return grid
