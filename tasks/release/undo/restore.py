"""Back to what a stage ran before its last change: code, layers, variables and settings of its
functions, the deployment of its REST API. Each move only where it is not made yet, so that an undo
that was killed anywhere is finished by the next run.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...aws import apigateway, lambda_functions, secrets_manager
from ...aws import arn as layer_arns
from ...aws.client import Aws
from ...aws.errors import errors
from ...chalice_project import config, deploy
from ...settings import paths
from ...ui.console import say
from ...util import files
from ...util.errors import AwsError, DeployError
from ..images import pin as image_pin
from ..images import releases, stage_images
from ..stage import chalice_state, pinning, store
from . import attempt, snapshot
from .attempt import Attempt, Ran

OF_STATE = {"lambda_function", "rest_api"}  # what of Chalice's state is brought back
ROLE = "iam_role"


def perform(aws: Aws, found: Attempt, reason: str) -> list[str]:
    """Bring it back. Sentences about what stays as the change left it. AwsError, DeployError."""
    before = found.before
    if before is None or not before.is_kept:
        raise DeployError("there is nothing to go back to", fix="./doitw history lists versions")
    snapshot.write(aws, found.now(attempt.UNDOING))
    say(f"stage {aws.settings.stage} goes back to {before.named}")
    if found.has_other_layers:
        _pin(aws, found, before, reason)
    if before.image:
        _pin_image(aws, found, before.image, reason)
    left = [line for name in before.functions for line in _function(aws, name, before)]
    if before.api:
        apigateway.move_stage(aws, before.api["id"], before.api["stage"], before.api["deployment"])
    left += _left(aws, before)
    _record(aws, before)
    if before.image:
        stage_images.note_return(aws, before.image.rpartition("@")[2])
    snapshot.write(aws, found.now(attempt.UNDONE))
    return left


def _pin(aws: Aws, found: Attempt, before: Ran, reason: str) -> None:
    """And config.json: the stage's list, and this layer's version in the functions' own lists."""
    settings, arns = aws.settings, [*before.layers]
    pin = pinning.make(aws, [*found.arns], arns, reason, whole=False, apps=found.apps)
    if pin.arns:  # a stage without layers is pinned to nothing
        store.put_pin(aws, pin)
    ours = [arn for arn in arns if layer_arns.is_of(arn, settings.layer)][:1]
    own = config.own_layers(paths.CHALICE_CONFIG, settings.stage)
    more = [
        (("lambda_functions", name), "layers", layer_arns.replaced(each, ours[0]))
        for name, each in own.items()
        if each and ours
    ]
    config.write_layers(paths.CHALICE_CONFIG, settings.stage, arns, more)


def _pin_image(aws: Aws, found: Attempt, image: str, reason: str) -> None:
    """Where its packages are others: the next run of the same deploy would bring them again. A
    rollback that is undone pins nothing."""
    pinned = image_pin.read(aws)
    if pinned and pinned.uri == found.image:
        return
    back, undone = (releases.by_digest(aws, x.rpartition("@")[2]) for x in (image, found.image))
    if back and undone and back.input != undone.input:
        image_pin.make(aws, back, reason)


def _function(aws: Aws, name: str, before: Ran) -> Iterator[str]:
    """Its code and settings. A sentence about what cannot come back."""
    wanted, now = before.functions[name], lambda_functions.configuration(aws, name)
    if now is None:
        yield f"function {name}, which the deploy deleted"
        return
    client, arguments = aws.client("lambda"), {"FunctionName": name}
    if _code(wanted) != _code(now):
        place, code = _source(aws, before)
        with errors(f"bringing back the code of {name}"):
            sent = client.update_function_code(
                **arguments, **code, Architectures=wanted.get("Architectures", ["x86_64"])
            )
        if sent["CodeSha256"] != wanted["CodeSha256"]:
            raise AwsError(
                f"{place} is not the package that {name} ran",
                fix="check who else writes there, then deploy again",
            )
        _wait(aws, name)
    variables, lost = _variables(aws, before, wanted, now)
    yield from lost
    settings = _settings(wanted, variables)
    if changed := {key: value for key, value in settings.items() if value != _now(now).get(key)}:
        with errors(f"bringing back the settings of {name}"):
            client.update_function_configuration(**arguments, **changed)
        _wait(aws, name)
    if snapshot.RESERVED in wanted:  # an older release kept none
        _reserve(aws, name, wanted[snapshot.RESERVED])
    say(f"function {name} is as it was")


