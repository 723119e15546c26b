"""patch-config: the layer version's ARN into stages.<stage>.layers of .chalice/config.json."""

from tasks.core import arguments, chalice_config, paths, versions
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.errors import InputError, LayerError
from tasks.core.settings import Settings, current

MOST_LAYERS = 5  # of one function (AWS quota)


def task_patch_config() -> dict[str, object]:
    """Put the published ARN (or arn=A[,B…]) into .chalice/config.json."""
    settings, arn = current(), arguments.current().arn
    return {
        "basename": "patch-config",
        "actions": [action(lambda: run(settings, wanted(settings, arn)))],
        "task_dep": [] if arn else ["publish"],
        "setup": [] if arn else ["deploy-lock"],  # with arn= no AWS is needed
        "uptodate": [lambda: is_patched(settings, arn)],
    }


def is_patched(settings: Settings, arn: str = "") -> bool:
    try:
        configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
        return configured == wanted(settings, arn)
    except LayerError:
        return False  # the action says what is wrong


def wanted(settings: Settings, arn: str = "") -> list[str]:
    """What the stage's `layers` should be: one ARN takes its layer's place, several are the list.

    `arn`: as typed; without it the published one. InputError for what Lambda would refuse.
    """
    configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    arns = versions.placed(configured, versions.parse_arns(arn or _published()))
    check(settings, arns)
    return arns


def check(settings: Settings, arns: list[str]) -> None:
    """InputError when Lambda would refuse this list."""
    place = f"stages.{settings.stage}.layers in {paths.CHALICE_CONFIG}"
    if len(arns) > MOST_LAYERS:
        problem = f"stage {settings.stage} would have {len(arns)} layers; Lambda allows"
        raise InputError(f"{problem} {MOST_LAYERS}", fix=f"take one out of {place}")
    if problems := versions.misplaced(arns, settings.region):
        fix = f"name a layer of {settings.region}, or correct {place}"
        raise InputError("; ".join(problems), fix=fix)


def _published() -> str:
    try:
        return paths.LAYER_ARN.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        fix = "run `./doitw deploy`, or name one: ./doitw patch-config arn=…"
        raise InputError(f"{paths.LAYER_ARN} is not there: nothing is published", fix=fix) from None


def run(settings: Settings, arns: list[str]) -> None:
    """Write the list, keep a backup."""
    check(settings, arns)
    if chalice_config.layers(paths.CHALICE_CONFIG, settings.stage) == arns:
        return
    backup = chalice_config.write_layers(paths.CHALICE_CONFIG, settings.stage, arns)
    for arn in arns:
        say(f"stage {settings.stage} uses {arn}")
    say(f"what stood there before is in {backup}")
