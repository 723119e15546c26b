"""`doit undo`: bring back what the stage ran before its last deploy or rollback."""

from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.images import conversion, pin
from ..release.undo import attempt, restore, snapshot
from ..release.undo.attempt import Attempt, Ran
from ..steps import smoke
from ..ui.console import say
from ..util.errors import InputError


def task_undo() -> dict[str, object]:
    """Bring back what ran before the last deploy."""
    settings, typed = current(), arguments.current()
    return {
        "actions": [action(lambda: run(connect(settings), typed.reason))],
        "setup": ["deploy-lock"],
    }


def run(aws: Aws, reason: str) -> None:
    """InputError where nothing is kept. DeployError when what came back does not answer."""
    stage, found = aws.settings.stage, snapshot.read(aws)
    if found is None or found.before is None or not found.before.is_kept:
        raise InputError(f"stage {stage}: nothing is kept of what ran before", fix=_way(aws, found))
    if found.state == attempt.UNDONE:
        say(f"{found} is undone already: {found.why}")
        return
    for line in restore.perform(aws, found, reason or found.why or f"{found} was undone"):
        say(f"note: not undone: {line}")
    _lift(aws, found.before)
    smoke.run(aws)
    say(f"stage {stage} runs {found.before.named} again")


def _lift(aws: Aws, before: Ran) -> None:
    """A pin to another image than what came back: the next deploy would follow it."""
    pinned = pin.read(aws) if aws.settings.is_image else None
    if pinned and pinned.uri != before.image:
        pin.lift(aws, pinned, "undone")
        say(f"note: the pin is lifted: stage {aws.settings.stage} had been {pinned}")


def _way(aws: Aws, found: Attempt | None) -> str:
    if found and conversion.read(aws).functions and found.blocked:
        return found.blocked
    what = "an image" if aws.settings.is_image else "a version of the layer"
    return f"./doitw rollback version=N stage={aws.settings.stage} deploys {what}"
