"""deploy-lock: one deploy at a time per stage. A setup task: taken only when something changes.

doit ends it with the run, however that ends. A run that was killed loses it when it expires.
"""

from ..aws.client import Aws
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.stage import lock
from ..release.stage.lock import Held
from ..ui.console import say

HELD: list[Held] = []  # by this process


def task_deploy_lock() -> dict[str, object]:
    """Lock the stage: one deploy at a time."""
    settings = current()
    return {
        "basename": "deploy-lock",
        "actions": [action(lambda: take_lock(connect(settings)))],
        "teardown": [action(release)],
    }


def take_lock(aws: Aws) -> None:
    """DeployError when somebody else has it for longer than `lock-wait`."""
    HELD.append(lock.acquire(aws))
    say(f"nobody else changes stage {aws.settings.stage} until this run ends")


def release() -> None:
    while HELD:
        HELD.pop().release()
