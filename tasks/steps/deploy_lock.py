"""deploy-lock: one deploy at a time per stage. A setup task: taken only when something changes.

doit ends it with the run, however that ends; a run that was killed loses it when it expires.
"""

from ..clients import deploy_lock
from ..clients.aws import Aws, connect
from ..clients.deploy_lock import Held
from ..core.actions import action
from ..core.console import say
from ..core.loading import current

HELD: list[Held] = []  # by this process


def task_deploy_lock() -> dict[str, object]:
    """Lock the stage until the run ends; wait while somebody else deploys it."""
    settings = current()
    return {
        "basename": "deploy-lock",
        "actions": [action(lambda: take(connect(settings)))],
        "teardown": [action(release)],
    }


def take(aws: Aws) -> None:
    """DeployError when somebody else has it for longer than `lock-wait`."""
    HELD.append(deploy_lock.take(aws))
    say(f"nobody else changes stage {aws.settings.stage} until this run ends")


def release() -> None:
    while HELD:
        HELD.pop().release()
