"""The REST API as Chalice sent it to API Gateway: which routes there are, and who guards them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ...chalice_project import api_event

KEPT = "doit_lambda_layer_document"  # beside what moto makes of it
INTEGRATION = "x-amazon-apigateway-integration"
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:function:([\w-]+)")


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Of a route. `kind`: `key`, `token`, `cognito` or `iam`. `header`: what it looks at. `told`:
    its part of the document. `scopes`: of OAuth."""

    kind: str
    header: str
    told: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What answers a request. `route`: with its {parameters}. `function`: Lambda's name of it, ''
    where API Gateway answers alone, with `headers`."""

    route: str
    function: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Api:
    """`name`: its ID. `stage`: API Gateway's, `region`, `account`: where. `document`: Chalice's."""

    name: str
    stage: str
    region: str
    account: str
    document: Mapping[str, Any]

    @property
    def binary_types(self) -> list[str]:
        return list(self.document.get("x-amazon-apigateway-binary-media-types") or [])

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """None where there is no such route, or not by that method. `path`: as it was sent."""
        paths: Mapping[str, Any] = self.document["paths"]
        plain = path if path == "/" else path.rstrip("/")
        route, parameters = api_event.matched(plain, paths)
        told = paths.get(route, {}).get(method.lower())
        if told is None:
            return None
        integration = told[INTEGRATION]
        return Endpoint(
            route=route,
            function=function_of(integration.get("uri", "")),
            parameters=parameters,
            headers=_own_headers(integration),
            guards=tuple(self._guard(name, scopes) for name, scopes in _named(told)),
        )

    def _guard(self, name: str, scopes: list[str]) -> Guard:
        told = self.document["securityDefinitions"][name]
        kind = told.get("x-amazon-apigateway-authtype", "key")
        known = {"custom": "token", "cognito_user_pools": "cognito", "awsSigv4": "iam"}
        more = told.get("x-amazon-apigateway-authorizer", {})
        return Guard(
            kind=known.get(kind, kind), header=told["name"], told=more, scopes=tuple(scopes)
        )


def function_of(uri: str) -> str:
    """Lambda's name of what an integration or an authorizer calls. '' where that is none."""
    found = _FUNCTION.search(unquote(uri))
    return found[1] if found else ""


def _named(told: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [pair for each in told.get("security", []) for pair in each.items()]


def _own_headers(integration: Mapping[str, Any]) -> dict[str, str]:
    """Those of an answer that API Gateway gives alone (a preflight's)."""
    answer = integration.get("responses", {}).get("default", {})
    return {
        name.rpartition(".")[2]: str(value).strip("'")
        for name, value in answer.get("responseParameters", {}).items()
    }
