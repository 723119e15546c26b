"""`doit unlock`: give back the lock of a deploy that died."""

from ..clients import conditional, deploy_lock
from ..clients.aws import Aws, connect
from ..clients.deploy_lock import Turn
from ..core import arguments, lease
from ..core.actions import action
from ..core.console import say
from ..core.errors import DeployError
from ..core.lease import Lease
from ..core.loading import current


def task_unlock() -> dict[str, object]:
    """Show who locked the stage; take over a dead run's lock (yes=1: a living one's)."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: run(connect(settings), living=typed.yes))]}


def run(aws: Aws, *, living: bool) -> None:
    """DeployError for a lock whose owner may live, unless `living`."""
    stage, where = aws.settings.stage, deploy_lock.key(aws.settings)
    found = conditional.read(aws, where)
    holder = lease.parse(found.data)
    if holder is None or holder.released:
        say(f"stage {stage} is not locked")
        return
    say(f"stage {stage} is locked by {holder}, until {holder.end}")
    if not living:
        _must_be_dead(aws, holder, found)
    if not conditional.write(aws, where, holder.given_back(found.at).written(), found.etag):
        fix = "run ./doitw unlock again to see how it stands"
        raise DeployError("the lock was renewed, returned or taken at this moment", fix=fix)
    say(f"unlocked; next: ./doitw deploy stage={stage}")


def _must_be_dead(aws: Aws, holder: Lease, found: conditional.Object) -> None:
    turn = Turn(aws.settings)
    try:
        dead = turn.mine() and deploy_lock.is_free(holder, found.at, turn)
    finally:
        turn.end()
    if not dead:
        raise DeployError(
            "this owner may be alive: a living one renews its lock before that time",
            fix="look again when it is over; or, when you know that it is dead: "
            f"./doitw unlock yes=1 stage={aws.settings.stage}",
        )
