"""`doit gc`: old layer versions and all that S3 holds of them. A plan, unless `yes=1`.

Never one that a function, a stage's configuration or a pin uses. What S3 holds goes before the
version does: a run that was stopped is completed by the next, which still finds the version.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..aws import bucket, s3_versions
from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release import kept_versions, listing
from ..release.kept_versions import Fate
from ..release.stage import version_usage
from ..settings import s3_keys
from ..settings.pyproject import stages
from ..ui import tables
from ..ui.console import count, say, show_tables, size
from . import image_history

if TYPE_CHECKING:
    from rich.table import Table


def task_gc() -> dict[str, object]:
    """Delete unused versions (yes=1, else only the plan)."""
    here, typed = current(), arguments.current()
    return {
        "actions": [action(lambda: collect_garbage(connect(here), typed.keep, act=typed.yes))],
        "setup": ["deploy-lock"] if typed.yes else [],  # a deploy may be about to use an old one
    }


def collect_garbage(aws: Aws, keep: int, *, act: bool) -> None:
    """Show what goes and why the rest stays. Then delete, when asked to. AwsError, InputError."""
    if aws.settings.is_image:
        image_history.collect_garbage(aws, keep, act=act)
        return
    others = [current(name) for name in stages(Path("pyproject.toml"))]
    entries, uses = version_usage.entries(aws, others), version_usage.uses(aws, others)
    fates = kept_versions.decide_fates(entries, keep, uses)
    going = [fate for fate in fates if not fate.kept]
    place = f"layer {aws.settings.layer}, account {aws.account}, {aws.settings.region}"
    say(f"{place}: {count(len(fates), 'version')}, {len(going)} to delete")
    if fates:
        show_tables(table(fates))
    for line in warnings(aws):
        say(line)
    if not going:
        say("nothing to delete")
    elif act:
        delete(aws, going)
    else:
        freed = size(sum(fate.bytes for fate in going))
        command = f"./doitw gc keep={keep} yes=1 stage={aws.settings.stage}"
        say(f"nothing was changed; this deletes them and frees {freed} of S3: {command}")


def table(fates: list[Fate]) -> "Table":
    found = tables.table()
    for heading in ("version", "published", "in S3", "what happens"):
        found.add_column(heading, justify="right" if heading == "in S3" else "left")
    for fate in fates:
        number = f"{fate.entry.number}{' (deleted)' if fate.entry.gone else ''}"
        happens = "; ".join(f"stays: {why}" for why in fate.kept) or "goes"
        stored = size(sum(file.bytes for file in fate.entry.files))
        found.add_row(number, fate.entry.created[:10], stored, happens)
    return found


def warnings(aws: Aws) -> Iterator[str]:
    """Rules of the bucket that others made, and that do not ask whether a zip is in use."""
    for rule in bucket.rules(aws):
        if kept_versions.matches(rule, s3_keys.prefix(aws.settings.layer)):
            yield (
                f"careful: rule {rule.get('ID', '?')} of bucket {aws.settings.bucket} lets S3 "
                "remove zips of versions that are in use: remove it, or set `lifecycle-days`, "
                "which takes only what was never published"
            )


def delete(aws: Aws, going: list[Fate]) -> None:
    """Oldest first."""
    freed = 0
    for fate in sorted(going, key=lambda fate: fate.entry.number):
        s3_versions.delete(aws, fate.files)
        if not fate.entry.gone:
            listing.delete(aws, fate.entry.number)
        freed += fate.bytes
        say(f"version {fate.entry.number}: {size(fate.bytes)} deleted")
    say(f"{count(len(going), 'version')} deleted, {size(freed)} of S3 freed")
