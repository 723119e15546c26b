"""A function is a zip with layers or an image for all of its life: AWS changes no package type."""

import re

from ...aws import arn as layer_arns
from ...aws.client import Aws
from ...chalice_project import config
from ...sandbox import choose
from ...settings import paths
from ...settings.model import Settings
from ...util.errors import InputError
from ..stage import chalice_state

ZIP, IMAGE = "Zip", "Image"
ADDRESS = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<name>.+)"
)


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
    _check_repository(settings)
    stage = config.all_layers(paths.CHALICE_CONFIG, settings.stage)
    arns = {arn for each in stage.values() for arn in each}
    others = sorted(arn for arn in arns if not layer_arns.is_of(arn, settings.layer))
    if others:
        raise InputError(
            f'a function of package = "image" has no layers, but {paths.CHALICE_CONFIG} has '
            f"{', '.join(others)} for stage {settings.stage}",
            fix=f"add what they bring to {settings.requirements}, and take them out there",
        )


def _check_repository(settings: Settings) -> None:
    """A name, not an address, which may be another region's or account's."""
    if found := ADDRESS.fullmatch(settings.repository):
        where = f"an address in {found['region']}, account {found['account']}"
        raise InputError(
            f"`repository` is {where}. The stage is in {settings.region}, and Lambda takes images "
            "of its own region alone",
            fix=f'write repository = "{found["name"]}", which is made when missing',
        )


def other_type(aws: Aws) -> list[str]:
    """The stage's functions that are of the other type."""
    wanted = IMAGE if aws.settings.is_image else ZIP
    found = chalice_state.configurations(aws)
    return [name for name, each in found.items() if each.get("PackageType", wanted) != wanted]


def check_deployed(aws: Aws) -> None:
    """InputError where functions of the stage are of the other type: nothing is built for them."""
    if other := other_type(aws):
        stage, wanted = aws.settings.stage, aws.settings.package
        was, runs = ("layer", "a layer") if aws.settings.is_image else ("image", "an image")
        raise InputError(
            f"{', '.join(other)} runs from {runs}, and AWS never changes that of a function. "
            f'package is "{wanted}" now',
            fix=f'set package = "{was}" for stage {stage}. Or ./doitw convert stage={stage} makes '
            "new functions and leads everything to them",
        )
