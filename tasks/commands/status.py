"""`doit status`: per stage what is built, published, configured and deployed, and the drift.

Only looks. What cannot be seen (no credentials, no permission) says so and why.
"""

from collections.abc import Mapping, Sequence

from ..aws import arn, lambda_functions, s3, secrets_manager
from ..aws.client import Aws
from ..chalice_project import config, deploy
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current, is_typed
from ..layer import input_hash
from ..release import listing
from ..release import manifest as manifests
from ..release.deployed import function_contents
from ..release.images import conversion
from ..release.partial import Unknowns
from ..release.registry import by_inputs
from ..release.stage import attached_layers, chalice_state, pinning
from ..release.stage import status as stage_status
from ..release.stage.rollback_pin import RollbackPin
from ..release.stage.status import Function, SecretStatus, StageStatus
from ..release.undo import health
from ..release.version import LayerVersion
from ..sandbox import choose
from ..settings import paths, records, s3_keys
from ..settings.model import LOCAL, Settings
from ..settings.step_records import ZipRecord
from ..ui.console import say, show_tables, size
from ..util import files
from ..util.errors import DriftError
from . import image_status


def task_status() -> dict[str, object]:
    """Show what is built, published and running per stage."""
    return {"actions": [action(lambda: show_status(chosen(), arguments.current()))]}


def chosen() -> list[Settings]:
    """The settings of the stage that was typed. Else of every stage of config.json that lives in
    AWS. `local` is on this machine, and shown when it is asked for."""
    settings = current()
    names = [name for name in config.known_stages(paths.CHALICE_CONFIG) if name != LOCAL]
    if is_typed("stage") or settings.is_local or not names:
        return [settings]
    return [current(name) for name in names]


def show_status(stages: Sequence[Settings], typed: Arguments) -> None:
    """Print it. DriftError: with `check=1`, when anything differs or cannot be seen."""
    images = [image_status.gather(each) for each in stages if each.is_image]
    found = [gather_status(settings) for settings in stages if not settings.is_image]
    wrong = [problem for each in images for problem in image_status.show(each)]
    for status in found:
        from ..report import status_table  # with rich, which no other run needs

        show_tables(status_table.table(status))
        advice = stage_status.advice(status)
        for sentence in [*status.unknown.sentences(), *advice, *status.conversion]:
            say(sentence)
    drifted = [each.settings.stage for each in found if stage_status.drift(each)]
    unseen = [each.settings.stage for each in found if not each.is_complete]
    if typed.check and (drifted or unseen or wrong):
        problems = [*wrong, *(f"stage {name} has drifted" for name in drifted)]
        problems += [f"not all of stage {name} could be seen" for name in unseen]
        raise DriftError("; ".join(problems), fix="each sentence above says what to do")


def gather_status(settings: Settings) -> StageStatus:
    """Gather every part. One that fails leaves the others."""
    unknown = Unknowns()
    aws = unknown.ask("AWS", lambda: _reach(settings), None)
    builder = choose.expected(settings)
    wanted = unknown.ask("inputs", lambda: input_hash.input_hash(settings, builder), "")
    nothing: list[str] = []
    configured = unknown.ask("configured", lambda: _configured(settings), nothing)
    packed = records.read(settings, ZipRecord)
    pin: RollbackPin | None = None
    published: list[LayerVersion] = []
    match: LayerVersion | None = None
    functions: dict[str, Function] = {}
    assumed = ""
    stored: dict[str, int] = {}
    secret: SecretStatus | None = None
    troubles: list[str] = []
    left: list[str] = []
    converted: list[str] = []
    state: files.Record = {}
    place = s3_keys.prefix(settings.layer)
    if aws is not None:
        published = unknown.ask("published", lambda: listing.versions(aws), published)
        match = unknown.ask("match", lambda: by_inputs(aws, wanted, published), match)
        pin = unknown.ask("pin", lambda: _pin(aws, wanted), pin)
        assumed = unknown.ask("configured", lambda: attached_layers.assumed(aws), assumed)
        configured = arn.placed(configured, [assumed]) if assumed else configured
        functions = unknown.ask("deployed", lambda: _functions(aws, assumed), functions)
        stored = unknown.ask("storage", lambda: s3.objects(aws, place), stored)
        secret = unknown.ask("secret", lambda: _secret(aws), secret)
        troubles = unknown.ask("health", lambda: health.troubles(aws), troubles)
        state = unknown.ask("deployed", lambda: chalice_state.read_state(aws), state)
        left = unknown.ask("deployed", lambda: _left(aws, functions), left)
        converted = unknown.ask("conversion", lambda: conversion.sentences(aws), converted)
    used = next((each for each in published if each.arn in configured), match)
    return StageStatus(
        settings=settings,
        account=aws.account if aws else "",
        wanted=wanted,
        built=packed.input if packed and paths.layer_zip(settings).is_file() else "",
        published=published,
        match=match,
        configured=configured,
        assumed=assumed,
        functions=functions,
        size=unknown.ask("layer", lambda: _size(aws, used), "–") if aws and used else "–",
        stored=stored,
        pin=pin,
        secret=secret,
        troubles=troubles,
        left=left,
        conversion=converted,
        state=state,
        unknown=unknown,
    )


