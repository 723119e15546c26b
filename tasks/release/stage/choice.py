"""Which layers a stage is to have. `deploy` (its lookup) and `plan` both ask here."""

from dataclasses import dataclass

from ...aws import arn as layer_arns
from ...aws.client import Aws
from ...chalice_project import config
from ...settings import paths
from ...util.errors import InputError
from .. import listing as release_listing
from .. import registry
from ..manifest import Manifest
from ..version import LayerVersion
from . import attached_layers, pinning, rollback_pin
from .pinning import Verdict
from .rollback_pin import RollbackPin


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`pinned`: the versions that the stage keeps. Without any, `found` is the version that holds
    what the inputs make, and without that `stored` is the manifest of a deleted one whose zip is
    in S3. `own`: the stage's own list, in which the version takes its place."""

    verdict: Verdict
    pinned: list[LayerVersion]
    found: LayerVersion | None
    stored: Manifest | None
    own: list[str]
    listing: release_listing.Listing
    configured: list[str]
    restores: bool  # what a rollback replaced comes back with this


def choose(aws: Aws, wanted: str) -> Choice:
    """InputError, AwsError when the stage is pinned to a version that was deleted, or to one that
    it may not have."""
    verdict, listing = pinning.judge(aws, wanted), release_listing.Listing(aws)
    pinned = _pinned(aws, verdict.pin) if verdict.pin and verdict.holds else []
    found = None if pinned else registry.by_inputs(aws, wanted, listing)
    configured = config.layers(paths.CHALICE_CONFIG, aws.settings.stage)
    own = rollback_pin.own(verdict.pin, configured)
    if verdict.pin and pinned and not rollback_pin.is_one_version(verdict.pin, aws.settings.layer):
        own = []  # the pin has the whole list
    return Choice(
        verdict=verdict,
        pinned=pinned,
        found=found,
        stored=None if pinned or found else registry.stored(aws, wanted),
        own=own,
        listing=listing,
        configured=configured,
        restores=not pinned and _others(aws, own) != _others(aws, configured),
    )


def _others(aws: Aws, arns: list[str]) -> list[str]:
    return [arn for arn in arns if not layer_arns.is_of(arn, aws.settings.layer)]


def _pinned(aws: Aws, pin: RollbackPin) -> list[LayerVersion]:
    attached_layers.check_pinned_layers(aws, pin)
    return [_there(aws, arn) for arn in pin.arns]


def _there(aws: Aws, arn: str) -> LayerVersion:
    try:
        return release_listing.by_arn(aws, arn)
    except InputError as error:
        stage = f"stage={aws.settings.stage}"
        fix = f"./doitw unpin {stage} goes on to what the requirements say"
        if layer_arns.is_of(arn, aws.settings.layer):
            again = f"./doitw rollback version={layer_arns.number_of(arn)} {stage}"
            fix = f"{again} publishes it again from its zip. {fix}"
        raise InputError(f"{error.problem}, but the stage is pinned to it", fix=fix) from None
