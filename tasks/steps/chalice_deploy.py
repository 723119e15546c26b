"""chalice-deploy: `chalice deploy`, only when app, config or layers changed or AWS disagrees."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..aws import arn as layer_arns
from ..aws import lambda_functions, secrets_manager
from ..aws.client import Aws
from ..aws.errors import errors
from ..aws.secrets_manager import Secret, shadowed
from ..chalice_project import app as chalice_app
from ..chalice_project import config as chalice_config
from ..chalice_project import deploy as chalice_deployment
from ..chalice_project import own_packages
from ..chalice_project import package as function_package
from ..chalice_project.config import Member
from ..chalice_project.package import Contents, HidingError
from ..context import arguments
from ..context.connection import connect, connect_running
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import input_hash
from ..release import layer_contents, wishes
from ..release.images import conversion, releases, stage_images, switch
from ..release.images import parts as image_parts
from ..release.images import pin as image_pin
from ..release.stage import chalice_state, pinning, rollback_pin, store
from ..release.undo import attempt, snapshot, watch
from ..requirements import function_file
from ..sandbox import choose
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import AskedRecord, LookupRecord, PushRecord
from ..ui.console import duration, say
from ..util import actor
from ..util import files as file_tools
from ..util.errors import DeployError, LayerError

CONTENTS = ("versions", "modules", "unzipped")  # of what Chalice packed, for the record
PACKED = "package/2"  # raise when a function packed before would hold something else
TRIES = 3  # of a deploy that meets a function which is still updating


def task_chalice_deploy() -> dict[str, object]:
    """Deploy the app with Chalice."""
    settings = current()
    return {
        "basename": "chalice-deploy",
        "actions": [action(lambda: deploy(connect(settings)))],
        "task_dep": ["lookup" if settings.is_image else "patch-config"],
        "setup": ["import-app", *(["push"] * settings.is_image), "deploy-lock", "smoke-before"],
        "uptodate": [lambda: is_deployed(settings)],
    }


def is_deployed(settings: Settings) -> bool:
    """AWS runs exactly this, as our record says, or that of the last deploy. No deploy was
    cut short. And no pin is left to be lifted, which a deploy does."""
    looked_up = records.read(settings, LookupRecord)
    if looked_up and looked_up.lifts:
        return False
    path = paths.stage_record(settings, "chalice-deploy")
    try:
        aws = connect_running(settings)
        if _was_cut_short(aws):
            return False
        if settings.is_image and looked_up and looked_up.pin:
            return switch.running(aws) == {looked_up.image}
        made_from = fingerprint(settings, secret=secrets_manager.version(aws))
        # a CI cache brings our records back, and Chalice's state not
        known = chalice_deployment.deployed_file(settings.stage).exists()
        if known and _runs(settings, made_from, file_tools.read_record(path) or {}):
            return True
        theirs = chalice_state.last(aws)
        if not (_runs(settings, made_from, theirs) and chalice_state.fetch_state(aws)):
            return False
    except LayerError:
        return False  # the action says what is wrong
    file_tools.write_record(path, theirs)
    say("exactly this was deployed from another machine: its record is taken from S3")
    return True


def _was_cut_short(aws: Aws) -> bool:
    found = snapshot.read(aws)
    if found:
        snapshot.remember(aws, found)
    return bool(found and found.is_open)


def _runs(settings: Settings, made_from: str, record: file_tools.Record) -> bool:
    if record.get("fingerprint") != made_from or not record.get("functions"):
        return False
    return not differing(connect(settings), record)


def differing(aws: Aws, record: file_tools.Record) -> list[str]:
    """The functions that AWS has otherwise than this record of a deploy."""
    now = observed(aws, record["functions"])
    return [name for name, was in record["functions"].items() if now[name] != was]


def fingerprint(
    settings: Settings,
    arns: list[str] | None = None,
    secret: str = "",
    more: Sequence[Member] = (),
) -> str:
    """sha256 of the app's files and of what config.json says about this stage. `arns` and `more`:
    as if patch-config had written them. `secret`: the version of the stage's secret, never its
    values."""
    config, place = (
        chalice_config.load_config(paths.CHALICE_CONFIG),
        (paths.CHALICE_CONFIG, settings.stage),
    )
    if arns is None:
        stage = chalice_config.stage(*place)
    else:
        stage = chalice_config.after(*place, arns, more)
    contents = function_package.files_now()
    of_secret = [settings.secret, secret] if settings.secret else []
    made_of = [{**config, "stages": {}}, stage, contents, PACKED, *of_secret]
    return file_tools.digest([*made_of, *of_image(settings)])


def of_image(settings: Settings) -> list[str]:
    """What else decides what an image holds, and where it is. [] for a layer, whose ARN says it."""
    if not settings.is_image:
        return []
    builder = choose.expected(settings)
    return [input_hash.input_hash(settings, builder), image_parts.repository(settings)]


def observed(aws: Aws, names: Iterable[str]) -> dict[str, Any]:
    """{function: {"sha256", "layers"}} as AWS has them now. None for one that is gone."""
    return {name: _observed(lambda_functions.configuration(aws, name)) for name in sorted(names)}


def _observed(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    arns = [layer["Arn"] for layer in configuration.get("Layers", [])]
    return {"sha256": configuration["CodeSha256"], "layers": arns}


def deploy(aws: Aws) -> None:
    """The stage as lookup found that it should be. DeployError when it was rolled back since.
    What is deployed against a pin for other requirements lifts it."""
    _finish(aws)
    looked_up = records.read(aws.settings, LookupRecord)
    if aws.settings.is_image:
        _deploy_image(aws)
        return
    wanted = looked_up.input if looked_up else ""
    verdict = pinning.judge(aws, wanted)
    pin = verdict.pin
    if pin and verdict.holds and pin.at != (looked_up and looked_up.pin):
        problem = f"stage {aws.settings.stage} was changed while this deploy was under way: {pin}"
        raise DeployError(problem, fix="run the command again: it keeps that version")
    run(aws, records.read(aws.settings, AskedRecord))
    if pin and verdict.lifts:
        by = actor.current_actor(aws.environ)
        why = f"after {pin.decisions} had changed ({wanted[:12]}), {by} deployed"
        store.put_pin(aws, pin.lift(why))
        say(f"note: the pin has ended: stage {aws.settings.stage} had been {pin}")


def _deploy_image(aws: Aws) -> None:
    """The one that was pushed, which ends a pin. Or the one that the stage is pinned to."""
    asked = records.read(aws.settings, AskedRecord)
    if pin := image_pin.holding(aws):
        release = releases.by_number(aws, pin.number)
        switch.switch(aws, release.uri, asdict(release), asked)
        return
    former = image_pin.read(aws)
    run(aws, asked)
    if former:
        image_pin.lift(aws, former, f"{actor.current_actor(aws.environ)} deployed something else")
        say(f"note: the pin has ended: stage {aws.settings.stage} had been {former}")


def _finish(aws: Aws) -> None:
    """An undo that was cut short is finished first. DeployError, as it would have ended."""
    if (found := snapshot.read(aws)) and found.state == attempt.UNDOING:
        raise watch.finish(aws, found, found.why)


def run(aws: Aws, asked: AskedRecord | None, *, refuses: bool = True) -> file_tools.Record:
    """Deploy, wait, keep Chalice's state, its package and the record in S3. DeployError, AwsError.
    `asked`: about what ran until now. `refuses`: DeployError also where the
    function's package hides a module of the layer.

    Record `{"fingerprint", "functions": {name: {"sha256", "layers"}}, "layers": the stage's ARNs,
    "app": wishes.app, "contents": what Chalice packed, "package": where S3 keeps that, "url",
    "routes": the app's, "first": was the API made just now?[, "secret"][, "image": push's]}`."""
    settings, started = aws.settings, time.monotonic()
    if not arguments.converts():
        conversion.refuse_open(aws)
    configured = chalice_config.variables(paths.CHALICE_CONFIG, settings.stage)
    secret = secrets_manager.read_secret(aws, configured)
    _tell(secret, configured)
    made_from = fingerprint(settings, secret=secret.version if secret else "")
    image = pushed_image(settings)
    arns = [] if image else chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    layer = image_contents(settings) if image else layer_contents.of_stage(aws, arns)
    chalice_state.restore(aws)
    for sentence in [] if settings.is_local else own_packages.warnings(settings):
        say(f"warning: {sentence}")
    before = chalice_deployment.api_url(settings.stage)
    # a rollback to other layers runs beside what the function always had
    ours = any(layer_arns.is_of(arn, settings.layer) for arn in arns)
    refuses = refuses and (bool(image) or ours)
    if refuses:
        function_package.refuse_hidden(layer)
    former = snapshot.read(aws)
    begun = snapshot.begin(aws, asked, former, image.uri if image else "")
    try:
        values = secret.values if secret else {}
        package = _deploy(aws, values, layer, refuses=refuses, image=image.uri if image else "")
    except HidingError:
        snapshot.take_back(aws, begun, former)
        raise
    _tell_package(settings, package, layer)
    _tell_others(aws, package, arns, layer)
    _wait(aws)
    record: file_tools.Record = {
        "fingerprint": made_from,
        "functions": observed(aws, chalice_deployment.functions(settings.stage).values()),
        "layers": arns,
        "app": wishes.app(settings),
        "contents": {name: package[name] for name in CONTENTS if name in package},
        "url": chalice_deployment.api_url(settings.stage),
        "routes": [asdict(each) for each in chalice_deployment.routes(settings)],
        "first": before != chalice_deployment.api_url(settings.stage),
    }
    if secret:
        record["secret"] = secret.facts
    if image:
        record["image"] = asdict(image)
    digests = {each["sha256"] for each in record["functions"].values() if each}
    record["package"] = snapshot.keep_package(aws, begun.before, "".join(digests))
    chalice_state.save(aws, record)
    if image:
        stage_images.note_deploy(aws, image.digest)
    snapshot.write(aws, begun.now(attempt.DEPLOYED))
    file_tools.write_record(paths.stage_record(settings, "chalice-deploy"), record)
    say(f"{', '.join(record['functions'])} updated in {duration(time.monotonic() - started)}")
    return record


def pushed_image(settings: Settings) -> PushRecord | None:
    """None where the stage has a layer."""
    return records.read(settings, PushRecord) if settings.is_image else None


def image_contents(settings: Settings) -> Contents:
    """Of the image, beside the app."""
    made = image_parts.known(settings)
    return Contents(versions=made.versions, modules=made.modules) if made else Contents(versions={})


def _tell(secret: Secret | None, configured: secrets_manager.Variables) -> None:
    """Which variables the functions get, by name."""
    if not secret:
        return
    say(f"variables out of secret {secret.name}: {', '.join(sorted(secret.values)) or 'none'}")
    for function, variables in configured.items():
        for name in shadowed(secret, variables):
            say(f"note: {name} of function {function} is the secret's, not config.json's")


def _tell_package(settings: Settings, package: file_tools.Record, layer: Contents) -> None:
    """Which packages of requirements.txt stayed out of the function, by line."""
    left = package.get("left", {})
    versions = left.get("versions", {})
    file = function_file.FUNCTION
    for sentence in function_file.sentences(
        file, layer.versions, versions, chalice_app.unused_tools(Path())
    ):
        say(sentence)
    for sentence in left.get("unmet", []):
        say(f"warning: {sentence}")
    for module, by in package.get("hides", {}).items():
        place = function_package.PLACES.get(by, by)
        say(f"warning: the function runs its own {module} ({place}), not the layer's")
    bare = (
        []
        if settings.is_image
        else [
            name
            for name, own in chalice_config.own_layers(paths.CHALICE_CONFIG, settings.stage).items()
            if not own and (versions or layer.versions.keys() & function_file.asked(file))
        ]
    )
    if bare:
        say(f"warning: {', '.join(bare)} has no layer, and so none of these packages")


def _tell_others(
    aws: Aws, package: file_tools.Record, arns: Sequence[str], layer: Contents
) -> None:
    """What of the layers beside this one is hidden, or hides."""
    others = layer_contents.of_others(aws, arns)
    found = [(rollback_pin.named(arn), others.get(arn, layer)) for arn in arns]
    if not others or len(others) == len(found):  # without ours, all of them count as ours
        return
    own = Contents(versions=package.get("versions", {}), modules=package.get("modules", ()))
    for sentence in layer_contents.clashes(own, found):
        say(f"warning: {sentence}")


def _deploy(
    aws: Aws, secret: Mapping[str, str], layer: Contents, *, refuses: bool, image: str
) -> file_tools.Record:
    """What the function lacks a wheel of is built for it."""
    from ..layer.wheels import function_wheels

    def once() -> file_tools.Record:
        return chalice_deployment.deploy(
            aws.settings, aws.exported(), secret, aws.access, layer, refuses=refuses, image=image
        )

    return function_wheels.building(aws.settings, lambda: _patiently(aws, once))


def _patiently(aws: Aws, deploy_once: Callable[[], file_tools.Record]) -> file_tools.Record:
    """A function that is still updating refuses the next change (chalice#1844): wait, again."""
    for tried in range(1, TRIES + 1):
        try:
            return deploy_once()
        except DeployError as error:
            if chalice_deployment.CONFLICT not in str(error) or tried == TRIES:
                raise
            say("the function is still updating: waiting, then once more")
            _wait(aws)
    raise AssertionError("the last try returns or raises")


def _wait(aws: Aws) -> None:
    waiter = aws.client("lambda").get_waiter("function_updated_v2")
    for name in chalice_deployment.functions(aws.settings.stage).values():
        with errors(f"waiting for {name}"):
            waiter.wait(FunctionName=name)
