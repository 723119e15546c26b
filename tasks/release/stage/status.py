"""What is known of one stage, and where its parts differ, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...aws import arn as layer_arns
from ...settings import paths
from ...settings.model import LAMBDA_LIMIT, Settings
from ...ui.console import size
from ..manifest import Manifest
from ..partial import Unknowns
from ..version import LayerVersion
from .rollback_pin import RollbackPin

# Without these nothing can be said of drift; the other parts are there to be looked at.
DECIDING = {"AWS", "inputs", "published", "match", "configured", "deployed", "pin", "secret",
            "health", "conversion"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Function:
    """One of the stage's. `layers`: ARNs it runs with, None when it is gone from AWS. `wanted`:
    ARNs by config.json, where a function may have `layers` of its own. `hides`: what of the layer
    it does not run, a sentence each."""

    layers: Sequence[str] | None
    wanted: Sequence[str]
    hides: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class SecretStatus:
    """The stage's secret: names only. `deployed`: its version that the functions run with, ''
    for none. `now`: the version that it has."""

    names: Sequence[str]
    deployed: str
    now: str


@dataclass(frozen=True, kw_only=True)
class StageStatus:
    """`account`: of AWS, '' where that cannot be reached. `wanted`: input hash of requirements and
    settings as they are. `built`: of the zip that lies here. `published`: newest first. `match`:
    the version that holds what the inputs make. `configured`: ARNs. Among them is the `assumed` one
    of this layer, which was deployed last, where config.json here names none ('': it does).
    `size`: of the configured version, else of `match`. `stored`: {S3 key: bytes} of the layer.
    `pin`: the standing one that holds against the inputs. `secret`: None where the stage has none.
    `troubles`: sentences about what the versions do not show (release/undo/health.py). `left`: the
    functions of the last deploy, where all of them are gone. `conversion`: what is left to do of
    one, a sentence each. `state`: Chalice's. `unknown`: {what: why it could not be seen}."""

    settings: Settings
    wanted: str
    built: str
    published: Sequence[LayerVersion]
    match: LayerVersion | None
    configured: Sequence[str]
    functions: Mapping[str, Function]
    size: str
    stored: Mapping[str, int]
    pin: RollbackPin | None
    account: str = ""
    assumed: str = ""
    secret: SecretStatus | None = None
    troubles: Sequence[str] = ()
    left: Sequence[str] = ()
    conversion: Sequence[str] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    unknown: Unknowns = field(default_factory=Unknowns)

    @property
    def is_complete(self) -> bool:
        """Could everything be seen that drift is about?"""
        return not DECIDING & self.unknown.keys()

    @property
    def is_started(self) -> bool:
        """Was anything ever configured or deployed to the stage?"""
        return bool(self.functions or self._configured_number)

    @property
    def _configured_number(self) -> int:
        return number(self.configured, self.settings.layer)

    @property
    def source(self) -> str:
        """Who says which version the stage should have."""
        return "the last deploy" if self.assumed else "config"


def number(arns: Sequence[str], layer: str) -> int:
    """Of the version of that layer among the ARNs. 0 for none."""
    ours = [layer_arns.number_of(arn) for arn in arns if layer_arns.is_of(arn, layer)]
    return ours[0] if ours else 0


def says(version: int) -> str:
    return f"version {version}" if version else "no version"


def drift(status: StageStatus) -> list[str]:
    """A sentence for everything that differs, with what to type."""
    if status.left:
        return list(_left(status))
    found = [*status.troubles, *_of_functions(status), *_of_config(status), *_of_inputs(status)]
    return [*found, *_of_secret(status)]


