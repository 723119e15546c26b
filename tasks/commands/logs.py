"""`doit logs`: what a stage's functions have said, and with follow=1 what they say from now on."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from ..aws import lambda_functions, secrets_manager
from ..aws.client import Aws
from ..aws.lambda_functions import Logged
from ..chalice_project.events import takers
from ..chalice_project.events.takers import Taker
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..ui.console import say
from .invoke import of_stage

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LATE = 15.0  # seconds by which a line may reach CloudWatch after a later one
PAUSE, PAUSE_HERE = 2.0, 0.3  # seconds between two looks, at AWS and on this machine
Hide = Callable[[str], str]


def task_logs() -> dict[str, object]:
    """Show what the stage's functions logged."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: run(connection.connect_read_only(settings), typed))]}


def run(aws: Aws, typed: Arguments) -> None:
    """InputError for a function that is none."""
    there = of_stage(aws)
    stage = aws.settings.stage
    chosen = [takers.choose(there, typed.name, "", stage)] if typed.name else there
    hides = {each.function: secrets_manager.hider(aws, each.function) for each in chosen}
    start = time.time() - int(typed.since[:-1]) * SECONDS[typed.since[-1]]
    seen = show(gather(aws, chosen, start), (), hides)
    if not seen:
        say(f"nothing since {typed.since} ago")
    if typed.follow:
        follow(aws, chosen, start, seen, hides)


def gather(aws: Aws, chosen: Sequence[Taker], start: float) -> list[Logged]:
    """In the order of time. `start`: in seconds since 1970."""
    found = [
        each for taker in chosen for each in lambda_functions.logged(aws, taker.function, start)
    ]
    return sorted(found, key=lambda each: each.at)


def follow(
    aws: Aws, chosen: Sequence[Taker], start: float, seen: Collection[str], hides: dict[str, Hide]
) -> None:
    """Until Ctrl-C, which is how it ends."""
    pause = PAUSE_HERE if aws.settings.is_local else PAUSE
    try:
        while True:
            time.sleep(pause)
            lines = gather(aws, chosen, start)
            seen = show(lines, seen, hides)
            start = max([start, *(each.at - LATE for each in lines)])
    except KeyboardInterrupt:
        say("stopped")


def show(lines: Sequence[Logged], seen: Collection[str], hides: dict[str, Hide]) -> set[str]:
    """Those that were not seen yet. The names of all of them."""
    for line in lines:
        if line.name not in seen:
            at = datetime.fromtimestamp(line.at).astimezone()
            who = f"  {line.function}" if len(hides) > 1 else ""
            say(f"{at:%m-%d %H:%M:%S}{who}  {hides[line.function](line.text)}")
    return {line.name for line in lines}
