"""`doit package`: Chalice's template with the layer's ARN in it, for who deploys by a pipeline."""

import shutil
from pathlib import Path

from ..aws.client import Aws
from ..chalice_project import config, deploy
from ..chalice_project import package as function_package
from ..context import arguments
from ..context.arguments import CLOUDFORMATION
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.wheels import function_wheels
from ..release import layer_contents
from ..settings import paths
from ..ui.console import say
from ..util import files
from . import image_package


def task_package() -> dict[str, object]:
    """Publish the layer, write a template for pipelines."""
    settings, kind = current(), arguments.current().format_ or CLOUDFORMATION
    return {
        "actions": [action(lambda: write_template(connect(settings), kind))],
        "task_dep": ["push" if settings.is_image else "patch-config"],
    }


def write_template(aws: Aws, kind: str) -> Path:
    """The folder with template and zip. DeployError where the
    function would hide a module of the layer, or Chalice fails."""
    settings = aws.settings
    folder = paths.template(settings, kind)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write = image_package.write_template if settings.is_image else _of_layers
    write(aws, kind, folder)
    for path in files.walk(folder):
        say(str(path))
    if settings.secret:
        say(f"note: values of secret {settings.secret} are not in it: the pipeline adds them")
    return folder


def _of_layers(aws: Aws, kind: str, folder: Path) -> None:
    settings = aws.settings
    arns = config.layers(paths.CHALICE_CONFIG, settings.stage)
    layer = layer_contents.of_stage(aws, arns)
    function_package.refuse_hidden(layer)
    function_wheels.building(
        settings,
        lambda: deploy.write_template(settings, aws.exported(), aws.access, layer, kind, folder),
    )
    say(f"its functions have the layers {', '.join(arns)}")
