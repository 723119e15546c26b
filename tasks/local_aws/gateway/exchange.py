"""A request as the event of a proxy integration, a function's answer as a response (AWS: "Lambda
proxy integrations in API Gateway")."""

import base64
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from .document import Api, Endpoint

_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "date"}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it came. `path`: as it was written; `headers`: a pair each, as they came."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    peer: str

    def header(self, name: str) -> str:
        """The last of that name; '' for none."""
        found = [value for each, value in self.headers if each.lower() == name]
        return found[-1] if found else ""

    @property
    def lowered(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers}


@dataclass(frozen=True, kw_only=True)
class Response:
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def event(api: Api, endpoint: Endpoint, sent: Sent, caller: Mapping[str, Any]) -> dict[str, Any]:
    """`caller`: what the guards found out."""
    asked = parse_qs(sent.query, keep_blank_values=True)
    headers: dict[str, list[str]] = {}
    for name, value in sent.headers:
        headers.setdefault(name, []).append(value)
    binary = matches(sent.header("content-type"), api.binary_types)
    body = base64.b64encode(sent.body).decode() if binary else sent.body.decode(errors="replace")
    return {
        "resource": endpoint.route,
        "path": sent.path,
        "httpMethod": sent.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in asked.items()} or None,
        "multiValueQueryStringParameters": asked or None,
        "pathParameters": dict(endpoint.parameters) or None,
        "stageVariables": None,
        "requestContext": _context(api, endpoint, sent)
        | ({"authorizer": dict(caller)} if caller else {}),
        "body": body or None,
        "isBase64Encoded": bool(body) and binary,
    }


def _context(api: Api, endpoint: Endpoint, sent: Sent) -> dict[str, Any]:
    now = time.time()
    identity = {"sourceIp": sent.peer, "userAgent": sent.header("user-agent") or None}
    return {
        "accountId": api.account,
        "apiId": api.name,
        "domainName": sent.header("host"),
        "domainPrefix": sent.header("host").partition(".")[0],
        "httpMethod": sent.method,
        "identity": identity | {"apiKey": sent.header("x-api-key") or None},
        "path": f"/{api.stage}{sent.path}",
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(now * 1000),
        "resourcePath": endpoint.route,
        "stage": api.stage,
    }


def response(
    answer: Mapping[str, Any], accept: str, binary_types: Sequence[str]
) -> Response | None:
    """None for an answer that API Gateway would not understand."""
    status, body = answer.get("statusCode"), answer.get("body")
    if not str(status).isdecimal() or not isinstance(body, str | None):
        return None
    data = (body or "").encode()
    first = accept.partition(",")[0]
    if answer.get("isBase64Encoded") and matches(first, binary_types):
        data = base64.b64decode(data)
    several = answer.get("multiValueHeaders") or {}
    headers = [(str(name), str(value)) for name, values in several.items() for value in values]
    single = (answer.get("headers") or {}).items()
    known = {name.lower() for name, _ in headers}
    headers += [(str(n), str(value)) for n, value in single if str(n).lower() not in known]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    kept = [pair for pair in headers if pair[0].lower() not in _OF_CONNECTION]
    return Response(status=int(str(status)), headers=kept, body=data)


def matches(media: str, types: Sequence[str]) -> bool:
    """Is it one of the API's binary types? `media`: with parameters, where it has some."""
    plain = media.partition(";")[0].strip().lower()
    return "*/*" in types or plain in (each.lower() for each in types)
