"""`doit convert`: a live stage from layer to image, or back, as `package` says.

    convert:check → all that a deploy builds and sends → convert:switch → convert:smoke

Everything is built and sent before a function is deleted, so that the app is away for the seconds
in which Chalice makes its functions again.
"""

from collections.abc import Callable, Iterator

from ..aws.client import Aws
from ..context import arguments
from ..context.arguments import Arguments
from ..context.connection import connect
from ..context.doit_actions import behind_lock
from ..context.settings import current
from ..release.images import conversion
from ..release.images.package_type import IMAGE, ZIP, other_type
from ..settings.model import Settings
from ..steps import chalice_deploy, smoke
from ..ui.console import say
from ..util.errors import DeployError, InputError, LayerError


def task_convert() -> Iterator[dict[str, object]]:
    """Turn a stage's layer into an image, or back."""
    settings, typed = current(), arguments.current()
    ready = "push" if settings.is_image else "patch-config"
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "check": ("Check what is deployed.", lambda: check(connect(settings), typed)),
        "switch": ("Make the functions again.", lambda: switch(settings)),
        "smoke": ("Call the app.", lambda: smoke.ask_and_judge(connect(settings))),
    }
    for task in behind_lock("convert", steps):
        needs = {"task_dep": ["convert:check", "lookup", ready]}
        yield task | (needs if task["name"] == "switch" else {})


def check(aws: Aws, typed: Arguments) -> None:
    """InputError before anything is built."""
    stage, wanted = aws.settings.stage, IMAGE if aws.settings.is_image else ZIP
    if not typed.keep_name:
        raise InputError(
            f"convert deletes the functions of stage {stage} and makes them again: the app is away "
            "for some seconds, and their versions are gone",
            fix=f"./doitw convert keep-name=1 stage={stage} does it. New functions beside the old "
            "ones are not possible yet",
        )
    if not other_type(aws) and not conversion.read(aws):
        raise InputError(
            f'stage {stage} has no function of another kind than package = "'
            f'{aws.settings.package}"',
            fix=f"set `package` for stage {stage} in pyproject.toml to what it is to become, then "
            "convert. Or run ./doitw deploy",
        )
    conversion.refuse_unkept(aws, conversion.names(aws))
    say(f"stage {stage} becomes {wanted}: its log groups, alarms and callers keep their names")


def switch(settings: Settings) -> None:
    """DeployError that says how to get up again."""
    aws, stage = connect(settings), settings.stage
    going = [name for name in other_type(aws) if name]
    conversion.keep(aws, conversion.names(aws))
    conversion.delete(aws, going)
    try:
        chalice_deploy.deploy(aws)
        conversion.give_back(aws)
    except LayerError as error:
        raise DeployError(
            f"{error.problem}\nstage {stage} is away until this is done",
            fix=f"{error.fix}\n→ ./doitw convert keep-name=1 stage={stage} goes on with it",
        ) from None
    say(f"stage {stage} is converted; back: set package again, then ./doitw convert keep-name=1")
