"""lookup: does AWS already hold a layer version made from exactly these inputs?

Asked before anything is built. Needs no Docker. A hit puts the ARN into .layer-arn.txt.
"""

from collections.abc import Iterable

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import config
from ..chalice_project import package as function_package
from ..context.arguments import only_publishes
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current, is_typed
from ..image import ecr
from ..layer import input_hash
from ..layer.archive import size_limit
from ..release import layer_contents, registry
from ..release import version as versions
from ..release.images import parts as image_parts
from ..release.images import pin as image_pin
from ..release.images.pin import ImagePin
from ..release.stage import choice as stage_choice
from ..release.stage.choice import Choice
from ..release.version import LayerVersion
from ..sandbox import choose
from ..settings import paths, records
from ..settings.step_records import LookupRecord, PublishRecord
from ..ui.console import say
from ..util import files
from ..util.errors import InputError


def task_lookup() -> dict[str, object]:
    """Ask AWS whether these inputs are published."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings), choose.kind(settings)))],
        "task_dep": ["preflight"],
    }


def run(aws: Aws, builder: str) -> LookupRecord:
    """What is published goes into publish's record, so that a fresh machine has it as well as the
    one that did it."""
    wanted = input_hash.input_hash(aws.settings, builder)
    if aws.settings.is_image:
        return find_image(aws, wanted)
    choice = stage_choice.choose(aws, wanted)
    pin, lifts = choice.verdict.pin, choice.verdict.lifts
    arn = follow(aws, choice) if choice.pinned else find_published(aws, choice, wanted)
    if pin and lifts:
        said = f"the stage was {pin}; {pin.decisions} have changed since"
        say(f"note: {said}: this deploy goes on and ends that pin")
    if arn and not only_publishes() and function_package.has_vendored():
        layer_contents.refuse_hidden(aws, arn.split(","))
    if arn:
        files.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
    since = pin.at if pin and choice.verdict.holds else None
    stored = choice.stored.built if choice.stored else None
    record = LookupRecord(
        input=wanted, arn=arn, stored=stored, pin=since, lifts=lifts,
        own=choice.own, replaces=choice.configured if choice.restores else None,
    )  # fmt: skip
    records.write(aws.settings, record)
    if arn:
        size_limit.check_published(aws.settings)
    return record


def find_image(aws: Aws, wanted: str) -> LookupRecord:
    """`image`: the digest of one that has these packages, or that a rollback keeps."""
    if pin := image_pin.holding(aws):
        return _keep_image(aws, wanted, pin)
    settings, name = aws.settings, image_parts.repository(aws.settings)
    parts = image_parts.read(aws, wanted)
    there = bool(parts and parts.image and ecr.has_image(aws, name, parts.image))
    if parts and there:
        image_parts.remember(settings, parts)
        say(f"inputs {wanted[:12]} are in an image of {name} already: nothing to build")
    else:
        say(f"inputs {wanted[:12]} are in no image of {name} yet")
    image = parts.image if parts and there else None
    found = LookupRecord(input=wanted, image=image)
    records.write(settings, found)
    return found


def _keep_image(aws: Aws, wanted: str, pin: ImagePin) -> LookupRecord:
    settings = aws.settings
    if not ecr.has_image(aws, image_parts.repository(settings), pin.digest):
        raise InputError(
            f"stage {settings.stage} was {pin}, and that image is gone",
            fix=f"./doitw unpin stage={settings.stage} lets ./doitw deploy build a new one. Or "
            "./doitw rollback version=N goes to one that ./doitw history lists",
        )
    say(f"note: stage {settings.stage} was {pin}")
    say(
        f"note: it stays there: ./doitw unpin stage={settings.stage} ends that, and so does a "
        "change of the app or its requirements"
    )
    found = LookupRecord(input=wanted, image=pin.digest, pin=pin.at)
    records.write(settings, found)
    return found


def find_published(aws: Aws, choice: Choice, wanted: str) -> str | None:
    """What these inputs are published as."""
    there, found = choice.listing, choice.found
    for number in deleted(aws, there):
        say(f"note: version {number}, which was used from here, has been deleted since")
    fitting = (each for each in there if each.fits(aws.settings.python, aws.settings.architecture))
    if latest := found or next(fitting, None):
        registry.remember(aws, latest)
    if found and _fills_bucket() and not registry.is_stored(aws, found):
        where = f"s3://{aws.settings.bucket}"
        say(f"inputs {wanted[:12]} are version {found.number}, whose zip is not in {where} yet")
        return None
    if found:
        say(f"inputs {wanted[:12]} are version {found.number} already")
        return found.arn
    if choice.stored:
        say(f"inputs {wanted[:12]} were published; that version was deleted, its zip is in S3")
    else:
        say(f"inputs {wanted[:12]} are not published yet")
    return None


def _fills_bucket() -> bool:
    """Was a publish typed, or a bucket? Then the zip is to be in it, whatever is published."""
    return only_publishes() or is_typed("bucket")


def follow(aws: Aws, choice: Choice) -> str:
    """The pinned ARNs, with commas."""
    settings, pin = aws.settings, choice.verdict.pin
    assert pin
    say(f"note: stage {settings.stage} was {pin}")
    for version in choice.pinned:
        if layer_arns.is_of(version.arn, settings.layer):
            registry.remember(aws, version)
    say(
        "note: it stays there: nothing is built, application code is deployed; "
        f"./doitw unpin stage={settings.stage} ends that, and so do changed {pin.decisions}"
    )
    return ",".join(version.arn for version in choice.pinned)


def deleted(aws: Aws, there: Iterable[LayerVersion]) -> list[int]:
    """Numbers of this layer's versions that the records or config.json speak of, but AWS has no
    more. A function that runs one keeps it. Nothing new can use it."""
    settings = aws.settings
    last = records.read(settings, PublishRecord)
    arns = {last.arn if last else "", *config.known_layers(paths.CHALICE_CONFIG, settings.stage)}
    place = (settings.region, aws.account, settings.layer)
    spoken_of = {layer_arns.number_of(arn) for arn in arns if layer_arns.place_of(arn) == place}
    return sorted(each for each in spoken_of if not versions.numbered(there, each))
