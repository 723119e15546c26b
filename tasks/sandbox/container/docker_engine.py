"""The Docker engine: found, or said what to start. Our containers in it, of which none stays.

A container ends with the connection of its run (docker/job_server.py) and is removed with that.
What a run leaves that was killed before it could start one, the next run removes.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...util.errors import BuildError
from .. import temp_dirs

if TYPE_CHECKING:
    from docker import DockerClient

ANSWER_SECONDS = 20  # an engine that is there says so at once
WORK_SECONDS = 600
START_DOCKER = (
    "start Docker (Linux: `sudo systemctl start docker`, elsewhere: Docker Desktop) and check it "
    "with `docker info`. Or build with this machine's Python: builder=host"
)
LABEL = "doit-lambda-layer"
JOB = f"{LABEL}=job"
RUN = f"{LABEL}.run"  # VIEW:FOLDER of the run, which lives as long as the folder is held
BOOT, MOUNTS = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/mnt")


def connect() -> "DockerClient":
    """A client of the engine that answers. BuildError when there is none."""
    import docker
    import requests

    # the SDK has no error of its own for a DOCKER_HOST or ~/.docker/config.json of another shape
    faults = (docker.errors.DockerException, requests.RequestException, OSError, ValueError,
              TypeError, AttributeError, KeyError)  # fmt: skip
    try:
        client = docker.from_env(timeout=ANSWER_SECONDS)
        client.ping()
    except faults as error:
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BuildError(f"no Docker engine answers: {detail}", fix=START_DOCKER) from None
    client.api.timeout = WORK_SECONDS
    return client


@contextmanager
def connected() -> Iterator["DockerClient"]:
    """The same for as long as it is wanted."""
    client = connect()
    try:
        yield client
    finally:
        client.close()


def labels() -> dict[str, str]:
    """Of a container that this run makes."""
    name, _, value = JOB.partition("=")
    return {name: value, RUN: f"{view()}:{tempfile.gettempdir()}"}


def remove_of_the_dead(client: "DockerClient") -> None:
    """Those of runs that were killed. Who does not see their folder cannot tell."""
    for each in client.api.containers(all=True, filters={"label": JOB}):
        other, _, folder = each["Labels"].get(RUN, "").partition(":")
        if other == view() and is_dead(Path(folder)):
            remove(client.containers.get(each["Id"]))


def view() -> str:
    """The same for all who see the same files as the same user: of this machine, since it began,
    in this mount namespace. Many machines have the same name, and a service may have its own
    /tmp."""
    try:
        return f"{BOOT.read_text().strip()}.{MOUNTS.stat().st_ino}.{os.getuid()}"
    except OSError:
        return uuid.uuid4().hex  # nobody's


def is_dead(folder: Path) -> bool:
    """A run's folder goes with it, or nobody holds it any more. Not where a disk has gone, too."""
    try:
        is_gone = folder.name not in {each.name for each in folder.parent.iterdir()}
    except OSError:
        return False
    return is_gone or temp_dirs.is_dead(folder)


def remove(container: Any) -> None:
    """Whatever runs in it. One that is gone, or whose engine is, is no matter."""
    import docker
    import requests
    from urllib3.exceptions import HTTPError

    with suppress(docker.errors.DockerException, requests.RequestException, HTTPError):
        container.remove(force=True, v=True)


def close(stream: Any) -> None:
    """The SDK leaves the response open that a stream of output comes from."""
    with suppress(OSError):
        stream.close()
    stream._response.close()
