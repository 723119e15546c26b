"""plan's first half: the layer version that the stage would use, and what it takes to get it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...aws import s3
from ...aws.client import Aws
from ...layer import input_hash
from ...layer.archive import size_limit
from ...requirements import host_python
from ...sandbox import choose
from ...settings import paths, records, s3_keys
from ...settings.model import Settings
from ...settings.step_records import VerifyRecord, ZipRecord
from ...util import files
from .. import listing, registry
from .. import manifest as manifests
from ..manifest import Manifest
from ..version import LayerVersion
from . import attached_layers, status
from . import choice as stage_choice
from .choice import Choice
from .deploy_plan import RequirementChange, why_built


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The one that the stage would use. `arn`: several with commas, as in .layer-arn.txt. None
    where not even the account is known. `lifts`: a pin for other requirements stands. `own`: the
    stage's layers, in which it takes its place."""

    arn: str | None
    changes: list[RequirementChange]
    notes: list[str]
    lifts: bool = False
    own: Sequence[str] = ()


def from_nothing(settings: Settings) -> Layer:
    """Of an emulator that is not running."""
    why = ["the emulator is not running: it would be started, and is empty then"]
    changes = [*_build(settings, why), RequirementChange(what="publish version 1", why=why)]
    return Layer(arn=None, changes=changes, notes=[])


def plan_layer(aws: Aws, *, fills: bool = False) -> Layer:
    """As lookup would find it. `fills`: is the bucket to have the zip, whatever is published?
    InputError, AwsError when the stage is pinned to a deleted version,
    or to one that it may not have. VerifyError when it is too large beside the stage's other
    layers."""
    parts = input_hash.parts(aws.settings, choose.expected(aws.settings))
    wanted = files.digest(parts)
    choice = stage_choice.choose(aws, wanted)
    layer = _pinned(aws, choice) if choice.pinned else _by_inputs(aws, choice, parts, wanted)
    if fills and choice.found and not registry.is_stored(aws, choice.found):
        layer = _filling(aws, choice.found, wanted)
    return replace(
        layer,
        notes=[*_of_pin(choice, aws.settings), *layer.notes],
        lifts=choice.verdict.lifts,
        own=choice.own,
    )


def _of_pin(choice: Choice, settings: Settings) -> Iterator[str]:
    pin, stage = choice.verdict.pin, settings.stage
    if pin and choice.pinned:
        until = f"until ./doitw unpin stage={stage}, or until {pin.decisions} change"
        yield f"the stage was {pin}; it stays there {until}"
    elif pin and choice.verdict.lifts:
        changed = f"{pin.decisions} have changed since"
        yield f"the stage was {pin}; {changed}: the deploy ends that pin"
    if choice.restores:
        yield "the layers that the stage had before the rollback come back"


def _pinned(aws: Aws, choice: Choice) -> Layer:
    for version in choice.pinned:
        _check_budget(aws, choice, version)
    return Layer(arn=",".join(each.arn for each in choice.pinned), changes=[], notes=[])


def _by_inputs(aws: Aws, choice: Choice, parts: dict[str, str], wanted: str) -> Layer:
    settings, there = aws.settings, choice.listing
    if found := choice.found:
        _check_budget(aws, choice, found)
        note = f"inputs {wanted[:12]} are published as version {found.number}: nothing to build"
        return Layer(arn=found.arn, changes=[], notes=[note])
    if twin := _twin(aws, wanted):
        note = f"version {twin.number} holds exactly what is built here: nothing to publish"
        return Layer(arn=twin.arn, changes=[], notes=[note])
    new = _next(aws, there)
    if deleted := choice.stored:
        restore = RequirementChange(
            what=f"publish version {new} of {settings.layer} from the zip of {deleted.built}",
            why=[f"inputs {wanted[:12]} were published; that version was deleted"],
        )
        return Layer(arn=listing.arn(aws, new), changes=[restore], notes=[])
    number, manifest = _compared(aws, there)
    why = why_built(settings, parts, manifest, number)
    unless = "unless what is built turns out to be in a published version already"
    publish = RequirementChange(
        what=f"publish version {new} of {settings.layer}",
        why=[f"inputs {wanted[:12]} are not published", unless],
    )
    return Layer(
        arn=listing.arn(aws, new), changes=[*_build(settings, why, wanted), publish], notes=[]
    )


def _filling(aws: Aws, found: LayerVersion, wanted: str) -> Layer:
    """The zip of a version that was published from another bucket is built anew, for this one."""
    where = f"s3://{aws.settings.bucket}"
    why = [f"the zip of version {found.number} is not in {where} yet"]
    fill = RequirementChange(what=f"put the zip of version {found.number} into {where}", why=why)
    return Layer(arn=found.arn, changes=[*_build(aws.settings, why, wanted), fill], notes=[])


def _check_budget(aws: Aws, choice: Choice, version: LayerVersion) -> None:
    """VerifyError as lookup's, where its manifest tells how large it is. Layers that a rollback put
    there, and that go, do not count."""
    if made := manifests.read_manifest(aws, version):
        spent = size_limit.spending(aws.settings, made.unzipped)
        if choice.restores:
            stay = size_limit.beside(choice.own, aws.settings)
            spent = replace(spent, others={arn: spent.others.get(arn) for arn in stay})
        size_limit.check_limit(aws.settings, spent, made.packages)


def _build(settings: Settings, why: list[str], wanted: str = "") -> list[RequirementChange]:
    """[] when the zip that lies here is of these inputs, and tested."""
    if wanted and (tested := _tested(settings)) and tested.input == wanted:
        return []
    proven = settings.builder != "host" or host_python.runs(settings)
    how = "and test it" if proven else "from wheels, without an import test"
    return [RequirementChange(what=f"build the layer {how}", why=why)]


def _tested(settings: Settings) -> ZipRecord | None:
    """zip's record, when verify has tested that zip."""
    packed = records.read(settings, ZipRecord)
    verified = records.read(settings, VerifyRecord)
    whole = packed and verified and packed.sha256 == verified.sha256
    return packed if whole and paths.layer_zip(settings).is_file() else None


def _twin(aws: Aws, wanted: str) -> LayerVersion | None:
    """The version with the content that is built here from these inputs."""
    packed = _tested(aws.settings)
    if packed is None or packed.input != wanted:
        return None
    return registry.by_content(aws, packed.sha256)


def _compared(aws: Aws, there: listing.Listing) -> tuple[int, Manifest | None]:
    """The version that the stage uses, else the newest of ours: (number, manifest)."""
    number = status.number(attached_layers.now(aws), aws.settings.layer)
    if number and (manifest := manifests.of_number(aws, number)):
        return number, manifest
    newest = next((version for version in there if version.is_ours), None)
    return (newest.number, manifests.read_manifest(aws, newest)) if newest else (0, None)


def _next(aws: Aws, there: listing.Listing) -> int:
    """AWS never gives a number twice, a deleted version's neither."""
    layer = aws.settings.layer
    noted = s3_keys.noted(layer, s3.objects(aws, s3_keys.prefix(layer)))
    return max([*noted, *(version.number for version in there)], default=0) + 1
