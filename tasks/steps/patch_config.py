"""patch-config: the layer version's ARN into stages.<stage>.layers of .chalice/config.json, and
what goes with it. That is the same ARN into the `layers` that a function has of its own (Chalice
gives it these instead of the stage's). It is also the layer's architecture where the functions have
another one."""

from ..aws import arn as layer_arns
from ..chalice_project import config
from ..chalice_project.config import Member
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.stage import attached_layers
from ..settings import paths, records
from ..settings.model import MOST_LAYERS, Settings
from ..settings.step_records import LookupRecord, PatchRecord
from ..ui.console import say
from ..util import input_files
from ..util.errors import InputError, LayerError


def task_patch_config() -> dict[str, object]:
    """Write layer ARNs to .chalice/config.json."""
    settings, arn = current(), arguments.current().arn
    return {
        "basename": "patch-config",
        "actions": [
            action(lambda: run(settings, wanted_layers(settings, arn), before(settings, arn)))
        ],
        "task_dep": [] if arn else ["publish"],
        "setup": []
        if arn
        else [*arguments.import_first(), "deploy-lock"],  # with arn= no AWS is needed
        "uptodate": [lambda: is_patched(settings, arn)],
    }


def before(settings: Settings, arn: str = "") -> list[str]:
    """The stage's layers until now. With `arn` AWS is not asked."""
    if arn:
        return _configured(settings)
    return attached_layers.now(connect(settings))


def is_patched(settings: Settings, arn: str = "") -> bool:
    try:
        configured, arns = _configured(settings), wanted_layers(settings, arn)
        return configured == arns and not beside(settings, arns)
    except LayerError:
        return False  # the action says what is wrong


def wanted_layers(settings: Settings, arn: str = "") -> list[str]:
    """What the stage's `layers` should be: one ARN takes its layer's place, several are the list.

    `arn`: as typed. Without it the published one, and what a rollback put there goes. InputError
    for what Lambda would refuse.
    """
    stands = _configured(settings) if arn else _own(settings)
    arns = layer_arns.placed(stands, layer_arns.parse_arns(arn or _published()))
    refuse_bad_layers(settings, arns)
    return arns


def _own(settings: Settings) -> list[str]:
    """The stage's layers as lookup found them."""
    looked_up = records.read(settings, LookupRecord)
    own = looked_up.own if looked_up else None
    return _configured(settings) if own is None else list(own)


def beside(settings: Settings, arns: list[str]) -> list[Member]:
    """What else changes in the stage's table when these become its layers."""
    lists = followed(settings, arns).items()
    members: list[Member] = [(("lambda_functions", name), "layers", own) for name, own in lists]
    runs_on = other_architecture(settings)
    return [*members, ((), "lambda_architecture", runs_on)] if runs_on else members


def followed(settings: Settings, arns: list[str]) -> dict[str, list[str]]:
    """{function: the `layers` of its own} with the version of this layer that `arns` have, where
    they have it not yet. An empty list stays empty: that function wants no layer."""
    own = config.own_layers(paths.CHALICE_CONFIG, settings.stage)
    ours = [arn for arn in arns if layer_arns.is_of(arn, settings.layer)][:1]
    after = {
        name: layer_arns.replaced(each, arn) for arn in ours for name, each in own.items() if each
    }
    return {name: each for name, each in after.items() if each != own[name]}


def foreign_functions(settings: Settings, arns: list[str]) -> list[str]:
    """The functions whose own `layers` stay as they are, since these are other tools' layers."""
    own = config.own_layers(paths.CHALICE_CONFIG, settings.stage)
    follows = any(layer_arns.is_of(arn, settings.layer) for arn in arns)
    return [] if follows else [name for name, each in own.items() if each]


def other_architecture(settings: Settings) -> str:
    """The layer's, where config.json says another one for the stage's functions. Else ''."""
    now = config.architecture(paths.CHALICE_CONFIG, settings.stage)
    return "" if now == settings.architecture else settings.architecture


def refuse_bad_layers(settings: Settings, arns: list[str]) -> None:
    """InputError when Lambda would refuse this list, or what a function's own becomes with it."""
    _check(settings, arns, f"stage {settings.stage}", "layers")
    for name, own in followed(settings, arns).items():
        _check(settings, own, f"function {name}", f"lambda_functions.{name}.layers")


def _check(settings: Settings, arns: list[str], whose: str, where: str) -> None:
    place = f"stages.{settings.stage}.{where} in {paths.CHALICE_CONFIG}"
    if len(arns) > MOST_LAYERS:
        problem = f"{whose} would have {len(arns)} layers, and Lambda allows"
        raise InputError(f"{problem} {MOST_LAYERS}", fix=f"take one out of {place}")
    if problems := layer_arns.misplaced(arns, settings.region):
        fix = f"name a layer of {settings.region}, or correct {place}"
        raise InputError("; ".join(problems), fix=fix)


def _configured(settings: Settings) -> list[str]:
    return config.layers(paths.CHALICE_CONFIG, settings.stage)


def _published() -> str:
    try:
        return input_files.read_text(paths.LAYER_ARN).strip()
    except FileNotFoundError:
        fix = "run `./doitw deploy`, or name one: ./doitw patch-config arn=…"
        raise InputError(f"{paths.LAYER_ARN} is not there: nothing is published", fix=fix) from None


def run(settings: Settings, arns: list[str], former: list[str]) -> None:
    """Write the list, keep a backup, and a record for the way back. `former`:
    what the stage had until now, whatever config.json says here."""
    refuse_bad_layers(settings, arns)
    more, runs_on = beside(settings, arns), other_architecture(settings)
    functions = followed(settings, arns)
    if former != arns:
        records.write(settings, PatchRecord(before=former, after=arns))
    if _configured(settings) == arns and not more:
        return
    backup = config.write_layers(paths.CHALICE_CONFIG, settings.stage, arns, more)
    for arn in arns:
        say(f"stage {settings.stage} uses {arn}")
    for name in functions:
        say(f"function {name} uses it, too, beside the `layers` of its own")
    for name in foreign_functions(settings, arns):
        say(f"note: function {name} keeps the `layers` of its own: none of these is this layer")
    if runs_on:
        say(f"stage {settings.stage} runs on {runs_on} from now on, as its layer does")
    say(f"what stood there before is in {backup}")
