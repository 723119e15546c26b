"""`doit unpin`: let the next deploy go forward again after a rollback."""

from datetime import UTC, datetime

from ..clients import stage_store
from ..clients.aws import Aws, connect
from ..core import arguments, people
from ..core.actions import action
from ..core.console import say
from ..core.loading import current


def task_unpin() -> dict[str, object]:
    """Lift a rollback's pin: the next deploy goes to what the requirements say."""
    settings, typed = current(), arguments.current()
    return {
        "actions": [action(lambda: run(connect(settings), typed.reason))],
        "setup": ["deploy-lock"],
    }


def run(aws: Aws, reason: str) -> None:
    """Nothing is deployed by this."""
    stage, pin = aws.settings.stage, stage_store.pin(aws)
    if pin is None or pin.lifted:
        say(f"stage {stage} is not pinned" + (f": {pin.lifted}" if pin else ""))
        return
    who, at = people.signature(aws.environ), people.written(datetime.now(UTC))
    stage_store.put_pin(aws, pin.lift(f"unpinned by {who} on {at}" + (reason and f": {reason}")))
    say(f"unpinned; stage {stage} was {pin}")
    say(f"next: ./doitw deploy stage={stage} goes to what the requirements say")
