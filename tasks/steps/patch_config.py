"""patch-config: the layer version's ARN into stages.<stage>.layers of .chalice/config.json, and the
layer's architecture beside it where the functions would have another one."""

from ..clients import stage_layers
from ..clients.aws import connect
from ..core import arguments, chalice_config, layer_arns, paths, records
from ..core.actions import action
from ..core.console import say
from ..core.errors import InputError, LayerError
from ..core.loading import current
from ..core.settings import MOST_LAYERS, Settings


def task_patch_config() -> dict[str, object]:
    """Put the published ARN (or arn=A[,B…]) into .chalice/config.json."""
    settings, arn = current(), arguments.current().arn
    return {
        "basename": "patch-config",
        "actions": [action(lambda: run(settings, wanted(settings, arn), before(settings, arn)))],
        "task_dep": [] if arn else ["publish"],
        "setup": [] if arn else ["deploy-lock"],  # with arn= no AWS is needed
        "uptodate": [lambda: is_patched(settings, arn)],
    }


def before(settings: Settings, arn: str = "") -> list[str]:
    """The stage's layers until now; with `arn` AWS is not asked."""
    if arn:
        return chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    return stage_layers.now(connect(settings))


def is_patched(settings: Settings, arn: str = "") -> bool:
    try:
        configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
        return configured == wanted(settings, arn) and not other_architecture(settings)
    except LayerError:
        return False  # the action says what is wrong


def wanted(settings: Settings, arn: str = "") -> list[str]:
    """What the stage's `layers` should be: one ARN takes its layer's place, several are the list.

    `arn`: as typed; without it the published one. InputError for what Lambda would refuse.
    """
    configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    arns = layer_arns.placed(configured, layer_arns.parse(arn or _published()))
    check(settings, arns)
    return arns


def other_architecture(settings: Settings) -> str:
    """The layer's, where config.json says another one for the stage's functions; else ''."""
    now = chalice_config.architecture(paths.CHALICE_CONFIG, settings.stage)
    return "" if now == settings.architecture else settings.architecture


def check(settings: Settings, arns: list[str]) -> None:
    """InputError when Lambda would refuse this list."""
    place = f"stages.{settings.stage}.layers in {paths.CHALICE_CONFIG}"
    if len(arns) > MOST_LAYERS:
        problem = f"stage {settings.stage} would have {len(arns)} layers; Lambda allows"
        raise InputError(f"{problem} {MOST_LAYERS}", fix=f"take one out of {place}")
    if problems := layer_arns.misplaced(arns, settings.region):
        fix = f"name a layer of {settings.region}, or correct {place}"
        raise InputError("; ".join(problems), fix=fix)


def _published() -> str:
    try:
        return paths.LAYER_ARN.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        fix = "run `./doitw deploy`, or name one: ./doitw patch-config arn=…"
        raise InputError(f"{paths.LAYER_ARN} is not there: nothing is published", fix=fix) from None


def run(settings: Settings, arns: list[str], former: list[str]) -> None:
    """Write the list, keep a backup. Record {"before", "after"}: ARNs, for the way back; `former`:
    what the stage had until now, whatever config.json says here."""
    check(settings, arns)
    configured = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    runs_on = other_architecture(settings)
    if former != arns:
        record = {"before": former, "after": arns}
        records.write(paths.stage_record(settings, "patch-config"), record)
    if configured == arns and not runs_on:
        return
    backup = chalice_config.write_layers(paths.CHALICE_CONFIG, settings.stage, arns, runs_on)
    for arn in arns:
        say(f"stage {settings.stage} uses {arn}")
    if runs_on:
        say(f"stage {settings.stage} runs on {runs_on} from now on, as its layer does")
    say(f"what stood there before is in {backup}")
