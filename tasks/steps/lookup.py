"""lookup: does AWS already hold a layer version made from exactly these inputs?

Asked before anything is built; needs no Docker. A hit puts the ARN into .layer-arn.txt.
"""

import json
from collections.abc import Iterable

from tasks.clients import layers, manifests, s3, sandboxes, stage_store
from tasks.clients.aws import Aws, connect
from tasks.core import budget, chalice_config, identity, paths, records, versions
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.errors import InputError
from tasks.core.pins import Pin
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion


def task_lookup() -> dict[str, object]:
    """Ask AWS whether these inputs are published already."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings), sandboxes.kind(settings)))],
        "task_dep": ["preflight"],
    }


def run(aws: Aws, builder: str) -> records.Record:
    """Record {"input", "arn", "pin"}: `arn` is None when a version has to be made; for a stage
    that was rolled back it is that version's, and `pin` says when that was. What is published
    goes into publish's record, so that a fresh machine has it as well as the one that did it."""
    wanted = identity.input_hash(aws.settings, builder)
    pin = stage_store.pin(aws)
    held = pin is not None and pin.holds(wanted)
    arn = follow(aws, pin) if pin and held else look(aws, wanted)
    if pin and not held and not pin.lifted:
        say(f"the requirements are not those that the stage was {pin}")
        say("this deploy goes on and lifts that pin")
    if arn:
        records.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
        check_budget(aws.settings)
    record = {"input": wanted, "arn": arn, "pin": pin.at if pin and held else None}
    records.write(paths.stage_record(aws.settings, "lookup"), record)
    return record


def look(aws: Aws, wanted: str) -> str | None:
    """The ARN of the version that these inputs are published as."""
    published = layers.Listing(aws)
    found = find(aws, wanted, published)
    for number in deleted(aws, published):
        say(f"version {number}, which was used from here, has been deleted since")
    if found:
        say(f"inputs {wanted[:12]} are published as version {found.number}: nothing to build")
    else:
        say(f"inputs {wanted[:12]} are not published yet")
    if latest := found or next(iter(published), None):
        _remember(aws, latest)
    return found.arn if found else None


def follow(aws: Aws, pin: Pin) -> str:
    """The pinned ARNs, with commas. InputError when one of them was deleted."""
    settings = aws.settings
    say(f"stage {settings.stage} was {pin}")
    for arn in pin.arns:
        try:
            version = layers.by_arn(aws, arn)
        except InputError as error:
            number, stage = versions.number_of(arn), f"stage={settings.stage}"
            fix = f"./doitw rollback version={number} {stage} publishes it again from its zip; "
            fix += f"./doitw unpin {stage} goes on to what the requirements say"
            raise InputError(f"{error.problem}, but the stage is pinned to it", fix=fix) from None
        if versions.is_of(arn, settings.layer):
            _remember(aws, version)
    say("it stays there: nothing is built, application code is deployed")
    say(f"./doitw unpin stage={settings.stage} lifts that, and so do changed requirements")
    return ",".join(pin.arns)


def check_budget(settings: Settings) -> None:
    """VerifyError when the version, proven alone, no longer fits beside the stage's layers."""
    published = records.read(paths.stage_record(settings, "publish")) or {}
    if published.get("unzipped"):
        spent = budget.spending(settings, published["unzipped"])
        budget.check(settings, spent, published["packages"] or {})


def find(aws: Aws, wanted: str, published: Iterable[LayerVersion]) -> LayerVersion | None:
    """The newest version with this input hash that runs here and holds what it says; else the
    one that `upload` found to have the content that these other inputs make, too."""
    settings = aws.settings
    usable = []
    for version in published:
        if version.fits(settings.python, settings.architecture):
            if version.input_hash == wanted and layers.holds(aws, version):
                return version
            usable.append(version)
    noted = _noted(aws, wanted) if usable else None
    return next((v for v in usable if v.arn == noted and layers.holds(aws, v)), None)


def _noted(aws: Aws, wanted: str) -> str | None:
    """The ARN in upload's note."""
    note = s3.get_bytes(aws, versions.alias_key(aws.settings.layer, wanted))
    return str(json.loads(note)["arn"]) if note else None


def deleted(aws: Aws, published: Iterable[LayerVersion]) -> list[int]:
    """Numbers of this layer's versions that the records or config.json speak of, but AWS has no
    more. A function that runs one keeps it; nothing new can use it."""
    settings = aws.settings
    last = records.read(paths.stage_record(settings, "publish")) or {}
    arns = {last.get("arn", ""), *chalice_config.known_layers(paths.CHALICE_CONFIG, settings.stage)}
    place = (settings.region, aws.account, settings.layer)
    spoken_of = {versions.number_of(arn) for arn in arns if versions.place_of(arn) == place}
    return sorted(each for each in spoken_of if not versions.numbered(published, each))


def _remember(aws: Aws, version: LayerVersion) -> None:
    """publish's record as its manifest in S3 tells it, where this machine has another or none;
    left alone where there is no manifest. A publish that was stopped right after AWS's answer
    is completed here with its note."""
    path = paths.stage_record(aws.settings, "publish")
    if (records.read(path) or {}).get("arn") == version.arn:
        return
    made = manifests.of(aws, version)
    if made is not None:
        manifests.note(aws, version.arn, made.built)
        facts = {name: getattr(made, name) for name in versions.PUBLISHED}
        records.write(path, facts | {"arn": version.arn})
