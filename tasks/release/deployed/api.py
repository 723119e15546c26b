"""The deployed app is asked: at its API's address, or its function with API Gateway's event."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...aws.client import Aws
from ...aws.errors import errors
from ...chalice_project import api_event, config
from ...chalice_project.source.declared import Route
from ...settings import paths
from ...settings.smoke_request import HEADERS, Request
from ...util import typed_json

if TYPE_CHECKING:
    from ssl import SSLContext

# The last part differs by partition: amazonaws.com, amazonaws.com.cn, amazonaws.eu.
ADDRESS = re.compile(r"https://[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.(com|com\.cn|eu)/\S*")
HERE = re.compile(r"http://127\.0\.0\.1:\d+/\S*")  # of an AWS on this machine
SECONDS = 40  # API Gateway answers for a function after 29
UNREACHED, FAILED = 0, 502  # in a status' place: nobody answered; what API Gateway would say


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`log`: the end of the function's own, '' where API Gateway was asked. `failure`: what the
    function raised, '' for none."""

    status: int
    body: str
    log: str = ""
    failure: str = ""


def address(aws: Aws, url: str) -> tuple[str, str]:
    """Where the stage's REST API is asked, and where nobody outside can: why. `url`: by Chalice's
    state."""
    table = config.load_config(paths.CHALICE_CONFIG)
    kind = {**table, **table["stages"].get(aws.settings.stage, {})}.get("api_gateway_endpoint_type")
    if kind == "PRIVATE":
        return "", "the API is private"
    near = "AWS_ENDPOINT_URL" in aws.environ  # the emulator, or another that is not AWS's own
    if (HERE if near else ADDRESS).fullmatch(url):
        return url, ""
    return "", "" if near else "Chalice's state names no address of an API"


def is_guarded(request: Request, routes: Iterable[Route]) -> bool:
    """Would the function alone answer otherwise? Authorizers and keys are API Gateway's."""
    there = list(routes)
    path, _ = api_event.matched(request.path.partition("?")[0], [each.path for each in there])
    return request.wants_refusal or any(
        each.guard and each.path == path and request.method in each.methods for each in there
    )


def has(request: Request, routes: Iterable[Route]) -> bool:
    """Has the app this route, by this method?"""
    there = list(routes)
    path, _ = api_event.matched(request.path.partition("?")[0], [each.path for each in there])
    return any(each.path == path and request.method in each.methods for each in there)


def by_address(
    url: str, request: Request, headers: Mapping[str, str], tls: "SSLContext | None" = None
) -> Answer:
    """Through API Gateway, its permissions and its stage. No redirect is followed."""
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any, **named: Any) -> None:
            return None

    asked = urllib.request.Request(  # noqa: S310 - `address` has looked at it
        url.rstrip("/") + request.path, request.body.encode() or None,
        HEADERS | {**headers}, method=request.method,
    )  # fmt: skip
    secure = urllib.request.HTTPSHandler(context=tls)
    try:
        with urllib.request.build_opener(Stay, secure).open(asked, timeout=SECONDS) as answer:
            return Answer(status=answer.status, body=answer.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, body=error.read().decode(errors="replace"))
    except (OSError, HTTPException) as error:
        return Answer(status=UNREACHED, body=str(error))


def by_event(
    aws: Aws, function: str, request: Request, headers: Mapping[str, str], routes: Iterable[str]
) -> Answer:
    """The function alone."""
    event = api_event.event(request.path, request.method, headers, request.body, routes)
    with errors(f"invoking {function}"):
        response = aws.client("lambda").invoke(
            FunctionName=function, LogType="Tail", Payload=json.dumps(event).encode()
        )
    log, said = _decoded(response.get("LogResult", "")), response["Payload"].read()
    payload = typed_json.parsed(said)
    if response.get("FunctionError") or not isinstance(payload.get("statusCode"), int):
        kind = payload.get("errorType", "error" if payload else "answer")
        what = payload.get("errorMessage", said.decode(errors="replace"))
        return Answer(status=FAILED, body="", log=log, failure=f"{kind}: {what}")
    return Answer(status=payload["statusCode"], body=_body(payload), log=log)


def hidden(answer: Answer, hide: Callable[[str], str]) -> Answer:
    """Without the values of the stage's secret."""
    return Answer(
        status=answer.status, body=hide(answer.body), log=hide(answer.log),
        failure=hide(answer.failure),
    )  # fmt: skip


def _body(payload: Mapping[str, Any]) -> str:
    body = str(payload.get("body") or "")
    with suppress(ValueError):  # an app may say so of what is none
        return _decoded(body) if payload.get("isBase64Encoded") else body
    return body


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode(errors="replace")