def _reach(settings: Settings) -> Aws | None:
    aws = connection.connect_read_only(settings)
    _ = aws.account
    return aws


def _configured(settings: Settings) -> list[str]:
    return config.layers(paths.CHALICE_CONFIG, settings.stage)


def _size(aws: Aws, version: LayerVersion) -> str:
    """AWS itself knows the zip's size only."""
    manifest = manifests.read_manifest(aws, version)
    if manifest:
        return f"version {version.number}: {stage_status.in_words(manifest)}"
    return f"version {version.number}: {size(listing.zipped(aws, version) or 0)} zipped"


def _pin(aws: Aws, wanted: str) -> RollbackPin | None:
    """The one that holds."""
    verdict = pinning.judge(aws, wanted)
    return verdict.pin if verdict.holds else None


def _secret(aws: Aws) -> SecretStatus | None:
    """The values are not asked for: what was deployed is on record, by name and version."""
    if not aws.settings.secret:
        return None
    deployed = chalice_state.last(aws).get("secret") or {}
    names, version = deployed.get("names", []), deployed.get("version", "")
    return SecretStatus(names=names, deployed=version, now=secrets_manager.version(aws))


def _functions(aws: Aws, assumed: str) -> dict[str, Function]:
    """The stage's. One that nobody has deployed from here is not missed."""
    named = deploy.functions_of(chalice_state.read_state(aws))
    last = chalice_state.last(aws)
    found = {
        name: _function(aws, name, _wanted(aws.settings, resource, assumed), last)
        for resource, name in sorted(attached_layers.function_names(aws).items())
    }
    return {name: each for name, each in found.items() if named or each.layers is not None}


def _function(aws: Aws, name: str, wanted: Sequence[str], last: files.Record) -> Function:
    found = lambda_functions.configuration(aws, name)
    if found is None:
        return Function(layers=None, wanted=wanted)
    return Function(
        layers=[each["Arn"] for each in found.get("Layers", [])],
        wanted=wanted,
        hides=function_contents.problems(aws, name, found, last),
    )


def _left(aws: Aws, there: Mapping[str, Function]) -> list[str]:
    """The functions of the last deploy, where none of the stage's is there any more."""
    if any(each.layers is not None for each in there.values()):
        return []
    names = sorted(chalice_state.last(aws).get("functions") or {})
    return [] if any(lambda_functions.configuration(aws, name) for name in names) else names


def _wanted(settings: Settings, resource: str, assumed: str) -> list[str]:
    """ARNs that a function should have. The assumed one, too, unless it wants none."""
    place = (paths.CHALICE_CONFIG, settings.stage)
    own = config.own_layers(*place).get(resource)
    wanted = config.layers(*place) if own is None else own
    return arn.placed(wanted, [assumed]) if assumed and own != [] else wanted
