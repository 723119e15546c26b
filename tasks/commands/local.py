"""`doit local-start`, `local-stop`, `local-url`: the emulator by hand."""

import os
import shlex
from contextlib import suppress
from dataclasses import replace

from ..chalice_project import deploy
from ..context import arguments
from ..context.doit_actions import action
from ..context.settings import current, is_typed
from ..local_aws import control, kept_state
from ..report import how_to_call
from ..settings import paths
from ..settings.local_access import past_proxies
from ..settings.model import LOCAL
from ..ui import streams
from ..ui.console import say, step_aside
from ..util.errors import BuildError, DeployError


def task_local_start() -> dict[str, object]:
    """Start the AWS emulator of stage=local."""
    settings = replace(current(), stage=LOCAL)
    for_shell = arguments.current().format_ == arguments.ENV
    if for_shell:
        step_aside()

    def start() -> None:
        from ..local_aws import invoke

        access = control.ensure(settings, dict(os.environ))
        invoke.remember_wishes(settings)  # another checkout may be the first to deploy to it
        if for_shell:
            exports = access.variables(settings.region) | past_proxies(os.environ, access.name)
            for name, value in exports.items():
                streams.tell_program(f"export {name}={shlex.quote(value)}")
        else:
            say(f"AWS_ENDPOINT_URL={access.url}")
            say("other tools need its key, too: ./doitw local-start format=env")

    return {"basename": "local-start", "actions": [action(start)]}


def task_local_url() -> dict[str, object]:
    """Serve the app of stage=local on a port of its own."""
    settings, wanted = replace(current(), stage=LOCAL), arguments.current().port

    def serve() -> None:
        access = control.ensure(settings, dict(os.environ))
        sockets = deploy.websocket_url(LOCAL)
        if not (deploy.api_url(LOCAL) or sockets):
            problem = "stage local has no routes that could be served"
            raise DeployError(problem, fix="./doitw deploy stage=local")
        url = control.open_app_url(access, wanted)
        say(url)
        if sockets:
            say(f"websockets: {url.replace('http', 'ws', 1)}/")
        if deploy.api_url(LOCAL):
            say(f"try it: curl {url}{how_to_call.path()}; ./doitw local-stop ends it")

    return {"basename": "local-url", "actions": [action(serve)]}


def task_local_stop() -> dict[str, object]:
    """End the AWS emulator (keep=1 keeps its data)."""
    wanted = arguments.current()
    keep = is_typed("keep") and bool(wanted.keep)

    def stop() -> None:
        _forget_image()
        if wanted.all_:
            say(f"emulator stopped: {control.stop_all(keep=keep)}")
            return
        ran = control.stop(keep=keep)
        say("emulator stopped" if ran else "no emulator of ours runs")
        for sentence in kept_state.sentences():
            say(sentence)

    return {"basename": "local-stop", "actions": [action(stop)]}


def _forget_image() -> None:
    """The one whose handlers push started in the engine."""
    if any(paths.stage_record(current(), "push").parent.glob("*.json")):
        from ..image import handlers

        with suppress(BuildError):  # the engine is gone, and the image with it
            handlers.forget()
