"""API Gateway's event, as the real Chalice takes it."""

import json
from typing import Any

import pytest
from chalice.app import Chalice

from tasks.chalice_project import api_event

ROUTES = [
    "/", "/items", "/items/{id}", "/items/{id}/parts/{part}", "/items/new", "/{all+}",
    "/items/{id}/{rest+}",
]  # fmt: skip


def app() -> Any:
    made = Chalice(app_name="a")

    @made.route("/items/{id}", methods=["GET", "POST"])
    def item(id: str) -> Any:  # noqa: A002 - the route's own name
        request: Any = made.current_request
        return {
            "id": id, "query": request.query_params, "body": request.raw_body.decode(),
            "header": request.headers.get("x-a"), "method": request.method,
        }  # fmt: skip

    return made


def answer(**event: Any) -> Any:
    said = app()(api_event.event(**event, routes=ROUTES), None)
    return json.loads(said["body"])


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/", "/", {}),
        ("/items/new", "/items/new", {}),
        ("/items/a%20b", "/items/{id}", {"id": "a b"}),
        ("/items/1/parts/2", "/items/{id}/parts/{part}", {"id": "1", "part": "2"}),
        ("/items/a%2Fb", "/items/{id}", {"id": "a/b"}),
        ("/items/a%2525", "/items/{id}", {"id": "a%25"}),
        ("/items/n%65w", "/items/new", {}),
        ("/items/1/parts/2/3", "/items/{id}/{rest+}", {"id": "1", "rest": "parts/2/3"}),
        ("/no/where", "/{all+}", {"all": "no/where"}),
        ("/items/", "/{all+}", {"all": "items/"}),
    ],
)
def test_the_route_of_a_path(path: str, route: str, parameters: dict[str, str]) -> None:
    """As API Gateway finds it: written out before with parameters."""
    assert api_event.matched(path, ROUTES) == (route, parameters)
    assert api_event.matched("/nowhere", ROUTES[:5]) == ("/nowhere", {})


def test_chalice_reads_all_of_it() -> None:
    """Parameters, query, headers, method, body."""
    found = answer(path="/items/7?x=1", method="POST", headers={"X-A": "b"}, body="text")
    assert found == {
        "id": "7", "query": {"x": "1"}, "body": "text", "header": "b", "method": "POST",
    }  # fmt: skip
    assert answer(path="/items/7")["query"] is None
