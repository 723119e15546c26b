"""`doit doctor` in AWS: clock, region, permissions, bucket, Chalice's state, lock. Only looks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ...aws import clock as aws_clock
from ...aws import s3, s3_versions
from ...aws.client import Aws
from ...aws.iam import simulate
from ...aws.iam.simulate import Simulation
from ...layer.archive import size_limit
from ...release import listing
from ...release.deployed import function_contents
from ...release.stage import chalice_state, lease, lock, store
from ...settings.model import Settings
from ...steps import preflight
from ...ui import finding
from ...ui.console import duration
from ...ui.finding import Finding
from ...util.errors import AwsError
from .. import iam_policy

SKEW = 300.0  # seconds that AWS takes a signature of another time for (SigV4; S3: 900)


def clock(settings: Settings) -> Finding | str:
    """AwsError when signatures made here are too old or too new."""
    there = aws_clock.now(settings)
    if there is None:
        return finding.note("clock", "AWS did not say what time it is")
    off = (datetime.now(UTC) - there).total_seconds()
    said = f"{duration(abs(off))} {'ahead of' if off > 0 else 'behind'} AWS's"
    if abs(off) > SKEW:
        problem = f"this machine's clock is {said}: AWS refuses its signatures"
        raise AwsError(problem, fix="set it right (NTP: `timedatectl set-ntp true`)")
    return "right within a few seconds" if abs(off) < 5 else said


def region(settings: Settings) -> Finding | str:
    if settings.region in aws_clock.regions():
        return settings.region
    said = f"{settings.region} is none that this boto3 knows of"
    return finding.note("region", said, "check its spelling; a new region needs a newer boto3")


def check_aws(aws: Aws) -> Iterator[Finding]:
    """With good credentials."""
    there = finding.finding_of("bucket", lambda: _bucket(aws))
    yield there
    ready = there.mark == finding.GOOD and s3.has_bucket(aws)
    yield finding.finding_of("permissions", lambda: _permissions(aws, bucket=ready))
    yield finding.finding_of("other layers", lambda: _others(aws))
    yield from stage(aws)


def _bucket(aws: Aws) -> str:
    if s3.has_bucket(aws):
        return f"{aws.settings.bucket} is there, this account's"
    return f"{aws.settings.bucket} is not there; the deploy makes it"


def _permissions(aws: Aws, *, bucket: bool) -> Finding | str:
    """AwsError names what is not allowed."""
    wanted = simulate.needed(iam_policy.scope(aws.settings), bucket=bucket)
    actions = simulate.actions_of(wanted)
    if told := simulate.simulated(aws, wanted):
        return _simulated(told, len(actions))
    function, key = store.function(aws.settings), lock.key(aws.settings)
    calls, refused = simulate.tried(aws, function, key, bucket=bucket)
    if refused:
        raise simulate.missing(refused)
    untried = len(actions - {*calls})
    said = f"{len(calls)} tried and allowed; {untried} that change something were not tried"
    fix = "allow iam:SimulatePrincipalPolicy (and iam:GetRole), and all are asked of IAM"
    return finding.note("permissions", said, fix)


def _simulated(told: Simulation, count: int) -> Finding | str:
    """AwsError for what is denied. A condition on what only the real request has is unknown."""
    if told.denied:
        raise simulate.missing(told.denied)
    if not told.unknown:
        return f"all {count} that a deploy needs, by IAM's policy simulator"
    keys = ", ".join(sorted({key for each in told.unknown.values() for key in each}))
    names = ", ".join(sorted(told.unknown))
    said = f"unknown for {names}: your policies have conditions on {keys}"
    return finding.note("permissions", said, "the deploy itself shows whether they hold")


def _others(aws: Aws) -> str:
    """InputError for a layer that is gone, AwsError for one that may not be had."""
    preflight.check_places(aws)
    others = size_limit.others(aws.settings)
    for arn in others:
        listing.by_arn(aws, arn)
    return f"{len(others)} beside {aws.settings.layer}, all there" if others else "none"


def stage(aws: Aws) -> Iterator[Finding]:
    """Chalice's state, what the functions run, the lock."""
    yield finding.finding_of("state", lambda: _state(aws))
    yield finding.finding_of("functions", lambda: _functions(aws))
    yield finding.finding_of("lock", lambda: _lock(aws))


def _state(aws: Aws) -> str:
    """DeployError for a function or REST API that nobody has a record of."""
    chalice_state.refuse_lost_state(aws)
    if chalice_state.read_state(aws).get("resources"):
        return f"stage {aws.settings.stage} is deployed, Chalice's record is here or in S3"
    return f"nothing is deployed to stage {aws.settings.stage} yet"


def _functions(aws: Aws) -> Finding | str:
    """Does each run what its layer has?"""
    if problems := function_contents.of_stage(aws):
        fix = f"./doitw deploy stage={aws.settings.stage} packs them anew"
        return finding.note("functions", "; ".join(problems), fix)
    return "nothing in a function's own package hides what its layer has"


def _lock(aws: Aws) -> Finding | str:
    found = s3_versions.read_object(aws, lock.key(aws.settings))
    holder = lease.parse_lease(found.data)
    if holder is None or holder.released:
        return "free"
    age = duration(found.at.timestamp() - holder.since)
    if holder.expired(found.at):
        said = f"left by {holder} ({age} ago), expired at {holder.end}: the next deploy takes it"
        return finding.note("lock", said)
    said = f"held by {holder} ({age}), until {holder.end} or longer: a deploy waits for its end"
    fix = f"`./doitw unlock stage={aws.settings.stage}` shows whether that run lives"
    return finding.note("lock", said, fix)
