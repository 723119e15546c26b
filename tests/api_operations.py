"""Which API operation a recorded request was, by the SDK's own service models."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from botocore.loaders import Loader

from tests.moto_server import Request

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/")


def operation(request: Request) -> tuple[str, str]:
    """(service, operation), such as ("s3", "PutObject"): what botocore calls it."""
    scope = SCOPE.search(request.headers["authorization"])
    assert scope, request
    service = scope[1]
    if target := request.headers.get("x-amz-target"):  # secretsmanager.GetSecretValue
        return service, target.partition(".")[2]
    if request.form:
        return service, parse_qs(request.form)["Action"][0]
    asked = {name.lower() for name in parse_qs(request.query, keep_blank_values=True)}
    said = asked | {*request.headers}
    fitting = [route for route in _routes(service) if route.fits(request, said)]
    return service, max(fitting, key=lambda route: route.rank).name


@dataclass(frozen=True, kw_only=True)
class Route:
    """An operation's address. `needs`: parameters of the query and headers that it requires."""

    name: str
    method: str
    path: re.Pattern[str]
    needs: frozenset[str]

    @property
    def rank(self) -> tuple[int, int]:
        """The one that says the most is meant."""
        return len(self.needs), -self.path.groups

    def fits(self, request: Request, said: set[str]) -> bool:
        path = self.path.fullmatch(request.path)
        return request.method == self.method and path is not None and self.needs <= said


@cache
def _routes(service: str) -> list[Route]:
    model = Loader().load_service_model(service, "service-2")
    operations = model["operations"].values()
    return [_route(model["shapes"], spec) for spec in operations if not spec.get("deprecated")]


def _route(shapes: Any, spec: Any) -> Route:
    path, _, query = spec["http"]["requestUri"].partition("?")
    taken = shapes[spec["input"]["shape"]] if "input" in spec else {"members": {}}
    required = [taken["members"][name] for name in taken.get("required", [])]
    placed = [each for each in required if each.get("location") in ("header", "querystring")]
    pattern = re.sub(r"{(\w+)(\+?)}", lambda part: "(.+)" if part[2] else "([^/]+)", path)
    return Route(
        name=spec["name"],
        method=spec["http"]["method"],
        path=re.compile(pattern + "/?"),
        needs=frozenset(
            {name.lower() for name in parse_qs(query, keep_blank_values=True)}
            | {each["locationName"].lower() for each in placed}
        ),
    )
