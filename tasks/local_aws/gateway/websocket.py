"""Websockets of the app, as API Gateway serves them (AWS: "Working with WebSocket APIs"): each
connection calls the functions of $connect, $default, $disconnect, and the app answers by its ID.

Chalice sends to `https://{apiId}.execute-api.….amazonaws.com/{stage}`, by HTTPS and by that name
alone. So the API's ID in an event is the emulator's address and the begin of a path. What
Chalice adds to it is the rest of the path (local_aws/certificate.py: the HTTPS).
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...chalice_project import deploy
from ...settings.model import LOCAL
from .exchange import Sent, status
from .guards import Call, RefusedError

MANAGED = re.compile(r"/.*/@connections/([^/]+)")  # where the app sends to
MOST = 128 * 1024  # bytes of a message (AWS: "Amazon API Gateway quotas")
OPEN: "dict[str, Connection]" = {}  # by ID


@dataclass(frozen=True, kw_only=True)
class Api:
    """`functions`: {connect, message or disconnect: Lambda's name}. `stage`: API Gateway's."""

    functions: Mapping[str, str]
    stage: str
    region: str


@dataclass(kw_only=True)
class Connection:
    """`socket`: simple_websocket's. `sent`: the request that it began with."""

    socket: Any
    sent: Sent
    began: float = field(default_factory=time.time)
    active: float = field(default_factory=time.time)

    def facts(self) -> dict[str, Any]:
        """As GetConnection answers."""
        identity = {"sourceIp": self.sent.peer, "userAgent": self.sent.header("user-agent")}
        times = {"connectedAt": _stamp(self.began), "lastActiveAt": _stamp(self.active)}
        return {**times, "identity": identity}


def find() -> Api | None:
    """Chalice's last, of the stage in this folder."""
    resources = deploy.resources(LOCAL)
    urls = [each["websocket_api_url"] for each in resources if "websocket_api_url" in each]
    arns = {each["name"]: each.get("lambda_arn", "") for each in resources}
    known = {
        kind: arns.get(f"websocket_{kind}", "") for kind in ("connect", "message", "disconnect")
    }
    functions = {kind: arn.rpartition(":")[2] for kind, arn in known.items() if arn}
    if not (urls and functions):
        return None
    region = next(arn.split(":")[3] for arn in known.values() if arn)
    stage = urls[0].rstrip("/").rpartition("/")[2]
    return Api(functions=functions, stage=stage, region=region)


def serve(environ: dict[str, Any], sent: Sent, api: Api, host: str, call: Call) -> None:
    """One connection, to its end. `host`: the emulator's address. RefusedError before it is
    open."""
    from simple_websocket import ConnectionClosed, Server

    name = secrets.token_urlsafe(9)
    told = partial(_event, api, name, host, sent)
    if function := api.functions.get("connect"):
        headers = {"headers": dict(sent.headers), "multiValueHeaders": _several(sent)}
        answer, failed = call(function, {**told("$connect", "CONNECT"), **headers})
        code = 502 if failed else status(answer.get("statusCode", 200))
        if not 200 <= code < 300:
            raise RefusedError(code, "Forbidden" if code == 403 else None)
    socket = Server.accept(environ, thread_class=_Daemon, max_message_size=MOST)
    connection = OPEN[name] = Connection(socket=socket, sent=sent)
    try:
        while True:
            _hear(connection, socket.receive(), api, told, call)
    except (ConnectionClosed, OSError):
        pass
    finally:
        del OPEN[name]
        if function := api.functions.get("disconnect"):
            call(function, told("$disconnect", "DISCONNECT"))


def _hear(
    connection: Connection, message: str | bytes, api: Api, told: Callable[..., dict[str, Any]],
    call: Call,
) -> None:  # fmt: skip
    """A function that fails is told to the sender of the message, as API Gateway does."""
    connection.active = time.time()
    body = message if isinstance(message, str) else message.decode(errors="replace")
    event = {**told("$default", "MESSAGE"), "body": body}
    context = event["requestContext"]
    _, failed = call(api.functions["message"], event) if "message" in api.functions else ({}, True)
    if failed:
        ids = {name: context[name] for name in ("connectionId", "requestId")}
        connection.socket.send(json.dumps({"message": "Internal server error", **ids}))


def manage(method: str, name: str, body: bytes) -> tuple[int, bytes]:
    """What the app asks of a connection: (status, answer). 410: it is gone."""
    found = OPEN.get(name)
    if found is None:
        return 410, b'{"message": "Gone"}'
    if method == "GET":
        return 200, json.dumps(found.facts()).encode()
    with suppress(Exception):  # it went in this moment
        found.socket.close() if method == "DELETE" else found.socket.send(_text(body))
    return (204 if method == "DELETE" else 200), b""


def _text(body: bytes) -> str | bytes:
    """API Gateway sends text frames."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _event(api: Api, name: str, host: str, sent: Sent, route: str, kind: str) -> dict[str, Any]:
    now = time.time()
    context = {
        "routeKey": route,
        "eventType": kind,
        "connectionId": name,
        "messageDirection": "IN",
        "requestId": secrets.token_urlsafe(9),
        "extendedRequestId": secrets.token_urlsafe(9),
        "requestTimeEpoch": int(now * 1000),
        "connectedAt": int(now * 1000),
        "stage": api.stage,
        "domainName": host,
        "apiId": f"{host}/local",
        "identity": {"sourceIp": sent.peer, "userAgent": sent.header("user-agent")},
    }
    return {"requestContext": context, "isBase64Encoded": False, **_asked(sent, kind)}


def _asked(sent: Sent, kind: str) -> dict[str, Any]:
    """The query, of the request that opens it alone."""
    from urllib.parse import parse_qs

    asked = parse_qs(sent.query, keep_blank_values=True)
    if kind != "CONNECT" or not asked:
        return {}
    last = {name: values[-1] for name, values in asked.items()}
    return {"queryStringParameters": last, "multiValueQueryStringParameters": asked}


def _several(sent: Sent) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in sent.headers:
        found.setdefault(name, []).append(value)
    return found


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class _Daemon(threading.Thread):
    """What still listens does not keep the server from its end."""

    def __init__(self, **named: Any) -> None:
        super().__init__(daemon=True, **named)
