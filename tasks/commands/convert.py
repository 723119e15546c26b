"""`doit convert`: a live stage from layer to image, or back, as `package` says.

    convert:check → all that a deploy builds and sends → convert:switch → convert:smoke

New functions are made beside the old ones and called before anything leads to them. The old ones
stay until `finish=1`. With `keep-name=1` they are deleted first, and made again by their names.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..aws.client import Aws
from ..chalice_project import config, deploy
from ..context import arguments
from ..context.arguments import Arguments
from ..context.connection import connect
from ..context.doit_actions import behind_lock
from ..context.settings import current
from ..layer.wheels import function_wheels
from ..release import layer_contents
from ..release.images import conversion, left_behind, pin, renaming
from ..release.images.conversion import Conversion
from ..release.images.package_type import other_type
from ..release.stage import chalice_state
from ..release.undo import snapshot
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import PushRecord
from ..steps import chalice_deploy, smoke
from ..ui.console import say
from ..util import files
from ..util.errors import DeployError, InputError, LayerError


def task_convert() -> Iterator[dict[str, object]]:
    """Turn a stage's layer into an image, or back."""
    settings, typed = current(), arguments.current()
    if typed.finish:
        yield from behind_lock("convert", {
            "finish": ("Delete the old functions.", lambda: finish(connect(settings))),
        })  # fmt: skip
        return
    ready = "push" if settings.is_image else "patch-config"
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "check": ("Check what is deployed.", lambda: check(connect(settings), typed)),
        "switch": ("Lead all to new functions.", lambda: switch(settings, typed)),
        "smoke": ("Call the app.", lambda: smoke.ask_and_judge(connect(settings))),
    }
    for task in behind_lock("convert", steps):
        needs = {"task_dep": ["convert:check", "lookup", ready]}
        yield task | (needs if task["name"] == "switch" else {})


def check(aws: Aws, typed: Arguments) -> None:
    """InputError before anything is built."""
    stage, under_way = aws.settings.stage, conversion.read(aws)
    if _is_converted(aws, under_way):
        if _is_to_be_called(aws):
            say(f"stage {stage} is converted already, and was not called since")
            return
        raise InputError(
            f'stage {stage} has no function of another kind than package = "'
            f'{aws.settings.package}"',
            fix=f"set `package` for stage {stage} in pyproject.toml to what it is to become, then "
            "convert. Or run ./doitw deploy",
        )
    if aws.settings.is_image and (pinned := pin.holding(aws)):
        problem = f"stage {stage} was {pinned}, and is not to be changed"
        raise InputError(problem, fix=f"./doitw unpin stage={stage}, then convert")
    if typed.keep_name and under_way.is_open and under_way.renamed:
        problem = f"a conversion of stage {stage} to new names is under way"
        raise InputError(problem, fix=f"./doitw convert stage={stage} goes on with it")
    conversion.refuse_unkept(aws, conversion.names(aws))
    wanted = "an image" if aws.settings.is_image else "a layer"
    if _keeps_names(typed, under_way):
        say(f"stage {stage} becomes {wanted}: its log groups, alarms and callers keep their names")
        say("its functions are deleted and made again: the app is away for some seconds")
        return
    renamed = renaming.plan(aws)
    say(f"stage {stage} becomes {wanted}, with new functions; the old ones stay until finish=1")
    for line in left_behind.sentences(aws, renamed):
        say(f"stays behind: {line}")


def _is_converted(aws: Aws, under_way: Conversion) -> bool:
    return not other_type(aws) and not under_way.is_open


def _is_to_be_called(aws: Aws) -> bool:
    """Was the last change cut short before that?"""
    last = snapshot.read(aws)
    return bool(last and last.is_open)


def _keeps_names(typed: Arguments, under_way: Conversion) -> bool:
    """Is it typed, or how a conversion began that was stopped?"""
    return typed.keep_name or (under_way.is_open and not under_way.renamed)


def switch(settings: Settings, typed: Arguments) -> None:
    """DeployError that says in what state things are, and how to go on."""
    aws = connect(settings)
    under_way = conversion.read(aws)
    if _is_converted(aws, under_way):
        return
    if _keeps_names(typed, under_way):
        _replace(aws)
    else:
        _rename(aws)