def _source(aws: Aws, before: Ran) -> tuple[str, dict[str, str]]:
    """(for people, as UpdateFunctionCode takes it): an image, or Chalice's package in S3."""
    if before.image:
        return before.image, {"ImageUri": before.image}
    key = store.key(aws.settings, before.package)
    return f"s3://{aws.settings.bucket}/{key}", {"S3Bucket": aws.settings.bucket, "S3Key": key}


def _reserve(aws: Aws, name: str, most: int | None) -> None:
    if lambda_functions.reserved(aws, name) != most:
        lambda_functions.reserve(aws, name, most)


def _code(found: Mapping[str, Any]) -> tuple[str, list[str]]:
    return found["CodeSha256"], [*found.get("Architectures", ["x86_64"])]


def _settings(wanted: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """As UpdateFunctionConfiguration takes them."""
    return _now({**wanted, "Environment": {"Variables": variables}})


def _now(found: Mapping[str, Any]) -> dict[str, Any]:
    """GetFunctionConfiguration's answer as what would set it."""
    network = found.get("VpcConfig") or {}
    limits = {name: found[name] for name in ("Timeout", "MemorySize") if name in found}
    return (
        _of_its_type(found)
        | limits
        | {
            "Environment": {"Variables": dict(found.get("Environment", {}).get("Variables", {}))},
            "TracingConfig": {"Mode": found.get("TracingConfig", {}).get("Mode", "PassThrough")},
            "VpcConfig": {
                **{key: [*network.get(key, [])] for key in ("SubnetIds", "SecurityGroupIds")},
                **{key: network[key] for key in ("Ipv6AllowedForDualStack",) if key in network},
            },
        }
    )


def _of_its_type(found: Mapping[str, Any]) -> dict[str, Any]:
    """What only a zip has, or only an image: AWS refuses the other's."""
    if found.get("PackageType") == "Image":
        config = (found.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
        return {"ImageConfig": {name: value for name, value in config.items() if value}}
    layers = [each if isinstance(each, str) else each["Arn"] for each in found.get("Layers", [])]
    names = ("Handler", "Runtime")
    return {name: found[name] for name in names if name in found} | {"Layers": layers}


def _variables(
    aws: Aws, before: Ran, wanted: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[dict[str, str], list[str]]:
    """The function's environment, the secret's values as they were. And what could not be read."""
    plain = dict(wanted["Environment"]["Variables"])
    secret = before.record.get("secret")
    if not secret:
        return plain, []
    try:
        return plain | secrets_manager.earlier_values(aws, secret["name"], secret["version"]), []
    except AwsError as error:
        runs = now.get("Environment", {}).get("Variables", {})
        kept = {name: runs[name] for name in secret["names"] if name in runs}
        return plain | kept, [f"the values of secret {secret['name']}: {error.problem}"]


def _wait(aws: Aws, name: str) -> None:
    with errors(f"waiting for {name}"):
        aws.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=name)


def _left(aws: Aws, before: Ran) -> Iterator[str]:
    """What Chalice made, changed or deleted and nobody brings back."""
    now = {each["name"]: each["resource_type"] for each in deploy.resources(aws.settings.stage)}
    for name, kind in sorted(now.items()):
        if name not in before.resources:
            yield f"{_kind(kind)} {name}, which the deploy made"
        elif kind == ROLE:
            yield f"role {name}: its policy is as the deploy left it"
        elif kind not in OF_STATE:
            yield f"{_kind(kind)} {name}: it is as the deploy left it"
    for name, kind in sorted(before.resources.items()):
        if name not in now and kind != "lambda_function":
            yield f"{_kind(kind)} {name}, which the deploy deleted"


def _kind(kind: str) -> str:
    """`sqs_event` → sqs event"""
    return kind.removeprefix("lambda_").replace("_", " ")


def _record(aws: Aws, before: Ran) -> None:
    """What is deployed by our records, here and in S3."""
    record = dict(before.record)
    chalice_state.save(aws, record)
    files.write_record(paths.stage_record(aws.settings, "chalice-deploy"), record)
