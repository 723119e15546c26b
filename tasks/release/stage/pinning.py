"""A stage's pin: made by who goes back, judged by everybody who deploys or looks."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ...aws import arn as layer_arns
from ...aws.client import Aws
from ...chalice_project import config
from ...layer import input_hash
from ...sandbox import choose
from ...settings import paths
from ...util import actor
from ...util.errors import LayerError
from .. import listing, registry, wishes
from . import rollback_pin, store
from .rollback_pin import RollbackPin


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The stage's last pin, and whether it holds against this checkout."""

    pin: RollbackPin | None
    holds: bool

    @property
    def lifts(self) -> bool:
        """Does a deploy of this checkout lift it?"""
        return bool(self.pin and not self.pin.lifted and not self.holds)


def judge(aws: Aws, wanted: str) -> Verdict:
    """`wanted`: the checkout's input hash."""
    pin = store.pin(aws)
    if pin is None or pin.lifted:
        return Verdict(pin=pin, holds=False)
    wished = wishes.of(aws.settings)
    app = wishes.app(aws.settings) if pin.apps else ""
    holds = pin.holds(wished, wanted, app)
    if not (holds or pin.wishes):  # an older tool's: it knew input hashes only
        theirs = registry.wishes_of(aws, pin.arns, pin.inputs)
        holds = not theirs.isdisjoint(wished)
    return Verdict(pin=pin, holds=holds)


def make(
    aws: Aws, before: list[str], arns: list[str], reason: str, *, whole: bool,
    apps: Collection[str] = (),
) -> RollbackPin:  # fmt: skip
    """What keeps a stage that had `before` at these layers. It holds against the wishes of this
    checkout, and of everybody who got what the stage is configured for, had and is to have.
    Against what a pin that stands holds against. All others are changed wishes. `whole`: the list
    is what is wanted, and not one version in it. `apps`: of an undo that nobody typed. A pin that a
    person set stays one."""
    settings, former = aws.settings, store.pin(aws)
    known = {*config.layers(paths.CHALICE_CONFIG, settings.stage), *before, *arns}
    inputs = {version.input_hash for version in listing.versions(aws) if version.arn in known}
    wished = registry.wishes_of(aws, known)
    if former and not former.lifted:
        inputs |= {*former.inputs}
        wished |= {*former.wishes}
        apps = {*apps, *former.apps} if former.apps and apps else ()
    with suppress(LayerError):  # a way back must not need requirements that can be read
        inputs.add(input_hash.input_hash(settings, choose.kind(settings)))
        wished |= {*wishes.of(settings)}
    ours = [arn for arn in arns if layer_arns.is_of(arn, settings.layer)]
    return RollbackPin(
        arns=arns if whole or len(ours) != 1 else ours,
        by=actor.current_actor(aws.environ),
        at=actor.written(datetime.now(UTC)),
        reason=reason,
        inputs=sorted(inputs - {""}),
        wishes=sorted(wished),
        lists=rollback_pin.lists_with(former, arns),
        replaced=rollback_pin.own(former, before),
        apps=sorted(apps),
    )
