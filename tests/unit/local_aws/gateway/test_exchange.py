"""tasks/local_aws/gateway: a request becomes an event, an answer a response; policies."""

import base64
from typing import Any

import pytest

from tasks.local_aws.gateway import exchange, guards
from tasks.local_aws.gateway.document import Api, Endpoint
from tasks.local_aws.gateway.exchange import Sent

BINARY = ["image/png", "application/octet-stream"]
API = Api(
    name="abc", stage="api", region="eu-west-1", account="123456789012",
    document={"x-amazon-apigateway-binary-media-types": BINARY},
)  # fmt: skip
ENDPOINT = Endpoint(route="/a/{b}", function="f", parameters={"b": "1"})


def event(**more: Any) -> dict[str, Any]:
    asked = {
        "method": "GET",
        "raw_path": "/a/1",
        "query": "",
        "headers": [],
        "body": b"",
        "peer": "p",
    }
    return exchange.event(API, ENDPOINT, Sent(**(asked | more)), {})


def test_an_event_is_api_gateways() -> None:
    """Of what comes several times the last, and all of it apart; nothing is null's own word."""
    made = event(query="a=1&a=2&b=", headers=[("Accept", "x"), ("X-Tag", "1"), ("X-Tag", "2")])
    assert made["queryStringParameters"] == {"a": "2", "b": ""}
    assert made["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert made["headers"]["X-Tag"] == "2"
    assert made["multiValueHeaders"]["X-Tag"] == ["1", "2"]
    assert made["requestContext"]["path"] == "/api/a/1"
    assert (made["resource"], made["pathParameters"]) == ("/a/{b}", {"b": "1"})
    bare = event()
    names = ("body", "queryStringParameters", "multiValueQueryStringParameters")
    assert [bare[name] for name in names] == [None, None, None]
    assert "authorizer" not in bare["requestContext"]


@pytest.mark.parametrize(
    ("kind", "binary"), [("image/png", True), ("Image/PNG; x=1", True), ("text/plain", False)]
)
def test_bodies_of_binary_types_are_base64(kind: str, binary: bool) -> None:
    made = event(body=b"\xff1", headers=[("Content-Type", kind)])
    assert made["isBase64Encoded"] is binary
    assert made["body"] == (base64.b64encode(b"\xff1").decode() if binary else "\ufffd1")


def test_answers() -> None:
    """Headers of both kinds, bytes for who accepts them, and what API Gateway does not take."""
    told = {
        "statusCode": 201,
        "headers": {"A": 1, "B": "2"},
        "multiValueHeaders": {"a": ["x", "y"]},
    }
    made = exchange.response(told | {"body": "{}"}, "*/*", BINARY)
    assert made
    assert made.status == 201
    assert [*made.headers] == [
        ("a", "x"), ("a", "y"), ("B", "2"), ("Content-Type", "application/json"),
    ]  # fmt: skip
    packed = {
        "statusCode": 200,
        "body": base64.b64encode(b"\xff").decode(),
        "isBase64Encoded": True,
    }
    for accept, body in (("image/png,*/*", b"\xff"), ("text/html,image/png", b"/w==")):
        answer = exchange.response(packed, accept, BINARY)
        assert answer
        assert answer.body == body


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"statusCode": "x"}, {"statusCode": 0}, {"statusCode": 101}, {"statusCode": 999},
        {"statusCode": 200.5}, {"statusCode": True}, {"statusCode": "²00"}, {"body": {}},
        {"body": 7}, {"headers": ["a"]}, {"headers": "a"}, {"headers": {"A": {}}},
        {"headers": {"A": "a\nB: c"}}, {"headers": {"A": "a\0"}}, {"headers": {"A b": "c"}},
        {"headers": {"": "c"}}, {"headers": {"ü": "c"}}, {"multiValueHeaders": {"A": "abc"}},
        {"multiValueHeaders": {"A": [["x"]]}}, {"isBase64Encoded": True, "body": "=é"},
    ],
)  # fmt: skip
def test_what_is_no_answer(wrong: dict[str, Any]) -> None:
    """Or cannot be sent by HTTP: it has its own words."""
    told = {"statusCode": 200, "body": ""} | wrong if wrong else {}
    with pytest.raises(exchange.MalformedError, match=r"\w"):
        exchange.response(told, "image/png", BINARY)


def test_what_only_looks_like_none() -> None:
    """Characters beyond latin-1 are UTF-8; nothing is left out, a number is text."""
    headers = {"A": "한", "B": None, "C": True, "D": "\ud800", "Content-Type": "é"}
    several = {"E": None, "F": [1, None]}
    told = {"statusCode": "404", "body": "\ud800", "headers": headers}
    made = exchange.response(told | {"multiValueHeaders": several}, "", BINARY)
    assert (made.status, made.body) == (404, b"?")
    sent = {name: value.encode("latin-1").decode() for name, value in made.headers}
    assert sent == {"F": "1", "A": "한", "C": "true", "D": "?", "Content-Type": "é"}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([{"Effect": "Allow", "Resource": ["arn:x/api/GET/a"]}], True),
        ([{"Effect": "Allow", "Resource": "arn:x/*/GET/*"}], True),
        ({"Effect": "Allow", "Resource": "*"}, True),
        ([{"Effect": "Allow", "Resource": "*"}, {"Effect": "Deny", "Resource": "*/a"}], False),
        ([{"Effect": "Allow", "Resource": "arn:x/api/POST/a"}], False),
        ([], False),
    ],
)
def test_a_policy_lets_in_whom_it_names(statements: Any, allowed: bool) -> None:
    assert guards.allows({"Statement": statements}, "arn:x/api/GET/a") is allowed
