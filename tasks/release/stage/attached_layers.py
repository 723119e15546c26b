"""Which layers a stage has now, by AWS: the same answer in every checkout.

`.chalice/config.json` names the stage's other layers, as it names all else that Chalice deploys.
What it says of this layer is what this checkout deployed last. A fresh clone has what was
committed, which may be nothing, or old.
"""

from collections.abc import Iterator

from ...aws import arn as layer_arns
from ...aws import lambda_functions
from ...aws.client import Aws
from ...chalice_project import config, deploy
from ...settings import paths
from ...util.errors import AwsError
from . import chalice_state
from .rollback_pin import RollbackPin


def now(aws: Aws) -> list[str]:
    """config.json's list, in it the version of this layer that the stage's function runs. As it is
    where no function runs any."""
    configured = _configured(aws)
    ours = next(filter(None, (_ours(aws, arns) for arns in _running(aws))), "")
    return layer_arns.replaced(configured, ours) if ours else configured


def assumed(aws: Aws) -> str:
    """The version that was deployed last, by its record in S3, where config.json here names none of
    this layer. Else ''."""
    if _ours(aws, _configured(aws)):
        return ""
    return _ours(aws, chalice_state.last(aws).get("layers") or [])


def check_pinned_layers(aws: Aws, pin: RollbackPin) -> None:
    """AwsError for a pin to other tools' layers that neither config.json nor the stage's function
    names: who can write to the bucket alone must not bring code into the function."""
    settings = aws.settings
    place = (settings.region, aws.account, settings.layer)
    others = {arn for arn in pin.arns if layer_arns.place_of(arn) != place} - {*_configured(aws)}
    strange = others and others - {arn for arns in _running(aws) for arn in arns}
    if strange:
        stage, arns = f"stage={settings.stage}", ",".join(pin.arns)
        raise AwsError(
            f"stage {settings.stage} was {pin}. Neither {paths.CHALICE_CONFIG} nor what the stage "
            f"runs names {', '.join(sorted(strange))}, which is not layer {settings.layer}",
            fix=f"if nobody of you set that pin, ./doitw unpin {stage} ends it. If it is right: "
            f"./doitw patch-config arn={arns} {stage}, then deploy",
        )


def function_names(aws: Aws) -> dict[str, str]:
    """{resource: function} by Chalice's state, here or in S3. Without any, as Chalice would call
    them, which need not be there."""
    return deploy.functions_of(chalice_state.read_state(aws)) or chalice_state.chalice_names(aws)


def _running(aws: Aws) -> Iterator[list[str]]:
    """What each function runs that gets this layer. Of the routes first."""
    own = config.own_layers(paths.CHALICE_CONFIG, aws.settings.stage)
    for resource, name in sorted(function_names(aws).items()):
        if own.get(resource) != []:  # one that wants no layer
            yield lambda_functions.layers_of(aws, name) or []


def _configured(aws: Aws) -> list[str]:
    return config.layers(paths.CHALICE_CONFIG, aws.settings.stage)


def _ours(aws: Aws, arns: list[str]) -> str:
    return next((arn for arn in arns if layer_arns.is_of(arn, aws.settings.layer)), "")
