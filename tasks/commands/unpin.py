"""`doit unpin`: let the next deploy go forward again after a rollback."""

from datetime import UTC, datetime

from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.images import pin as image_pin
from ..release.stage import store
from ..ui.console import say
from ..util import actor


def task_unpin() -> dict[str, object]:
    """End a rollback: deploy follows your requirements."""
    settings, typed = current(), arguments.current()
    return {
        "actions": [action(lambda: remove_pin(connect(settings), typed.reason))],
        "setup": ["deploy-lock"],
    }


def remove_pin(aws: Aws, reason: str) -> None:
    """Nothing is deployed by this."""
    if aws.settings.is_image:
        _remove_image_pin(aws, reason)
        return
    stage, pin = aws.settings.stage, store.pin(aws)
    if pin is None or pin.lifted:
        say(f"stage {stage} is not pinned" + (f": {pin.lifted}" if pin else ""))
        return
    who, at = actor.current_actor(aws.environ), actor.written(datetime.now(UTC))
    store.put_pin(aws, pin.lift(f"unpinned by {who} on {at}" + (reason and f": {reason}")))
    say(f"unpinned; stage {stage} was {pin}")
    say(f"next: ./doitw deploy stage={stage} goes to what the requirements say")


def _remove_image_pin(aws: Aws, reason: str) -> None:
    stage, pin = aws.settings.stage, image_pin.read(aws)
    if pin is None:
        say(f"stage {stage} is not pinned")
        return
    why = f"unpinned by {actor.current_actor(aws.environ)}" + (reason and f": {reason}")
    image_pin.lift(aws, pin, why)
    say(f"unpinned; stage {stage} was {pin}")
    say(f"next: ./doitw deploy stage={stage} goes to what app and requirements say")
