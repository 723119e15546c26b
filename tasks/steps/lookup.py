"""lookup: does AWS already hold a layer version made from exactly these inputs?

Asked before anything is built; needs no Docker. A hit puts the ARN into .layer-arn.txt.
"""

from collections.abc import Iterable

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import config
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import input_hash
from ..layer.archive import size_limit
from ..release import listing, registry
from ..release import version as versions
from ..release.stage import attached_layers, store
from ..release.stage.rollback_pin import RollbackPin
from ..release.version import LayerVersion
from ..sandbox import choose
from ..settings import paths
from ..ui.console import say
from ..util import files
from ..util.errors import InputError


def task_lookup() -> dict[str, object]:
    """Ask AWS whether these inputs are published already."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings), choose.kind(settings)))],
        "task_dep": ["preflight"],
    }


def run(aws: Aws, builder: str) -> files.Record:
    """Record {"input", "arn", "stored", "pin", "lifts"}: `arn` is None when a version has to be
    made, and `stored` names the zip in S3 to make it from, where there is one; for a stage that was
    rolled back `arn` is that version's, and `pin` says when that was; `lifts`: a pin stands that is
    for other requirements. What is published goes into publish's record, so that a fresh machine
    has it as well as the one that did it."""
    wanted = input_hash.input_hash(aws.settings, builder)
    pin = store.pin(aws)
    held = pin is not None and pin.holds(wanted)
    arn, stored = (follow(aws, pin), None) if pin and held else find_published(aws, wanted)
    lifts = bool(pin and not held and not pin.lifted)
    if lifts:
        said = f"the requirements are not those that the stage was {pin}"
        say(f"note: {said}: this deploy goes on and lifts that pin")
    if arn:
        files.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
        size_limit.check_published(aws.settings)
    since = pin.at if pin and held else None
    record = {"input": wanted, "arn": arn, "stored": stored, "pin": since, "lifts": lifts}
    files.write_record(paths.stage_record(aws.settings, "lookup"), record)
    return record


def find_published(aws: Aws, wanted: str) -> tuple[str | None, str | None]:
    """What these inputs are published as: its ARN; else the time that names its zip in S3, when
    that version was deleted since."""
    there = listing.Listing(aws)
    found = registry.by_inputs(aws, wanted, there)
    for number in deleted(aws, there):
        say(f"note: version {number}, which was used from here, has been deleted since")
    fitting = (each for each in there if each.fits(aws.settings.python, aws.settings.architecture))
    if latest := found or next(fitting, None):
        registry.remember(aws, latest)
    if found:
        say(f"inputs {wanted[:12]} are version {found.number} already")
        return found.arn, None
    stored = registry.stored(aws, wanted)
    if stored:
        say(f"inputs {wanted[:12]} were published; that version was deleted, its zip is in S3")
    else:
        say(f"inputs {wanted[:12]} are not published yet")
    return None, stored.built if stored else None


def follow(aws: Aws, pin: RollbackPin) -> str:
    """The pinned ARNs, with commas. InputError when one of them was deleted, AwsError when it is
    not one that the stage may have by a word in S3 alone."""
    settings = aws.settings
    attached_layers.check_pinned_layers(aws, pin)
    say(f"note: stage {settings.stage} was {pin}")
    for arn in pin.arns:
        try:
            version = listing.by_arn(aws, arn)
        except InputError as error:
            number, stage = layer_arns.number_of(arn), f"stage={settings.stage}"
            fix = f"./doitw rollback version={number} {stage} publishes it again from its zip; "
            fix += f"./doitw unpin {stage} goes on to what the requirements say"
            raise InputError(f"{error.problem}, but the stage is pinned to it", fix=fix) from None
        if layer_arns.is_of(arn, settings.layer):
            registry.remember(aws, version)
    say(
        "note: it stays there: nothing is built, application code is deployed; "
        f"./doitw unpin stage={settings.stage} lifts that, and so do changed requirements"
    )
    return ",".join(pin.arns)


def deleted(aws: Aws, there: Iterable[LayerVersion]) -> list[int]:
    """Numbers of this layer's versions that the records or config.json speak of, but AWS has no
    more. A function that runs one keeps it; nothing new can use it."""
    settings = aws.settings
    last = files.read_record(paths.stage_record(settings, "publish")) or {}
    arns = {last.get("arn", ""), *config.known_layers(paths.CHALICE_CONFIG, settings.stage)}
    place = (settings.region, aws.account, settings.layer)
    spoken_of = {layer_arns.number_of(arn) for arn in arns if layer_arns.place_of(arn) == place}
    return sorted(each for each in spoken_of if not versions.numbered(there, each))
