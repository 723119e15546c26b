"""The function's package as Chalice packs it, and nothing else: nothing is deployed, and app.py is
not imported. A deploy finds it and takes it as it is."""

from inspect import signature
from pathlib import Path
from typing import Any


def make(stage: str) -> int:
    """Chalice's zip in .chalice/deployments/. An exit status. packing.py tells what it holds."""
    from chalice.cli.factory import CLIFactory
    from chalice.deploy import packager
    from chalice.utils import UI, OSUtils

    here, chalice, osutils = str(Path.cwd()), vars(packager), OSUtils()
    config: Any = CLIFactory(here).create_config_obj(chalice_stage_name=stage)
    builder, function = chalice["DependencyBuilder"], chalice["LambdaDeploymentPackager"]
    takes = "architecture" in signature(builder).parameters  # since 1.34
    more: dict[str, Any] = {"architecture": config.lambda_architecture} if takes else {}
    made = function(osutils, builder(osutils, **more), UI(), **more)
    made.create_deployment_package(here, config.lambda_python_version)
    return 0
