"""preflight: everything that can be wrong with a deploy, looked at before anything changes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ..aws import arn as layer_arns
from ..aws import secrets_manager
from ..aws.client import Aws
from ..chalice_project import config as chalice_config
from ..chalice_project import deploy, environment, own_packages
from ..chalice_project import package as function_package
from ..chalice_project.package import RUNTIME, Contents, HidingError
from ..context import arguments
from ..context.arguments import only_publishes
from ..context.connection import connect, connect_read_only
from ..context.doit_actions import action
from ..context.settings import current, unheard
from ..layer.archive import size_limit
from ..layer.prune import globs
from ..release import listing
from ..release.images import package_type
from ..release.stage import store
from ..requirements import file, function_file, lockfile
from ..requirements.tags import marker_environment
from ..settings import lambda_pythons, lambda_variables, paths, records, smoke_request
from ..settings.model import MOST_LAYERS, Settings
from ..settings.pyproject import STAGES, TABLE, stages
from ..settings.step_records import PreflightRecord
from ..settings.validation import nearest
from ..ui.console import say, say_once
from ..util import source_location  # fmt: skip
from ..util.errors import InputError, LayerError
from ..util.invoked_as import PACKAGE
from ..util.source_location import SourceLocation

Check = Callable[[Settings], None]
OLDEST, TOO_OLD = "3.12", ("3.10", "3.11")  # `requires-python` in pyproject.toml


def task_preflight() -> dict[str, object]:
    """Check requirements, config.json and credentials."""
    settings, deploys = current(), not only_publishes()
    return {"actions": [action(lambda: run(settings, deploys=deploys))]}


def run(settings: Settings, *, deploys: bool = True) -> None:
    """InputError, AwsError. All problems at once. Prints where the deploy will go. A layer may be
    published that Chalice could not deploy from here."""
    tell_of_python(settings)
    checks: list[Check] = [check_packages, check_stage, check_layers]
    if deploys:
        checks += [check_name, check_variables, check_python, check_architecture, check_hidden]
        checks += [package_type.check_here]
    problems = collect_problems(checks, settings)
    if not (problems and settings.is_local):  # no server is started for nothing
        problems += collect_problems([check_aws], settings)
    raise_all(problems)


def tell_of_python(settings: Settings) -> None:
    """Of one that AWS gives up, or of a preview."""
    if told := lambda_pythons.warning(settings.python, datetime.now(UTC).date()):
        say_once(told)


def collect_problems(checks: list[Check], settings: Settings) -> list[LayerError]:
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
    file.read_requirements(Path(settings.requirements))
    lockfile.refuse_outdated_lock(settings)


def check_name(settings: Settings) -> None:
    chalice_config.refuse_unusable_name(paths.CHALICE_CONFIG)


def check_stage(settings: Settings) -> None:
    """The stage exists and nothing in it works against the layer. A stage that has settings of its
    own exists, too: misspelt, its account would not be guarded."""
    config = chalice_config.load_config(paths.CHALICE_CONFIG)
    for name in set(stages(Path("pyproject.toml"))) - set(config["stages"]):
        problem = (
            f"pyproject.toml has a table for stage {name!r}, which {paths.CHALICE_CONFIG} "
            f"does not have{nearest(name, config['stages'])}"
        )
        place = source_location.in_toml(Path("pyproject.toml"), f"{TABLE}.{STAGES}.{name}", "")
        raise InputError(
            source_location.below(problem, place),
            fix="correct the table's name, or add the stage there",
        )
    stage = chalice_config.stage(paths.CHALICE_CONFIG, settings.stage)
    if stage.get("automatic_layer", config.get("automatic_layer", False)):
        problem = (
            f"{paths.CHALICE_CONFIG}: automatic_layer is true: Chalice would add a layer of its "
            "own, which counts toward the same 262.1 MB"
        )
        raise InputError(
            source_location.below(problem, _place(settings.stage, "automatic_layer")),
            fix='set "automatic_layer": false',
        )
    for name, own in chalice_config.own_layers(paths.CHALICE_CONFIG, settings.stage).items():
        if not own and not settings.is_image:
            say(f"note: function {name} has an empty `layers` of its own, and gets no layer")


def check_layers(settings: Settings) -> None:
    """The layers of the stage, and those that functions have of their own, are ones that Lambda can
    attach."""
    try:
        found = chalice_config.all_layers(paths.CHALICE_CONFIG, settings.stage)
    except LayerError:
        return  # check_stage says what is wrong
    for keys, arns in found.items():
        _check_list(settings, keys, arns)


def _check_list(settings: Settings, keys: tuple[str, ...], configured: list[str]) -> None:
    whose = ".".join(keys)
    where = f"{paths.CHALICE_CONFIG}, stages.{settings.stage}.{whose}"
    full = len(size_limit.beside(configured, settings)) >= MOST_LAYERS
    if full and not _is_a_rollbacks(settings, configured):
        raise InputError(
            f"{where}: {len(configured)} layers are there already, and Lambda allows "
            f"{MOST_LAYERS}, this one included",
            fix="take out those that this layer replaces",
        )
    if problems := layer_arns.misplaced(configured, settings.region):
        problem = f"{where}: {'; '.join(problems)}"
        wrong = next(arn for arn in configured if layer_arns.misplaced([arn], settings.region))
        found = _place(settings.stage, *keys, value=wrong)
        raise InputError(source_location.below(problem, found), fix="correct or remove it there")


def _is_a_rollbacks(settings: Settings, configured: list[str]) -> bool:
    """Did a rollback write this list? It stays as it is, or goes as a whole."""
    with suppress(LayerError):
        pin = store.pin(connect_read_only(settings))
        return bool(pin and configured in [[*each] for each in pin.lists])
    return False


def check_variables(settings: Settings) -> None:
    """Lambda takes the names of the variables in config.json. It would say so in the middle of a
    deploy."""
    try:
        found = chalice_config.variables(paths.CHALICE_CONFIG, settings.stage)
    except LayerError:
        return  # check_stage says what is wrong
    names = sorted({name for variables in found.values() for name in variables})
    if problems := lambda_variables.refused(names):
        first = next(name for name in names if lambda_variables.refused([name]))
        problem = f"{paths.CHALICE_CONFIG}, environment_variables: {'; '.join(problems)}"
        where = _place(settings.stage, "environment_variables", first)
        fix = "choose another name there, and in the app. Lambda sets these itself"
        raise InputError(source_location.below(problem, where), fix=fix)
    _check_pythons_own(settings, found)


def _check_pythons_own(settings: Settings, found: dict[str, dict[str, str]]) -> None:
    """Variables that take the layer from a function, or its bytecode (a warning)."""
    where = f"{paths.CHALICE_CONFIG}, environment_variables"
    costly = [why for each in found.values() for why in lambda_variables.against_bytecode(each)]
    for why in dict.fromkeys(costly):
        say(f"warning: {where}: {why}")
    for function, variables in found.items():
        against = lambda_variables.against_layer(variables, image=settings.is_image)
        for name, why in against.items():
            key = ("environment_variables", name)
            own = _place(settings.stage, "lambda_functions", function, *key)
            place = own or _place(settings.stage, *key)
            fix = "take it out there. Modules of the app's own are found in its folder and vendor/"
            raise InputError(source_location.below(f"{where}: {why}", place), fix=fix)


def check_places(aws: Aws) -> None:
    """No other account's layer has this layer's name there: it would stay beside this one. A pin
    may name one: then a person has asked for it."""
    settings = aws.settings
    for keys, arns in chalice_config.all_layers(paths.CHALICE_CONFIG, settings.stage).items():
        wrong = layer_arns.strange(arns, settings.layer, settings.region, aws.account)
        pin = store.pin(aws) if wrong else None
        if wrong and not (pin and not pin.lifted and {*wrong} <= {*pin.arns}):
            where = f"{paths.CHALICE_CONFIG}, stages.{settings.stage}.{'.'.join(keys)}"
            here = f"account {aws.account}, {settings.region}"
            problem = f"{where}: {', '.join(wrong)} is not the layer {settings.layer} of {here}"
            raise InputError(
                source_location.below(problem, _place(settings.stage, *keys, value=wrong[0])),
                fix="take it out there: the deploy puts this account's version in",
            )


def warn_of_outer_places(aws: Aws) -> None:
    """The same outside of the stages, which may mean another stage, in its account."""
    settings, path = aws.settings, paths.CHALICE_CONFIG
    for keys, arns in chalice_config.outer_layers(path).items():
        wrong = layer_arns.strange(arns, settings.layer, settings.region, aws.account)
        if wrong:
            here = f"account {aws.account}, {settings.region}"
            said = f"{', '.join(wrong)} is not the layer {settings.layer} of {here}"
            problem = f"{path}, {'.'.join(keys)}: {said}"
            place = chalice_config.place(path, *keys, value=wrong[0])
            say(f"warning: {source_location.below(problem, place)}")


def check_smoke(aws: Aws) -> None:
    """What smoke will send can be sent: known now, and not once the stage is changed."""
    if missing := smoke_request.unset(aws.settings.smoke, aws.environ):
        problem = f"headers of `smoke` need environment variables: {', '.join(missing)}"
        raise InputError(problem, fix="set them, or take them out of pyproject.toml")


def _place(stage: str, *keys: str, value: str = "") -> SourceLocation | None:
    """In config.json: the stage's own, else the app's."""
    own = chalice_config.place(paths.CHALICE_CONFIG, "stages", stage, *keys, value=value)
    of_app = keys if keys[0] == "environment_variables" else keys[-1:]
    return own or chalice_config.place(paths.CHALICE_CONFIG, *of_app, value=value)


def check_python(settings: Settings) -> None:
    """Chalice deploys the runtime of the Python that runs it (chalice#1416, #1707)."""
    environment.refuse_too_old()
    here = environment.python_version()
    if settings.python == here:
        return
    problem = (
        f"the layer is for Python {settings.python}, but Chalice would deploy python{here}: "
        "it takes the Python that it runs under"
    )
    if settings.python in TOO_OLD:
        raise InputError(
            f"{problem}, and this tool needs {OLDEST} or newer",
            fix="`./doitw publish` builds, tests and publishes it: put the ARN (.layer-arn.txt) "
            f"into `layers` of {paths.CHALICE_CONFIG} and deploy with a Chalice under Python "
            f'{settings.python}. Or set python = "{OLDEST}"',
        )
    if PACKAGE == "tasks":  # a checkout, not the wheel
        fix = f"write {settings.python} into .python-version and run ./doitw again"
        raise InputError(problem, fix=fix)
    raise InputError(
        problem,
        fix="install this tool and the app's requirements.txt in an environment of Python "
        f"{settings.python}, and run the command there. Or put Chalice and the app's packages into "
        ".venv",
    )


def check_architecture(settings: Settings) -> None:
    """Chalice can deploy for it: `lambda_architecture` is younger than the oldest Chalice that we
    work with, and an older one passes over it without a word."""
    if settings.architecture == "arm64" and not deploy.knows_architecture():
        raise InputError(
            f"the layer is for arm64, and Chalice {environment.chalice_version()} deploys "
            "functions for x86_64 alone",
            fix="install chalice 1.34 or newer, which reads `lambda_architecture`",
        )


def check_hidden(settings: Settings) -> None:
    """Nothing that lies here hides what the layer is asked for. Most packages have one module, of
    the same name. Chalice-deploy, which knows the layer, looks again."""
    try:
        lines = file.read_requirements(Path(settings.requirements))
    except LayerError:
        return  # check_packages says what is wrong
    environment, dropped = marker_environment(settings), globs.matcher(tuple(settings.drop))
    asked = [x for x in lines if not x.constraint and file.applies(x, environment)]
    by_module = {line.name.replace("-", "_"): line for line in asked}
    there = [x for x in by_module if not (dropped(f"{x}.py") or dropped(f"{x}/__init__.py"))]
    wanted = {each: function_file.place(by_module[each]) for each in there}
    try:
        function_package.refuse_hidden(Contents(versions={}, modules=there), wanted)
    except HidingError as error:
        vain = own_packages.vain(line.name for line in asked) if RUNTIME in there else []
        more = "; look whether the app needs what else only Chalice asks for: "
        more = more + ", ".join(vain) if vain else ""
        raise InputError(error.problem, fix=error.fix + more) from None


def measure_layers(settings: Settings) -> None:
    """The stage's other layers, which count toward the limit.

    A version never changes, so each is asked for once.
    """
    others = size_limit.others(settings)
    last = records.read(settings, PreflightRecord)
    known = last.sizes if last else {}
    sizes = {arn: known.get(arn) or listing.unzipped(connect(settings), arn) for arn in others}
    if others:
        records.write(settings, PreflightRecord(sizes=sizes))
    for arn in [each for each in others if settings.is_local and sizes[each] == 0]:
        say(f"note: the emulator has no {arn}: an empty layer stands in its place")


def check_aws(settings: Settings) -> None:
    """The credentials are good, and the stage's other layers are there."""
    aws = connect(settings)
    for sentence in unheard(settings.stage):
        say(f"note: {sentence}")
    place = f"stage {settings.stage}: {aws.account}, {settings.region}"
    say(place + ("" if settings.is_local else f", as {aws.identity}"))
    if not arguments.converts():
        package_type.check_deployed(aws)
    check_places(aws)
    warn_of_outer_places(aws)
    check_smoke(aws)
    measure_layers(settings)


def task_secret() -> dict[str, object]:
    """Check the stage's secret."""
    settings = current()
    return {
        "actions": [action(lambda: _check_secret(settings))] if settings.secret else None,
        "task_dep": ["preflight"],
    }


def _check_secret(settings: Settings) -> None:
    configured = chalice_config.variables(paths.CHALICE_CONFIG, settings.stage)
    secrets_manager.read_secret(connect(settings), configured)
