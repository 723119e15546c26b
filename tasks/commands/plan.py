"""`doit plan`: what `doit deploy` would do and why. Changes nothing, here or in AWS.

Exit status: 0 nothing to do, 2 something to do, 1 it cannot be told (the error says why).
"""

from dataclasses import dataclass
from typing import Any

from tasks.clients import aws as clients
from tasks.clients import layers, manifests, s3, sandboxes
from tasks.clients.aws import Aws
from tasks.core import chalice_config, identity, paths, records, stage_status, versions
from tasks.core.actions import ToDo, action
from tasks.core.console import say
from tasks.core.errors import AwsError
from tasks.core.manifest import Manifest
from tasks.core.plan import Change, Plan, why_built
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion
from tasks.steps import chalice_deploy, lookup, patch_config, preflight, upload

CHECKS = (
    preflight.check_packages, preflight.check_stage, preflight.check_layers,
    preflight.check_python,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The one that the stage would use. `arn`: None where not even the account is known."""

    arn: str | None
    changes: list[Change]
    notes: list[str]


def task_plan() -> dict[str, object]:
    """Say what `doit deploy` would do and why; exit status 2 when there is something to do."""
    settings = current()
    return {"actions": [action(lambda: run(settings))]}


def run(settings: Settings) -> ToDo | None:
    """Print the plan."""
    plan = look(settings)
    for line in plan.lines():
        say(line)
    if not plan.changes:
        say(f"nothing to do: ./doitw deploy stage={plan.stage} would only ask the function")
        return None
    count = len(plan.changes)
    return ToDo(f"{count} thing{'s' * (count > 1)} to do: ./doitw deploy stage={plan.stage}")


def look(settings: Settings) -> Plan:
    """What a deploy would refuse is an error here, too: InputError, AwsError."""
    preflight.raise_all(preflight.found(list(CHECKS), settings))
    aws = _reach(settings)
    layer = _from_nothing(settings) if aws is None else _layer(aws)
    config = _config(settings, layer.arn)
    deploy = _deploy(aws, layers_change=bool(config))
    return Plan(stage=settings.stage, changes=[*layer.changes, *config, *deploy], notes=layer.notes)


def _reach(settings: Settings) -> Aws | None:
    """None for an embedded AWS that is not running: a deploy would start it, empty."""
    try:
        aws = clients.look(settings)
    except AwsError:
        if settings.is_local:
            return None
        raise
    _ = aws.account
    return aws


def _from_nothing(settings: Settings) -> Layer:
    why = ["the embedded AWS is not running: it would be started, and is empty then"]
    changes = [*_build(settings, why), Change(what="publish version 1", why=why)]
    return Layer(arn=None, changes=changes, notes=[])


def _layer(aws: Aws) -> Layer:
    settings = aws.settings
    parts = identity.parts(settings, sandboxes.expected(settings))
    wanted = records.digest(parts)
    published = layers.Listing(aws)
    if found := lookup.find(aws, wanted, published):
        note = f"inputs {wanted[:12]} are published as version {found.number}: nothing to build"
        return Layer(arn=found.arn, changes=[], notes=[note])
    if twin := _twin(aws, wanted):
        note = f"version {twin.number} holds exactly what is built here: nothing to publish"
        return Layer(arn=twin.arn, changes=[], notes=[note])
    number, manifest = _compared(aws, published)
    why = why_built(settings, parts, manifest, number)
    new = _next(aws, published)
    unless = "unless what is built turns out to be in a published version already"
    publish = Change(
        what=f"publish version {new} of {settings.layer}",
        why=[f"inputs {wanted[:12]} are not published", unless],
    )
    return Layer(arn=_arn(aws, new), changes=[*_build(settings, why, wanted), publish], notes=[])


def _build(settings: Settings, why: list[str], wanted: str = "") -> list[Change]:
    """[] when the zip that lies here is of these inputs, and proven."""
    if wanted and (_proven(settings) or {}).get("input") == wanted:
        return []
    return [Change(what="build the layer and prove it", why=why)]


def _proven(settings: Settings) -> records.Record | None:
    """zip's record, when verify has proven that zip."""
    packed = records.read(paths.record(settings, "zip")) or {}
    verified = records.read(paths.record(settings, "verify")) or {}
    there = paths.layer_zip(settings).is_file()
    return packed if there and packed.get("sha256") == verified.get("sha256") else None


def _twin(aws: Aws, wanted: str) -> LayerVersion | None:
    """The version with the content that is built here from these inputs."""
    packed = _proven(aws.settings) or {}
    return upload.published_twin(aws, packed) if packed.get("input") == wanted else None


def _compared(aws: Aws, published: layers.Listing) -> tuple[int, Manifest | None]:
    """The version that the stage uses, else the newest of ours: (number, manifest)."""
    configured = chalice_config.layers(paths.CHALICE_CONFIG, aws.settings.stage)
    number = stage_status.number(configured, aws.settings.layer)
    if number and (manifest := manifests.of_number(aws, number)):
        return number, manifest
    newest = next((version for version in published if version.is_ours), None)
    return (newest.number, manifests.of(aws, newest)) if newest else (0, None)


def _next(aws: Aws, published: layers.Listing) -> int:
    """AWS never gives a number twice, a deleted version's neither."""
    layer = aws.settings.layer
    noted = versions.noted(layer, s3.objects(aws, versions.prefix(layer)))
    return max([*noted, *(version.number for version in published)], default=0) + 1


def _arn(aws: Aws, number: int) -> str:
    partition = aws.identity.arn.split(":")[1]
    place = f"{aws.settings.region}:{aws.account}:layer:{aws.settings.layer}"
    return f"arn:{partition}:lambda:{place}:{number}"


def _config(settings: Settings, arn: str | None) -> list[Change]:
    """The lines of config.json that would change."""
    what = f"write stage {settings.stage}'s layers to {paths.CHALICE_CONFIG}"
    if arn is None:
        return [Change(what=what, why=["the ARN is known once the layer is published"])]
    configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    arns = versions.placed(configured, [arn])
    patch_config.check(settings, arns)
    if arns == configured:
        return []
    lines = chalice_config.preview(paths.CHALICE_CONFIG, settings.stage, arns)
    return [Change(what=what, why=lines)]


def _deploy(aws: Aws | None, *, layers_change: bool) -> list[Change]:
    why = "the function's layers change" if layers_change else _why_deployed(aws)
    return [Change(what="deploy the app with Chalice", why=[why])] if why else []


def _why_deployed(aws: Aws | None) -> str:
    """'' when AWS runs exactly what is here."""
    if aws is None:
        return "the embedded AWS is not running"
    settings = aws.settings
    record: dict[str, Any] = records.read(paths.stage_record(settings, "chalice-deploy")) or {}
    if not record.get("functions"):
        return "no deploy of this stage is on record"
    if record["fingerprint"] != chalice_deploy.fingerprint(settings):
        return "the app or its configuration has changed since the last deploy"
    running = chalice_deploy.observed(aws)
    differ = [name for name, was in record["functions"].items() if running.get(name) != was]
    return f"AWS has something else than was deployed: {', '.join(differ)}" if differ else ""
