"""`doit plan`: what `doit deploy` would do and why. Changes nothing, here or in AWS.

Exit status: 0 nothing to do, 2 something to do, 1 it cannot be told (the error says why).
"""

from dataclasses import dataclass, replace

from tasks.clients import aws as clients
from tasks.clients import chalice_state, layers, manifests, s3, sandboxes, stage_store
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
    """The one that the stage would use. `arn`: several with commas, as in .layer-arn.txt; None
    where not even the account is known."""

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
    """What a deploy would refuse is an error here, too: InputError, AwsError, DeployError."""
    preflight.raise_all(preflight.found(list(CHECKS), settings))
    aws = _reach(settings)
    if aws is not None:
        chalice_state.check(aws)
    layer = _from_nothing(settings) if aws is None else _layer(aws)
    arns = _arns(settings, layer.arn)
    config, deploy = _config(settings, arns), _deploy(aws, arns)
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
    pin = stage_store.pin(aws)
    if pin and pin.holds(wanted):
        for arn in pin.arns:
            layers.by_arn(aws, arn)  # InputError when it was deleted
        note = f"the stage was {pin}; it stays there until ./doitw unpin stage={settings.stage}"
        return Layer(arn=",".join(pin.arns), changes=[], notes=[note])
    layer = _by_inputs(aws, parts, wanted)
    if pin and not pin.lifted:
        note = f"other requirements than the stage was {pin}; the deploy lifts that pin"
        return replace(layer, notes=[note, *layer.notes])
    return layer


def _by_inputs(aws: Aws, parts: dict[str, str], wanted: str) -> Layer:
    settings, published = aws.settings, layers.Listing(aws)
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


def _arns(settings: Settings, arn: str | None) -> list[str] | None:
    """The stage's layers after the deploy."""
    if arn is None:
        return None
    configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    return versions.placed(configured, versions.parse_arns(arn))


def _config(settings: Settings, arns: list[str] | None) -> list[Change]:
    """The lines of config.json that would change."""
    what = f"write stage {settings.stage}'s layers to {paths.CHALICE_CONFIG}"
    if arns is None:
        return [Change(what=what, why=["the ARN is known once the layer is published"])]
    patch_config.check(settings, arns)
    if arns == chalice_config.layers(paths.CHALICE_CONFIG, settings.stage):
        return []
    lines = chalice_config.preview(paths.CHALICE_CONFIG, settings.stage, arns)
    return [Change(what=what, why=lines)]


def _deploy(aws: Aws | None, arns: list[str] | None) -> list[Change]:
    why = _why_deployed(aws, arns)
    return [Change(what="deploy the app with Chalice", why=[why])] if why else []


def _why_deployed(aws: Aws | None, arns: list[str] | None) -> str:
    """'' when AWS runs exactly this, by our record or that of whoever deployed last."""
    if aws is None or arns is None:
        return "the embedded AWS is not running"
    path = paths.stage_record(aws.settings, "chalice-deploy")
    found = [record for record in (records.read(path), chalice_state.last(aws)) if record]
    wanted = chalice_deploy.fingerprint(aws.settings, arns)
    same = [each for each in found if each.get("functions") and each["fingerprint"] == wanted]
    if not same:
        if arns != chalice_config.layers(paths.CHALICE_CONFIG, aws.settings.stage):
            return "the function's layers change"
        changed = "the app or its configuration has changed since the last deploy"
        return changed if found else "no deploy of this stage is on record"
    differ = [chalice_deploy.differing(aws, record) for record in same]
    return (
        f"AWS has something else than was deployed: {', '.join(differ[0])}" if all(differ) else ""
    )
