"""A machine that has the tool and Lambda's image and nothing else: nothing is downloaded, nothing
made. The caches of this user stay as they are. Others stand in for them, and are emptied.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.checkouts import Checkout
from bench.measure import Command
from bench.peers import HERE
from tasks.sandbox import temp_dirs

if TYPE_CHECKING:
    from docker import DockerClient

PATIENCE = 20.0  # seconds
WORK = "from nothing, on a fresh machine: downloads, too"
VOLUME = "doit-lambda-layer-bench"
FOLDER = HERE / "uv-cache"
# ./doitw, but for the name of the volume in which its container keeps downloads.
START = (
    "import runpy; from tasks.sandbox.container import session; "
    f"session.CACHE_VOLUME = {VOLUME!r}; runpy.run_module('tasks', run_name='__main__')"
)


def without_downloads(command: Command) -> Command:
    """The same of who downloads with uv on this machine."""
    cache = {"UV_CACHE_DIR": str(FOLDER.absolute())}
    return replace(command, environment={**command.environment, **cache})


def doitw(checkout: Checkout) -> Command:
    """A full build."""
    command = checkout.doitw()
    if checkout.builder == "docker":
        start = (str(checkout.path / ".venv/bin/python"), "-c", START)
        command = replace(command, words=(*start, *command.words[1:]))
    return without_downloads(command)


def forget(builder: str) -> None:
    """What was downloaded."""
    if FOLDER.is_dir():
        temp_dirs.remove(FOLDER)
    if builder == "docker":
        import docker

        client = docker.from_env()
        try:
            _remove_volume(client)
        finally:
            client.close()


def _remove_volume(client: "DockerClient") -> None:
    """Once the last container that had it is gone."""
    import docker

    deadline = time.monotonic() + PATIENCE
    while client.volumes.list(filters={"name": VOLUME}):
        try:
            client.volumes.get(VOLUME).remove()
        except docker.errors.APIError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
