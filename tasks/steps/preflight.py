"""preflight: everything that can be wrong with a deploy, looked at before anything changes."""

import sys
from collections.abc import Callable
from pathlib import Path

from tasks.clients import layers
from tasks.clients.aws import connect
from tasks.core import budget, chalice_config, locks, paths, records, requirements, versions
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.errors import InputError, LayerError
from tasks.core.settings import Settings, current
from tasks.core.tables import stages
from tasks.core.validation import nearest

Check = Callable[[Settings], None]


def task_preflight() -> dict[str, object]:
    """Check requirements, config.json, Chalice's Python and the credentials."""
    settings = current()
    return {"actions": [action(lambda: run(settings))]}


def run(settings: Settings) -> None:
    """InputError, AwsError; all problems at once. Prints where the deploy will go."""
    checks: list[Check] = [check_packages, check_stage, check_layers, check_python]
    problems = found(checks, settings)
    if not (problems and settings.is_local):  # no server is started for nothing
        problems += found([check_aws], settings)
    raise_all(problems)


def found(checks: list[Check], settings: Settings) -> list[LayerError]:
    """What the checks complain about."""
    problems = []
    for check in checks:
        try:
            check(settings)
        except LayerError as error:
            problems.append(error)
    return problems


def raise_all(problems: list[LayerError]) -> None:
    """One error that says them all, each once, each with what to do."""
    said = {str(problem): problem for problem in problems}
    if not said:
        return
    *others, last = said.values()
    raise InputError("\n".join([*map(str, others), last.problem]), fix=last.fix)


def check_packages(settings: Settings) -> None:
    requirements.read(Path(settings.requirements))
    locks.check(settings)


def check_stage(settings: Settings) -> None:
    """The stage exists and nothing in it works against the layer; a stage that has settings of its
    own exists, too: misspelt, its account would not be guarded."""
    config = chalice_config.load(paths.CHALICE_CONFIG)
    for name in set(stages(Path("pyproject.toml"))) - set(config["stages"]):
        raise InputError(
            f"pyproject.toml has a table for stage {name!r}, which {paths.CHALICE_CONFIG} "
            f"does not have{nearest(name, config['stages'])}",
            fix="correct the table's name, or add the stage there",
        )
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


def check_layers(settings: Settings) -> None:
    """The stage's layers are ones that Lambda can attach."""
    try:
        configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    except LayerError:
        return  # check_stage says what is wrong
    if problems := versions.misplaced(configured, settings.region):
        place = f"{paths.CHALICE_CONFIG}, stages.{settings.stage}.layers"
        raise InputError(f"{place}: {'; '.join(problems)}", fix="correct or remove it there")


def check_python(settings: Settings) -> None:
    """Chalice deploys the runtime of the Python that runs it (chalice#1416, #1707)."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if settings.python != here:
        raise InputError(
            f"the layer is for Python {settings.python}, but Chalice would deploy python{here}: "
            "it takes the Python that it runs under",
            fix=f"write {settings.python} into .python-version and run ./doitw again",
        )


def measure_layers(settings: Settings) -> None:
    """Record {"sizes": {ARN: bytes}} of the stage's other layers, which count toward the limit.

    A version never changes, so each is asked for once.
    """
    others = budget.others(settings)
    path = paths.stage_record(settings, "preflight")
    known = (records.read(path) or {"sizes": {}})["sizes"]
    sizes = {arn: known.get(arn) or layers.unzipped(connect(settings), arn) for arn in others}
    if others:
        records.write(path, {"sizes": sizes})


def check_aws(settings: Settings) -> None:
    """The credentials are good, and the stage's other layers are there."""
    aws = connect(settings)
    place = f"account {aws.account}, region {settings.region}"
    say(f"stage {settings.stage}: {place}" + ("" if settings.is_local else f", as {aws.identity}"))
    measure_layers(settings)
