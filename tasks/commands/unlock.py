"""`doit unlock`: give back the lock of a deploy that died."""

from ..aws import s3_versions
from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.stage import lease, lock
from ..release.stage.lease import Lease
from ..release.stage.lock import Turn
from ..ui.console import say
from ..util.errors import DeployError


def task_unlock() -> dict[str, object]:
    """Show or release a stage's deploy lock."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: release_lock(connect(settings), living=typed.yes))]}


def release_lock(aws: Aws, *, living: bool) -> None:
    """DeployError for a lock whose owner may live, unless `living`."""
    stage, where = aws.settings.stage, lock.key(aws.settings)
    found = s3_versions.read_object(aws, where)
    holder = lease.parse_lease(found.data)
    if holder is None or holder.released:
        say(f"stage {stage} is not locked")
        return
    say(f"stage {stage} is locked by {holder}, until {holder.end}")
    if not living:
        _must_be_dead(aws, holder, found)
    if not s3_versions.write_object(aws, where, holder.given_back(found.at).written(), found.etag):
        fix = "run ./doitw unlock again to see how it stands"
        raise DeployError("the lock was renewed, returned or taken at this moment", fix=fix)
    say(f"unlocked; next: ./doitw deploy stage={stage}")


def _must_be_dead(aws: Aws, holder: Lease, found: s3_versions.Object) -> None:
    turn = Turn(aws.settings)
    try:
        dead = turn.mine() and lock.is_free(holder, found.at, turn)
    finally:
        turn.end()
    if not dead:
        raise DeployError(
            "the run that holds this lock may be alive: it renews the lock until it ends",
            fix="look again when it is over. If you know that it is dead: "
            f"./doitw unlock yes=1 stage={aws.settings.stage}",
        )
