"""`doit doctor` in AWS: clock, region, permissions, bucket, Chalice's state, lock. Only looks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..clients import chalice_state, conditional, deploy_lock, layers, permissions, s3, times
from ..clients.aws import Aws
from ..core import budget, findings, lease
from ..core import permissions as needs
from ..core.console import duration
from ..core.errors import AwsError
from ..core.findings import Finding
from ..core.settings import Settings

SKEW = 300.0  # seconds that AWS takes a signature of another time for (SigV4; S3: 900)


def clock(settings: Settings) -> Finding | str:
    """AwsError when signatures made here are too old or too new."""
    there = times.now(settings)
    if there is None:
        return findings.note("clock", "AWS did not say what time it is")
    off = (datetime.now(UTC) - there).total_seconds()
    said = f"{duration(abs(off))} {'ahead of' if off > 0 else 'behind'} AWS's"
    if abs(off) > SKEW:
        problem = f"this machine's clock is {said}: AWS refuses what is signed by it"
        raise AwsError(problem, fix="set it right (NTP: `timedatectl set-ntp true`)")
    return "right within a few seconds" if abs(off) < 5 else said


def region(settings: Settings) -> Finding | str:
    if settings.region in times.regions():
        return settings.region
    said = f"{settings.region} is none that this boto3 knows of"
    return findings.note("region", said, "check its spelling; a new region needs a newer boto3")


def look(aws: Aws) -> Iterator[Finding]:
    """With good credentials."""
    there = findings.ask("bucket", lambda: _bucket(aws))
    yield there
    ready = there.mark == findings.GOOD and s3.has_bucket(aws)
    yield findings.ask("permissions", lambda: _permissions(aws, bucket=ready))
    yield findings.ask("other layers", lambda: _others(aws))
    yield from stage(aws)


def _bucket(aws: Aws) -> str:
    if s3.has_bucket(aws):
        return f"{aws.settings.bucket} is there, this account's"
    return f"{aws.settings.bucket} is not there; the deploy makes it"


def _permissions(aws: Aws, *, bucket: bool) -> Finding | str:
    """AwsError names what is not allowed."""
    wanted = needs.needed(aws.settings, bucket=bucket)
    denied = permissions.simulated(aws, wanted)
    if denied:
        raise permissions.missing(denied)
    if denied is not None:
        return f"all {len(wanted)} that a deploy needs, by IAM's policy simulator"
    calls, refused = permissions.tried(aws, bucket=bucket)
    if refused:
        raise permissions.missing(refused)
    untried = len(wanted - {*calls})
    said = f"{len(calls)} tried and allowed; {untried} that change something were not tried"
    fix = "allow iam:SimulatePrincipalPolicy (and iam:GetRole), and all are asked of IAM"
    return findings.note("permissions", said, fix)


def _others(aws: Aws) -> str:
    """InputError for a layer that is gone, AwsError for one that may not be had."""
    others = budget.others(aws.settings)
    for arn in others:
        layers.by_arn(aws, arn)
    return f"{len(others)} beside {aws.settings.layer}, all there" if others else "none"


def stage(aws: Aws) -> Iterator[Finding]:
    """Chalice's state and the lock."""
    yield findings.ask("state", lambda: _state(aws))
    yield findings.ask("lock", lambda: _lock(aws))


def _state(aws: Aws) -> str:
    """DeployError for a function or REST API that nobody has a record of."""
    chalice_state.check(aws)
    if chalice_state.known(aws).get("resources"):
        return (
            f"stage {aws.settings.stage} is deployed, and Chalice's record of it is here or in S3"
        )
    return f"nothing is deployed to stage {aws.settings.stage} yet"


def _lock(aws: Aws) -> Finding | str:
    found = conditional.read(aws, deploy_lock.key(aws.settings))
    holder = lease.parse(found.data)
    if holder is None or holder.released:
        return "free"
    age = duration(found.at.timestamp() - holder.since)
    if holder.expired(found.at):
        said = f"left by {holder} ({age} ago), expired at {holder.end}: the next deploy takes it"
        return findings.note("lock", said)
    said = f"held by {holder} ({age}), until {holder.end} or longer: a deploy waits for its end"
    fix = f"`./doitw unlock stage={aws.settings.stage}` shows whether that run lives"
    return findings.note("lock", said, fix)
