"""secret: the stage's secret, looked at before anything is built; only where it has one."""

from ..clients import secrets
from ..clients.aws import connect
from ..core.actions import action
from ..core.loading import current


def task_secret() -> dict[str, object]:
    """Check that the stage's secret can become its functions' environment."""
    settings = current()
    look = [action(lambda: secrets.read(connect(settings)))]
    return {"actions": look if settings.secret else None, "task_dep": ["preflight"]}
