"""A function is a zip with layers or an image for all of its life: AWS changes no package type."""

from ...aws import arn as layer_arns
from ...aws import lambda_functions
from ...aws.client import Aws
from ...chalice_project import config, deploy
from ...sandbox import choose
from ...settings import paths
from ...settings.model import Settings
from ...util.errors import InputError
from ..stage import chalice_state

ZIP, IMAGE = "Zip", "Image"
NAMES = {ZIP: "layer", IMAGE: "image"}  # AWS's word: ours


def check_here(settings: Settings) -> None:
    """InputError for what an image cannot have, as far as this machine tells."""
    if not settings.is_image:
        return
    if settings.is_local and choose.kind(settings) == "host":
        raise InputError(
            'stage local runs functions of package = "image" in containers, and this deploy would '
            "run them on this machine",
            fix='start Docker (`docker info`) and leave out builder=host, or set package = "layer"',
        )
    stage = config.all_layers(paths.CHALICE_CONFIG, settings.stage)
    arns = {arn for each in stage.values() for arn in each}
    others = sorted(arn for arn in arns if not layer_arns.is_of(arn, settings.layer))
    if others:
        raise InputError(
            f'a function of package = "image" has no layers, but {paths.CHALICE_CONFIG} has '
            f"{', '.join(others)} for stage {settings.stage}",
            fix=f"add what they bring to {settings.requirements}, and take them out there",
        )


def check_deployed(aws: Aws) -> None:
    """InputError where functions of the stage are of the other type: nothing is built for them."""
    wanted = IMAGE if aws.settings.is_image else ZIP
    names = deploy.functions_of(chalice_state.read_state(aws)).values()
    found = {name: lambda_functions.configuration(aws, name) or {} for name in sorted(names)}
    other = [name for name, each in found.items() if each.get("PackageType", wanted) != wanted]
    if other:
        was = NAMES[ZIP if wanted == IMAGE else IMAGE]
        raise InputError(
            f"{', '.join(other)} runs from {'an image' if was == 'image' else 'a layer'}, and AWS "
            f'never changes that of a function; package is "{NAMES[wanted]}" now',
            fix=f'set package = "{was}" for stage {aws.settings.stage}, or deploy a stage of '
            "another name",
        )
