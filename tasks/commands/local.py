"""`doit local-start` and `doit local-stop`: the embedded AWS by hand."""

import os
import shlex
from dataclasses import replace

from ..context import arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..local_aws import control
from ..settings.local_access import past_proxies
from ..settings.model import LOCAL
from ..ui import streams
from ..ui.console import say, step_aside


def task_local_start() -> dict[str, object]:
    """Start the AWS emulator of stage=local."""
    settings, for_shell = replace(current(), stage=LOCAL), arguments.current().format_ == "env"
    if for_shell:
        step_aside()

    def start() -> None:
        access = control.ensure(settings, dict(os.environ))
        if for_shell:
            exports = access.variables(settings.region) | past_proxies(os.environ, access.name)
            for name, value in exports.items():
                streams.tell_program(f"export {name}={shlex.quote(value)}")
        else:
            say(f"AWS_ENDPOINT_URL={access.url}")
            say("other tools need its key, too: ./doitw local-start format=env")

    return {"basename": "local-start", "actions": [action(start)]}


def task_local_stop() -> dict[str, object]:
    """End the AWS emulator and all that it holds."""
    wanted = arguments.current()

    def stop() -> None:
        if wanted.all_:
            say(f"embedded AWS stopped: {control.stop_all()}")
        else:
            say("embedded AWS stopped" if control.stop() else "no embedded AWS of ours runs")

    return {"basename": "local-stop", "actions": [action(stop)]}
