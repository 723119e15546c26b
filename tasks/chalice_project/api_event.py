"""API Gateway's REST proxy event, as far as Chalice reads it (AWS: "Lambda proxy integrations in
API Gateway")."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote


def event(
    path: str, method: str = "GET", headers: Mapping[str, str] | None = None,
    body: str | None = None, routes: Iterable[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """`path`: with a query, where there is one. `routes`: the app's, of which one may have
    parameters."""
    plain, _, query = path.partition("?")
    resource, parameters = matched(plain, routes)
    sent = {"accept": "*/*"} | {name.lower(): value for name, value in (headers or {}).items()}
    asked = parse_qs(query, keep_blank_values=True)
    return {
        "resource": resource,
        "path": plain,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: values[-1] for name, values in asked.items()} or None,
        "multiValueQueryStringParameters": asked or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "path": plain,
            "httpMethod": method,
            "requestId": "smoke",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": body or None,
        "isBase64Encoded": False,
    }


_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")  # with + it takes the rest of the path
_SLASH = "\0"  # one that was sent as %2F: it parts no segments


def matched(path: str, routes: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The route that a path belongs to, and its parameters. The path itself where none does.
    `path`: as it is sent, with %2F and the like."""
    plain = "/".join(unquote(part).replace("/", _SLASH) for part in path.split("/"))
    found = {route: match for route in routes if (match := _pattern(route).fullmatch(plain))}
    if not found:
        return path, {}
    route = min(found, key=_openness)
    names = [name for name, _ in _PARAMETER.findall(route)]
    values = [value.replace(_SLASH, "/") for value in found[route].groups()]
    return route, dict(zip(names, values, strict=True))


def _openness(route: str) -> list[int]:
    """The smallest wins: segment by segment, one that is written out before a parameter, before
    one that takes all the rest."""
    return [len(_PARAMETER.findall(part)) + 2 * ("+}" in part) for part in route.split("/")]


def filled(route: str) -> str:
    """A path of that route."""
    return _PARAMETER.sub("1", route)


def _pattern(route: str) -> re.Pattern[str]:
    literals = _PARAMETER.split(route)  # literal, name, plus, literal, …
    parts = [re.escape(each) for each in literals[::3]]
    found = ["(.+)" if plus else "([^/]+)" for plus in literals[2::3]]
    return re.compile("".join(map("".join, zip(parts, [*found, ""], strict=True))), re.S)
