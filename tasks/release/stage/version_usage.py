"""gc's facts: what AWS and S3 have of the layer, and what uses which version."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...aws import arn as arns
from ...aws import lambda_functions, s3, s3_versions
from ...aws.client import Aws
from ...aws.s3_versions import Stored
from ...chalice_project import config as chalice_config
from ...settings import paths, s3_keys
from ...settings.model import Settings
from ...util import typed_json
from .. import listing
from ..kept_versions import VersionEntry
from ..undo import snapshot
from . import store

Stages = Sequence[Settings]  # of all stages in pyproject.toml

# ---- what is there ------------------------------------------------------------------------------


def entries(aws: Aws, others: Stages) -> list[VersionEntry]:
    """Every version of the layer, and every deleted one whose zip is still there."""
    files = stored(aws, others)
    found = [
        VersionEntry(number=v.number, arn=v.arn, created=v.created, gone=False,
              built=v.built if v.is_ours else "", files=tuple(files.of(v.arn, v.built)))
        for v in listing.versions(aws)
    ]  # fmt: skip
    there = {entry.arn for entry in found}
    return found + [
        VersionEntry(number=arns.number_of(arn), arn=arn, created=_day(built), gone=True,
              built=built, files=tuple(files.of(arn, built)))
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
        for each in s3_versions.under(bucket, s3_keys.prefix(layer)):
            folder, name = s3_keys.split_key(layer, each.key)
            if folder in (s3_keys.INPUTS, s3_keys.NUMBERS):
                self._note(bucket, each, counts=folder == s3_keys.NUMBERS)
            elif name:
                self._folders[folder].append(each)

    def _note(self, bucket: Aws, each: Stored, *, counts: bool) -> None:
        """A small object that speaks of a version: an alias, or where the version's zip lies."""
        said = typed_json.parsed(s3.get_bytes(bucket, each.key))
        arn, built = str(said.get("arn", "")), str(said.get("built", ""))
        if not arn:
            return  # a delete marker, or nothing of ours: it stays
        self._notes[arn].append(each)
        if counts:
            self.built[arn] = built

    def of(self, arn: str, built: str) -> list[Stored]:
        """Zip, manifest, bill of materials and notes of one version."""
        return [*self._folders.get(built, []), *self._notes.get(arn, [])]


def stored(aws: Aws, others: Stages) -> Files:
    found = Files()
    for bucket in buckets(aws, others):
        found.add(bucket, aws.settings.layer)
    return found


def buckets(aws: Aws, others: Stages) -> list[Aws]:
    """This stage's bucket, and those of other stages whose account and region are reached alike."""
    here = aws.settings
    names = {each.bucket for each in others if _access(each) == _access(here)} - {here.bucket}
    return [aws, *(Aws(replace(here, bucket=name), aws.environ) for name in sorted(names))]


def _access(stage: Settings) -> tuple[object, ...]:
    return stage.is_local, stage.account, stage.role, stage.profile, stage.region


# ---- what uses it -------------------------------------------------------------------------------


def uses(aws: Aws, others: Stages) -> dict[str, list[str]]:
    """{ARN: who}, from Lambda, .chalice/config.json, the pins and unfinished deploys in S3."""
    found: dict[str, list[str]] = defaultdict(list)
    for source in (running(aws), configured(), pinned(aws, others), unfinished(aws, others)):
        for arn, who in source:
            found[arn].append(who)
    return found


def running(aws: Aws) -> Iterator[tuple[str, str]]:
    """With what any function of the region runs, or a published version of it would."""
    for arn, names in lambda_functions.users(aws).items():
        yield arn, f"function {', '.join(names)}"


def configured() -> Iterator[tuple[str, str]]:
    """Of every stage, of the app, of single functions."""
    config = chalice_config.load_config(paths.CHALICE_CONFIG)
    for arn in config.get("layers", []):
        yield arn, str(paths.CHALICE_CONFIG)
    for name, stage in config["stages"].items():
        for table_ in (stage, *stage.get("lambda_functions", {}).values()):
            for arn in table_.get("layers", []):
                yield arn, f"{paths.CHALICE_CONFIG}, stage {name}"


def pinned(aws: Aws, others: Stages) -> Iterator[tuple[str, str]]:
    """Whatever a standing pin of any app and stage names."""
    for bucket in buckets(aws, others):
        for stage, pin in store.standing(bucket):
            for arn in pin.arns:
                yield arn, f"pin of stage {stage}"


def unfinished(aws: Aws, others: Stages) -> Iterator[tuple[str, str]]:
    """What a deploy goes back to, should it not answer."""
    for bucket in buckets(aws, others):
        for arn, stage in snapshot.everybodys(bucket):
            yield arn, f"stage {stage}, which may go back to it"