def _replace(aws: Aws) -> None:
    """By functions of the same names."""
    stage, going = aws.settings.stage, [name for name in other_type(aws) if name]
    under_way = conversion.begin(aws, conversion.names(aws), {})
    conversion.delete(aws, going, ", to be made again")
    _on(aws, f"stage {stage} is away until this is done", partial(_deploy, under_way))
    say(f"stage {stage} is converted; back: set package again, then ./doitw convert keep-name=1")


def _rename(aws: Aws) -> None:
    """By new functions. Until they have answered, nothing leads to them."""
    stage, renamed = aws.settings.stage, renaming.plan(aws)
    former = conversion.read(aws)
    there = [name for name in renamed if name in {*conversion.names(aws)}]
    under_way = conversion.begin(aws, there, renamed)
    made = renaming.create(aws, renamed, _code(aws), _handlers(aws))
    _call(aws, under_way, made, former)
    state = "some events may lead to the new functions already; the old ones answer as before"
    _on(aws, state, lambda aws: renaming.lead(aws, under_way))
    _on(aws, state, lambda aws: conversion.free_reserved(aws, under_way))
    _on(aws, state, partial(_deploy, under_way))
    say(f"stage {stage} is converted: {', '.join(renamed.values())}")
    say(
        f"note: {', '.join(renamed)} stay, and nothing leads to them; ./doitw convert finish=1 "
        f"stage={stage} deletes them"
    )
    say(f"note: {snapshot.way_back(aws)}")


def _handlers(aws: Aws) -> dict[str, str]:
    """{function: its handler}, as app.py was imported. The old function may have a former one."""
    imported = files.read_record(paths.stage_record(aws.settings, "import-app")) or {}
    handlers = imported.get("handlers", {})
    functions = deploy.functions_of(chalice_state.read_state(aws))
    return {name: handlers[each] for each, name in functions.items() if each in handlers}


def _code(aws: Aws) -> Callable[[str], Mapping[str, Any]]:
    """What the new functions are made of."""
    settings = aws.settings
    if settings.is_image:
        return renaming.code_of(records.needed(settings, PushRecord).uri)
    arns = config.layers(paths.CHALICE_CONFIG, settings.stage)
    layer = layer_contents.of_stage(aws, arns)
    packed = function_wheels.building(
        settings, lambda: deploy.pack(settings, aws.exported(), aws.access, layer)
    )
    package = Path(packed["file"])
    return renaming.code_of_zip(settings.python, package.read_bytes(), arns)


def _call(aws: Aws, under_way: Conversion, made: list[str], former: Conversion) -> None:
    """Where they do not answer, the stage is as it was, without them."""
    functions = deploy.functions_of(chalice_state.read_state(aws))
    routes = functions.get("api_handler", "")
    name = under_way.renamed.get(routes, routes)
    others = [each for each in under_way.renamed.values() if each != name]
    try:
        smoke.ask_directly(aws, name, others or [name])
    except LayerError:
        if not former.is_open:  # of one that was stopped nobody knows how far it came
            conversion.delete(aws, made, ": it does not answer")
            conversion.write(aws, former)
        raise


def _deploy(under_way: Conversion, aws: Aws) -> None:
    chalice_deploy.deploy(aws)
    conversion.give_back(aws, under_way)


def _on(aws: Aws, state: str, step: Callable[[Aws], object]) -> None:
    try:
        step(aws)
    except LayerError as error:
        raise DeployError(
            f"{error.problem}\n{state}",
            fix=f"{error.fix}\n→ ./doitw convert stage={aws.settings.stage} goes on with it",
        ) from None


def finish(aws: Aws) -> None:
    """InputError where no conversion waits for it."""
    found, stage = conversion.read(aws), aws.settings.stage
    if found.is_open:
        fix = f"./doitw convert stage={stage} goes on with it. Then add finish=1"
        raise InputError(f"the conversion of stage {stage} is not done", fix=fix)
    if not found.old:
        problem = f"stage {stage} has no functions of before a conversion"
        raise InputError(problem, fix=f"./doitw status stage={stage} shows what it runs")
    renaming.refuse_lost(aws, found.renamed)
    left = [name for name in found.left if name not in conversion.names(aws)]
    instead = f": {', '.join(found.renamed.values())} run instead" if found.renamed else ""
    conversion.delete(aws, [*found.renamed, *left], instead)
    conversion.write(aws, Conversion())
    say(f"the conversion of stage {stage} is finished")
