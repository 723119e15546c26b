"""`doit local-start` and `doit local-stop`: the embedded AWS by hand."""

import os
from dataclasses import replace

from ..context.doit_actions import action
from ..context.settings import current
from ..local_aws import control
from ..settings.model import LOCAL
from ..ui.console import say


def task_local_start() -> dict[str, object]:
    """Start the embedded AWS of stage=local and print its address."""
    settings = replace(current(), stage=LOCAL)

    def start() -> None:
        say(f"AWS_ENDPOINT_URL={control.ensure(settings, dict(os.environ))}")

    return {"basename": "local-start", "actions": [action(start)]}


def task_local_stop() -> dict[str, object]:
    """End the embedded AWS; what it held is gone."""

    def stop() -> None:
        say("embedded AWS stopped" if control.stop() else "no embedded AWS of ours runs")

    return {"basename": "local-stop", "actions": [action(stop)]}
