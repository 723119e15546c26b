"""`doit adopt-state`: take over an app that runs, but whose record (Chalice's state) is lost."""

from ..clients import chalice_app, chalice_state
from ..clients.aws import Aws, connect
from ..core.actions import action
from ..core.console import say
from ..core.errors import InputError
from ..core.loading import current


def task_adopt_state() -> dict[str, object]:
    """Write and save Chalice's state of a stage that runs without one."""
    settings = current()
    return {
        "basename": "adopt-state",
        "actions": [action(lambda: run(connect(settings)))],
        "setup": ["deploy-lock"],
    }


def run(aws: Aws) -> None:
    """Here and in S3. A state that is known is kept. InputError when nothing runs."""
    stage = aws.settings.stage
    local = chalice_app.deployed_file(stage)
    if local.exists():
        say(f"{local} is there: it is kept, and saved to S3")
    elif chalice_state.take(aws):
        say(f"the state is in S3: {local} taken from there")
    else:
        there = chalice_state.running(aws)
        if not there:
            named = ", ".join(there.names.values())
            problem = f"there is no function {named}, and no REST API that calls it"
            raise InputError(problem, fix=f"deploy it: ./doitw deploy stage={stage}")
        say(f"found {there}")
        chalice_state.adopt(aws, there)
    chalice_state.save(aws)
    say(f"{local} is saved to S3; next: ./doitw deploy stage={stage}")
