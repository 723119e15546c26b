"""`doit plan`: what `doit deploy` would do and why. Changes nothing, here or in AWS.

Exit status: 0 nothing to do, 2 something to do, 1 it cannot be told (the error says why).
"""

from pathlib import Path

from ..aws import arn as layer_arns
from ..aws import secrets_manager
from ..aws.client import Aws
from ..chalice_project import app
from ..chalice_project import config as chalice_config
from ..context import connection
from ..context.doit_actions import ToDo, action
from ..context.settings import current, is_typed
from ..release import layer_contents
from ..release.images import package_type
from ..release.images import plan as image_plan
from ..release.stage import attached_layers, chalice_state, deploy_plan_layer
from ..release.stage.deploy_plan import DeployPlan, RequirementChange
from ..release.undo import reach, snapshot
from ..release.undo.attempt import UNDOING
from ..settings import paths
from ..settings.model import Settings
from ..steps import chalice_deploy, patch_config, preflight
from ..ui.console import say
from ..util import files
from ..util.errors import AwsError

CHECKS = (
    preflight.check_packages, preflight.check_stage, preflight.check_layers,
    preflight.check_variables, preflight.check_python, preflight.check_architecture,
    preflight.check_hidden, package_type.check_here,
)  # fmt: skip


def task_plan() -> dict[str, object]:
    """Show what deploy would change (exit 2: something)."""
    settings = current()
    return {"actions": [action(lambda: show_plan(settings), answers=True)]}


def show_plan(settings: Settings) -> ToDo | None:
    """Print the plan."""
    plan = make_plan(settings)
    for line in plan.lines():
        say(line)
    if not plan.changes:
        say(f"nothing to do: ./doitw deploy stage={plan.stage} would only ask the function")
        return None
    count = len(plan.changes)
    return ToDo(f"{count} thing{'s' * (count > 1)} to do: ./doitw deploy stage={plan.stage}")


def make_plan(settings: Settings) -> DeployPlan:
    """What a deploy would refuse is an error here, too: InputError, AwsError, DeployError."""
    preflight.raise_all(preflight.collect_problems(list(CHECKS), settings))
    aws = _reach(settings)
    if aws is not None:
        package_type.check_deployed(aws)
        preflight.check_places(aws)
        chalice_state.refuse_lost_state(aws)
    if settings.is_image:
        return _of_image(settings, aws)
    layer = (
        deploy_plan_layer.from_nothing(settings)
        if aws is None
        else deploy_plan_layer.plan_layer(aws, fills=is_typed("bucket"))
    )
    arns = layer_arns.placed(layer.own, layer_arns.parse_arns(layer.arn)) if layer.arn else None
    config, deploy = _config(settings, arns), _deploy(aws, arns, lifts=layer.lifts)
    if aws and arns and deploy and not layer.changes:
        layer_contents.refuse_hidden(aws, arns)
    if config and not (layer.changes or deploy):
        layer.notes.append(f"all of it runs; a deploy would {config.pop().what}, nothing else")
    return DeployPlan(
        stage=settings.stage,
        changes=[*layer.changes, *config, *deploy],
        notes=layer.notes,
        back=reach.sentences(settings, app.functions(Path())),
    )


def _of_image(settings: Settings, aws: Aws | None) -> DeployPlan:
    if aws is None:
        return DeployPlan(stage=settings.stage, changes=image_plan.from_nothing(settings))
    changes, notes = image_plan.changes(aws, _why_deployed(aws, []))
    back = reach.sentences(settings, app.functions(Path()))
    return DeployPlan(stage=settings.stage, changes=changes, notes=notes, back=back)


def _reach(settings: Settings) -> Aws | None:
    """None for an emulator that is not running: a deploy would start it, empty."""
    try:
        aws = connection.connect_read_only(settings)
    except AwsError:
        if settings.is_local:
            return None
        raise
    _ = aws.account
    return aws


def _config(settings: Settings, arns: list[str] | None) -> list[RequirementChange]:
    """The lines of config.json that would change."""
    what = f"write stage {settings.stage}'s layers to {paths.CHALICE_CONFIG}"
    if arns is None:
        return [RequirementChange(what=what, why=["the ARN is known once the layer is published"])]
    patch_config.refuse_bad_layers(settings, arns)
    more = patch_config.beside(settings, arns)
    if arns == chalice_config.layers(paths.CHALICE_CONFIG, settings.stage) and not more:
        return []
    lines = chalice_config.preview(paths.CHALICE_CONFIG, settings.stage, arns, more)
    return [RequirementChange(what=what, why=lines)]


def _deploy(aws: Aws | None, arns: list[str] | None, *, lifts: bool) -> list[RequirementChange]:
    why = _why_deployed(aws, arns) or ("a deploy ends that pin" if lifts else "")
    return [RequirementChange(what="deploy the app with Chalice", why=[why])] if why else []


def _why_deployed(aws: Aws | None, arns: list[str] | None) -> str:
    """'' when AWS runs exactly this, by our record or that of the last deploy."""
    if aws is None or arns is None:
        return "the emulator is not running"
    if (begun := snapshot.read(aws)) and begun.is_open:
        return f"{begun} was cut short: it is {'undone' if begun.state == UNDOING else 'continued'}"
    path = paths.stage_record(aws.settings, "chalice-deploy")
    found = [record for record in (files.read_record(path), chalice_state.last(aws)) if record]
    secret = secrets_manager.version(aws)
    if aws.settings.is_image:
        wanted = chalice_deploy.fingerprint(aws.settings, secret=secret)
    else:
        more = patch_config.beside(aws.settings, arns)
        wanted = chalice_deploy.fingerprint(aws.settings, arns, secret, more)
    same = [each for each in found if each.get("functions") and each["fingerprint"] == wanted]
    if not same:
        return _what_changed(aws, arns, found, secret)
    differ = [chalice_deploy.differing(aws, record) for record in same]
    return (
        f"AWS has something else than was deployed: {', '.join(differ[0])}" if all(differ) else ""
    )


def _what_changed(aws: Aws, arns: list[str], found: list[files.Record], secret: str) -> str:
    """Since the deploys on record."""
    if aws.settings.is_image:
        return "the app, its packages or its configuration have changed since the last deploy"
    if arns != attached_layers.now(aws) or patch_config.followed(aws.settings, arns):
        return "the function's layers change"
    if runs_on := patch_config.other_architecture(aws.settings):
        return f"the function's architecture becomes {runs_on}"
    if not found:
        return "no deploy of this stage is on record"
    other = all((each.get("secret") or {}).get("version", "") != secret for each in found)
    of_secret = f"secret {aws.settings.secret}" if secret and other else ""
    return f"{of_secret or 'the app or its configuration'} has changed since the last deploy"
