"""A request as the event of a proxy integration, a function's answer as a response (AWS: "Lambda
proxy integrations in API Gateway")."""

import base64
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from .document import Api, Endpoint

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header's name (RFC 9110)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "date"}


class MalformedError(Exception):
    """What is wrong with a function's answer."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it came. `raw_path`: with %2F and the like. `headers`: a pair each, as they
    came."""

    method: str
    raw_path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    peer: str

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    def header(self, name: str) -> str:
        """The last of that name. '' for none."""
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


def response(answer: Mapping[str, Any], accept: str, binary_types: Sequence[str]) -> Response:
    """MalformedError for an answer that API Gateway would not understand, or that HTTP cannot
    carry."""
    headers = [*_headers(answer)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    kept = [pair for pair in headers if pair[0].lower() not in _OF_CONNECTION]
    is_binary = answer.get("isBase64Encoded") and matches(accept.partition(",")[0], binary_types)
    body = _body(answer, is_binary=bool(is_binary))
    return Response(status=status(answer.get("statusCode")), headers=kept, body=body)


def status(told: object) -> int:
    """MalformedError. Below 200 a client waits for another."""
    if not re.fullmatch(r"[2-5]\d\d", str(told), re.A):
        raise MalformedError(f"statusCode is no status: {told!r}")
    return int(str(told))


def _body(answer: Mapping[str, Any], *, is_binary: bool) -> bytes:
    body = answer.get("body")
    if not isinstance(body, str | None):
        raise MalformedError(f"body is no text: {body!r}")
    try:
        return base64.b64decode(body or "") if is_binary else (body or "").encode(errors="replace")
    except ValueError:
        raise MalformedError(f"body is not Base64: {body!r}") from None


def _headers(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those with several values first. Each as WSGI has it."""
    several, single = (answer.get(each) or {} for each in ("multiValueHeaders", "headers"))
    if not isinstance(several, dict) or not isinstance(single, dict):
        raise MalformedError("its headers are no object")
    known = {name.lower() for name in several}
    listed = {name: [value] for name, value in single.items() if name.lower() not in known}
    for name, values in (several | listed).items():
        if not isinstance(values, list | None):
            raise MalformedError(f"header {name} of multiValueHeaders is no list: {values!r}")
        yield from ((name, _sendable(name, value)) for value in values or () if value is not None)


def _sendable(name: str, value: object) -> str:
    """UTF-8's bytes, each as a character: so WSGI takes them."""
    text = value if isinstance(value, str) else json.dumps(value)
    if not _TOKEN.fullmatch(name) or isinstance(value, dict | list) or _CONTROL.search(text):
        raise MalformedError(f"HTTP cannot carry the header {name!r}: {value!r}")
    return text.encode(errors="replace").decode("latin-1")


def matches(media: str, types: Sequence[str]) -> bool:
    """Is it one of the API's binary types? `media`: with parameters, where it has some."""
    plain = media.partition(";")[0].strip().lower()
    return "*/*" in types or plain in (each.lower() for each in types)
