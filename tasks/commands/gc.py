"""`doit gc`: old layer versions and all that S3 holds of them. A plan, unless `yes=1`.

Never one that a function, a stage's configuration or a pin uses. What S3 holds goes before the
version does: a run that was stopped is completed by the next, which still finds the version.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from tasks.clients import functions, layers, lifecycle, objects, s3, stage_store
from tasks.clients.aws import Aws, connect
from tasks.core import arguments, chalice_config, paths, retention, settings, versions
from tasks.core.actions import action
from tasks.core.console import say, show_tables, size
from tasks.core.retention import Entry, Fate, Stored
from tasks.core.settings import Settings
from tasks.core.tables import stages


def task_gc() -> dict[str, object]:
    """Delete old layer versions that nothing uses, and their zips (shows a plan; yes=1 acts)."""
    here, typed = settings.current(), arguments.current()
    return {
        "actions": [action(lambda: run(connect(here), typed.keep, act=typed.yes))],
        "setup": ["deploy-lock"] if typed.yes else [],  # a deploy may be about to use an old one
    }


def run(aws: Aws, keep: int, *, act: bool) -> None:
    """Show what goes and why the rest stays; then delete, when asked to. AwsError, InputError."""
    fates = retention.plan(entries(aws), keep, uses(aws))
    going = [fate for fate in fates if not fate.kept]
    place = f"layer {aws.settings.layer}, account {aws.account}, {aws.settings.region}"
    say(f"{place}: {len(fates)} versions, {len(going)} to delete")
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


def table(fates: list[Fate]) -> Table:
    found = Table("version", "published", "in S3", "what happens")
    for fate in fates:
        number = f"{fate.entry.number}{' (deleted)' if fate.entry.gone else ''}"
        happens = "; ".join(f"stays: {why}" for why in fate.kept) or "goes"
        stored = size(sum(file.bytes for file in fate.entry.files))
        found.add_row(number, fate.entry.created[:10], stored, happens)
    return found


def warnings(aws: Aws) -> Iterator[str]:
    """Rules of the bucket that others made, and that do not ask whether a zip is in use."""
    for rule in lifecycle.rules(aws):
        if retention.matches(rule, f"layers/{aws.settings.layer}/"):
            yield (
                f"careful: rule {rule.get('ID', '?')} of bucket {aws.settings.bucket} lets S3 "
                "remove zips of versions that are in use: remove it, or set `lifecycle-days`, "
                "which takes only what was never published"
            )


# ---- what is there ------------------------------------------------------------------------------


def entries(aws: Aws) -> list[Entry]:
    """Every version of the layer, and every deleted one whose zip is still there."""
    files = stored(aws)
    found = [
        Entry(number=v.number, arn=v.arn, created=v.created, gone=False,
              built=v.built if v.is_ours else "", files=tuple(files.of(v.arn, v.built)))
        for v in layers.versions(aws)
    ]  # fmt: skip
    there = {entry.arn for entry in found}
    return found + [
        Entry(number=versions.number_of(arn), arn=arn, created=_day(built), gone=True, built=built,
              files=tuple(files.of(arn, built)))
        for arn, built in files.built.items() if arn not in there
    ]  # fmt: skip


def _day(built: str) -> str:
    return f"{built[:4]}-{built[4:6]}-{built[6:8]}"


class Files:
    """What the buckets hold of the layer. `built`: {ARN: folder} of all that was ever published."""

    def __init__(self) -> None:
        self.built: dict[str, str] = {}
        self._folders: dict[str, list[Stored]] = defaultdict(list)
        self._notes: dict[str, list[Stored]] = defaultdict(list)

    def add(self, bucket: Aws, layer: str) -> None:
        for each in objects.under(bucket, f"layers/{layer}/"):
            kind, _, name = each.key.removeprefix(f"layers/{layer}/").partition("/")
            if kind in ("inputs", "versions"):
                self._note(bucket, each, counts=kind == "versions")
            elif name:
                self._folders[kind].append(each)

    def _note(self, bucket: Aws, each: Stored, *, counts: bool) -> None:
        """A small object that speaks of a version: an alias, or where the version's zip lies."""
        try:
            said = json.loads(s3.get_bytes(bucket, each.key) or b"null")
            arn, built = str(said["arn"]), str(said.get("built", ""))
        except (ValueError, TypeError, KeyError):
            return  # a delete marker, or nothing of ours: it stays
        self._notes[arn].append(each)
        if counts:
            self.built[arn] = built

    def of(self, arn: str, built: str) -> list[Stored]:
        """Zip, manifest, bill of materials and notes of one version."""
        return [*self._folders.get(built, []), *self._notes.get(arn, [])]


def stored(aws: Aws) -> Files:
    found = Files()
    for bucket in buckets(aws):
        found.add(bucket, aws.settings.layer)
    return found


def buckets(aws: Aws) -> list[Aws]:
    """This stage's bucket, and those of other stages whose account and region are reached alike."""
    here = aws.settings
    others = [settings.current(name) for name in stages(Path("pyproject.toml"))]
    names = {each.bucket for each in others if _access(each) == _access(here)} - {here.bucket}
    return [aws, *(Aws(replace(here, bucket=name), aws.environ) for name in sorted(names))]


def _access(stage: Settings) -> tuple[object, ...]:
    return stage.is_local, stage.account, stage.role, stage.profile, stage.region


# ---- what uses it -------------------------------------------------------------------------------


def uses(aws: Aws) -> dict[str, list[str]]:
    """{ARN: who}, from Lambda, .chalice/config.json and the pins in S3."""
    found: dict[str, list[str]] = defaultdict(list)
    for source in (running(aws), configured(), pinned(aws)):
        for arn, who in source:
            found[arn].append(who)
    return found


def running(aws: Aws) -> Iterator[tuple[str, str]]:
    """With what any function of the region runs, or a published version of it would."""
    for arn, names in functions.users(aws).items():
        yield arn, f"function {', '.join(names)}"


def configured() -> Iterator[tuple[str, str]]:
    """Of every stage, of the app, of single functions."""
    config = chalice_config.load(paths.CHALICE_CONFIG)
    for arn in config.get("layers", []):
        yield arn, str(paths.CHALICE_CONFIG)
    for name, stage in config["stages"].items():
        for table_ in (stage, *stage.get("lambda_functions", {}).values()):
            for arn in table_.get("layers", []):
                yield arn, f"{paths.CHALICE_CONFIG}, stage {name}"


def pinned(aws: Aws) -> Iterator[tuple[str, str]]:
    """Whatever a standing pin of any app and stage names."""
    for bucket in buckets(aws):
        for stage, pin in stage_store.standing(bucket):
            for arn in pin.arns:
                yield arn, f"pin of stage {stage}"


# ---- acting -------------------------------------------------------------------------------------


def delete(aws: Aws, going: list[Fate]) -> None:
    """Oldest first."""
    freed = 0
    for fate in sorted(going, key=lambda fate: fate.entry.number):
        objects.delete(aws, fate.files)
        if not fate.entry.gone:
            layers.delete(aws, fate.entry.number)
        freed += fate.bytes
        say(f"version {fate.entry.number}: {size(fate.bytes)} deleted")
    say(f"{len(going)} versions deleted, {size(freed)} of S3 are free again")