def _left(status: StageStatus) -> Iterator[str]:
    """Of a stage that was taken down: what `chalice delete` leaves behind."""
    settings, names = status.settings, ", ".join(status.left)
    layer, stage = settings.layer, f"stage={settings.stage}"
    down = f"stage {settings.stage} was taken down: {names} gone from AWS"
    yield f"{down}; back again: {_deploy(status)}"
    if status.published:
        numbers = ", ".join(str(version.number) for version in status.published)
        kept = size(sum(status.stored.values()))
        yield f"left: versions {numbers} of {layer}, {kept} in S3: ./doitw gc keep=0 {stage}"
    for name in status.left:
        group = f"/aws/lambda/{name}"
        command = f"aws logs delete-log-group --region {settings.region} --log-group-name {group}"
        yield f"left, where it ever ran: its log: {command}"
    yield f"left: Chalice's state and the last deploy's record in s3://{settings.bucket}/chalice/"
    if status.pin:
        yield f"left: {status.pin}: ./doitw unpin {stage}"


def _of_functions(status: StageStatus) -> Iterator[str]:
    if {"configured", "deployed", "AWS"} & status.unknown.keys():
        return
    layer, way = status.settings.layer, _deploy(status)
    for name, function in status.functions.items():
        if function.layers is None:
            yield f"function {name} was deployed and is gone from AWS: {way}"
        elif function.layers != function.wanted:
            runs, config = number(function.layers, layer), number(function.wanted, layer)
            if runs != config:
                said = f"runs {says(runs)}; {status.source} says {config or 'none'}"
            else:
                said = f"runs other layers than {status.source} says: {_list(function.layers)}"
            yield f"function {name} {said}: {way}"
        yield from (f"{sentence}: {way}" for sentence in function.hides)
    if status.configured and not status.functions:
        yield f"layers are configured, but nothing is deployed: {way}"


def _of_config(status: StageStatus) -> Iterator[str]:
    if {"configured", "published", "AWS"} & status.unknown.keys():
        return
    there = {version.arn for version in status.published}
    place = (status.settings.region, status.account, status.settings.layer)
    for arn in status.configured:
        if layer_arns.place_of(arn) == place and arn not in there:
            missing = f"version {layer_arns.number_of(arn)}"
            gone = f"{status.source} says {missing}, which AWS does not have (any more)"
            yield f"{gone}: {_deploy(status)}"


def _of_inputs(status: StageStatus) -> Iterator[str]:
    if not status.is_complete or not status.is_started:
        return
    match, configured = status.match, number(status.configured, status.settings.layer)
    if status.pin:
        if not {*status.pin.arns} <= {*status.configured}:
            said = f"the stage is pinned, {status.source} says {configured or 'none'}"
            yield f"{said}: {_deploy(status)}"
    elif match is None:
        yield f"these inputs are not published: {_deploy(status)}"
    elif match.arn not in status.configured:
        yield (
            f"the stage uses {says(configured)}, these inputs are version {match.number}: behind; "
            f"forward: {_deploy(status)}"
        )


def _of_secret(status: StageStatus) -> Iterator[str]:
    secret = status.secret
    if secret and secret.deployed != secret.now and status.functions:
        name = status.settings.secret
        yield f"secret {name} is not the one that was deployed: {_deploy(status)}"


def _deploy(status: StageStatus) -> str:
    return f"./doitw deploy stage={status.settings.stage}"


def _list(arns: Sequence[str]) -> str:
    return ", ".join(arns) or "none"


def advice(status: StageStatus) -> list[str]:
    """Drift, or that there is none, as far as it can be seen."""
    found = drift(status)
    if status.pin:
        way = f"./doitw unpin stage={status.settings.stage}"
        found.append(f"{status.pin}; forward: {way}, then ./doitw deploy")
    if not found and status.is_complete:
        nothing = f"nothing is deployed yet: {_deploy(status)}"
        found = ["all agree: nothing to do" if status.is_started else nothing]
    if status.assumed:
        here = f"{paths.CHALICE_CONFIG} here names no version of {status.settings.layer}"
        found.insert(0, f"note: {here}: the last deploy's counts")
    return found


def in_words(manifest: Manifest) -> str:
    """How big, and how much of what Lambda allows."""
    share = f"{manifest.unzipped / LAMBDA_LIMIT:.0%} of Lambda's limit"
    return f"{size(manifest.bytes)} zipped, {size(manifest.unzipped)} unzipped ({share})"
