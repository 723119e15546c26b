"""What the emulator may not do for a caller: reach the network, or start containers.

Functions ask it, with code of packages in them. So what they may not do themselves, it must not do
for them. By itself moto posts to a topic's HTTP subscribers, to API destinations and HTTP
integrations, and runs Batch's jobs on the Docker engine, with volumes of the caller's choice.
"""

import socket
import sys
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..ui.console import say

App = Callable[..., Iterable[bytes]]
# Not services of AWS: moto's own (resets, recordings written to files), and what only EC2 has.
UNSERVED = {"moto_api", "instance_metadata", "batch"}
SSH = 22  # the port of an engine that names none: ssh://HOST
_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_RESOLVING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


class OutOfReachError(OSError):
    """To moto like a network that is not there."""


def confine(own: str, docker_host: str = "") -> None:
    """From now on this process reaches itself (`own`: HOST:PORT) and the Docker engine, and moto
    not even that. `docker_host`: DOCKER_HOST. A Unix socket needs no network. There is no way
    back."""
    reached = allowed(own, docker_host)
    hosts = {host for host, _ in reached}

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CONNECTING and is_outside(arguments[1], reached):
            raise OutOfReachError(f"the emulator reaches nothing else: {arguments[1]!r}")
        if event in _RESOLVING and arguments[0] and arguments[0] not in hosts:
            raise OutOfReachError(f"the emulator reaches nothing else: {arguments[0]!r}")

    sys.addaudithook(hear)
    keep_from_engine()
    keep_from_posting()


def allowed(own: str, docker_host: str) -> set[tuple[str, int]]:
    """Hosts and ports."""
    places = [urlsplit(f"tcp://{own}"), _engine(docker_host)]
    return {(each.hostname, each.port or SSH) for each in places if each.hostname}


def _engine(docker_host: str) -> SplitResult:
    """As the engine's client reads it, which needs no scheme (127.0.0.1:2375)."""
    from docker.errors import DockerException
    from docker.utils import parse_host

    try:
        return urlsplit(str(parse_host(docker_host)) if docker_host else "")
    except (DockerException, ValueError):
        return urlsplit("")  # it finds none, and says so


def is_outside(address: object, allowed: Collection[tuple[str, int]]) -> bool:
    """Is it an address of a network, and of none of these hosts and ports? A Unix socket's is a
    text. A name is looked up each time: an engine that starts anew may be elsewhere."""
    if not isinstance(address, tuple) or address[:2] in allowed:
        return False
    return not any(address[:2] in numbers(*each) for each in allowed if each[1] == address[1])


def numbers(host: str, port: int) -> set[tuple[Any, ...]]:
    """What a host's name stands for now."""
    try:
        return {found[4][:2] for found in socket.getaddrinfo(host, port)}
    except OSError:
        return set()


def keep_from_engine() -> None:
    """moto's models find no Docker engine: functions run by our own sandbox."""
    from moto.utilities.docker_utilities import DockerModel

    def refuse(self: object) -> None:
        raise OutOfReachError("the emulator starts no containers on request")

    setattr(DockerModel, "docker_client", property(refuse))  # noqa: B010 - mypy refuses the plain form


def keep_from_posting() -> None:
    """What moto sends over HTTP finds nobody, as in AWS where a receiver is down: the publisher is
    not told. (requests.post and the like. The Docker engine is asked by a session.)"""
    import requests

    def unsent(method: str, url: str, **named: Any) -> Any:
        say(f"the emulator reaches nothing else: {method.upper()} {url} is not sent")
        answer = requests.Response()
        answer.status_code, answer.url = 503, url
        return answer

    setattr(requests.api, "request", unsent)  # noqa: B010 - mypy refuses the plain form


def serving(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto's way to make a service's app, but for those that are not served."""
    return lambda service: unserved(service) if service in UNSERVED else create(service)


def unserved(service: str) -> App:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = f'{{"message": "the emulator does not have {service}"}}'.encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("501 Not Implemented", [*headers, ("x-amzn-ErrorType", "NotImplemented")])
        return [body]

    return app
