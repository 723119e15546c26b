"""`doit adopt-state`: take over an app that runs, but whose record (Chalice's state) is lost."""

from ..aws.client import Aws
from ..chalice_project import deploy
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.stage import chalice_state
from ..ui.console import say
from ..util.errors import InputError


def task_adopt_state() -> dict[str, object]:
    """Take over a stage whose Chalice state was lost."""
    settings = current()
    return {
        "basename": "adopt-state",
        "actions": [action(lambda: adopt_state(connect(settings)))],
        "setup": ["deploy-lock"],
    }


def adopt_state(aws: Aws) -> None:
    """Here and in S3. A state that is known is kept. InputError when nothing runs."""
    stage = aws.settings.stage
    local = deploy.deployed_file(stage)
    if local.exists() and not chalice_state.is_outdated(aws):
        say(f"{local} is there: it is kept, and saved to S3")
    elif chalice_state.fetch_state(aws):
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
