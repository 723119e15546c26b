"""preflight: everything that can be wrong with a deploy, looked at before anything changes."""

import sys
from pathlib import Path

from tasks.clients.aws import connect
from tasks.core import chalice_config, locks, paths, requirements
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.errors import InputError
from tasks.core.settings import Settings, current


def task_preflight() -> dict[str, object]:
    """Check requirements, config.json, Chalice's Python and the credentials."""
    settings = current()
    return {"actions": [action(lambda: run(settings))]}


def run(settings: Settings) -> None:
    """InputError, AwsError. Prints where the deploy will go."""
    requirements.read(Path(settings.requirements))
    locks.check(settings)
    check_stage(settings)
    check_python(settings)
    aws = connect(settings)
    say(f"stage {settings.stage}: account {aws.account}, region {settings.region}")


def check_stage(settings: Settings) -> None:
    """The stage exists and nothing in it works against the layer."""
    config = chalice_config.load(paths.CHALICE_CONFIG)
    stage = chalice_config.stage(paths.CHALICE_CONFIG, settings.stage)
    if stage.get("automatic_layer", config.get("automatic_layer", False)):
        raise InputError(
            f"{paths.CHALICE_CONFIG}: automatic_layer is true: Chalice would add a layer of its "
            "own, which counts toward the same 262,144,000 bytes",
            fix='set "automatic_layer": false',
        )
    for name, function in stage.get("lambda_functions", {}).items():
        if "layers" in function:
            say(f"note: function {name} has `layers` of its own and will not get this one")


def check_python(settings: Settings) -> None:
    """Chalice deploys the runtime of the Python that runs it (chalice#1416, #1707)."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if settings.python != here:
        raise InputError(
            f"the layer is for Python {settings.python}, but Chalice would deploy python{here}: "
            "it takes the Python that it runs under",
            fix=f"write {settings.python} into .python-version and run ./doitw again",
        )
