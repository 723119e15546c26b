"""What goes wrong between the tool and its container, in words: who is gone, what is full."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...util.disk_full import OF_ENGINE, SAID, is_said
from ...util.errors import BuildError
from ..protocol import Outcome

KILLED = 128 + 9  # exit status of a process that met SIGKILL
WHO_KILLS = (
    "by the system, most likely for want of memory, or by a package that ends all processes of its "
    "user"
)
MEMORY = (
    "give the engine more memory (`docker info` says how much it has, Docker Desktop: Settings → "
    "Resources), then run the command again"
)
AGAIN = "run the command again: finished steps are kept"
_STOPPED = "the container was stopped or removed while it worked"
# What the engine's API, the SDK and the sockets say (docker 20 to 29, docker-py 7).
_SAID = (
    (
        r"failed to create shim task|oci runtime|exec format error",
        "a program of the image does not start",
        "look at what the engine says of it; if the image is yours, make it from Lambda's own, "
        "public.ecr.aws/lambda/python",
    ),
    (SAID, "the Docker engine's disk is full", OF_ENGINE),
    (r"no such image", "the image was removed while this ran", AGAIN),
    (
        r"no such (container|exec)|container \S+ is not running|marked for removal|"
        r"removal of container|is not connected to",
        _STOPPED,
        AGAIN,
    ),
    (
        r"connection (refused|reset|aborted|broken)|no such file|broken pipe|timed out|"
        r"remote end closed|incompleteread|invalidchunklength|error while fetching server",
        "the Docker engine went away while it worked",
        "look at `docker info` and the engine's log, start it where it has stopped (Linux: `sudo "
        "systemctl start docker`), then " + AGAIN,
    ),
)
_OF_SYSTEM = re.compile(r"\bended with -9\b|\bexit status -9\b|signal: 9, SIGKILL")


@contextmanager
def explained() -> Iterator[None]:
    """What the engine, or the way to it, does in place of what it was asked becomes a BuildError
    in words."""
    import docker
    import requests
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (docker.errors.DockerException, requests.RequestException, HTTPError) as error:
        raise explain(getattr(error, "explanation", None) or str(error)) from None


def explain(detail: str) -> BuildError:
    """What the engine or the way to it answered in place of doing it."""
    for pattern, problem, fix in _SAID:
        if re.search(pattern, detail, re.I):
            return BuildError(f"{problem}: {detail}", fix=fix)
    return BuildError(f"the Docker engine failed: {detail}", fix="see `docker info` and its log")


def gone(container: Any) -> BuildError:
    """Why its connection ended: the container did, or the engine, or the way to it."""
    try:
        with explained():
            container.reload()
    except BuildError as error:
        return error
    if container.status in ("created", "running"):
        return explain("connection broken")
    return BuildError(_STOPPED, fix=AGAIN)


def of_keeper(detail: str) -> BuildError:
    """What kept the container's main process from a job, in the system's words."""
    if is_said(detail):
        return _full(detail)
    return BuildError(f"the container failed: {detail}", fix=AGAIN)


def of_job(outcome: Outcome) -> BuildError | None:
    """What became of a job that is none of its doing."""
    if outcome.code == KILLED or (outcome.code and _OF_SYSTEM.search(outcome.tail)):
        at = f", while it was at {outcome.trying}" if outcome.trying else ""
        problem = f"what ran in the container was killed{at}: {WHO_KILLS}"
        return BuildError(f"{problem}\n{outcome.tail}".strip(), fix=MEMORY)
    if outcome.code and is_said(outcome.tail):
        return _full(outcome.tail)
    return None


def _full(said: str) -> BuildError:
    return BuildError(f"the container's disk is full:\n{said}", fix=OF_ENGINE)
