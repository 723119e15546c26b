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
    """`path`: with a query, where there is one; `routes`: the app's, of which one may have
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


def matched(path: str, routes: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The route that a path belongs to, and its parameters; the path itself where none does."""
    found = [route for route in routes if _pattern(route).fullmatch(path)]
    if path in found or not found:
        return path, {}
    route = min(found, key=lambda each: each.count("{"))
    match = _pattern(route).fullmatch(path)
    names = re.findall(r"\{(\w+)\}", route)
    return route, dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}


def filled(route: str) -> str:
    """A path of that route."""
    return re.sub(r"\{\w+\}", "1", route)


def _pattern(route: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", route)
    return re.compile("([^/]+)".join(map(re.escape, parts)))
