"""tasks/chalice_project/events/examples.py: events that Chalice's own classes read."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from chalice import app as chalice_app

from tasks.chalice_project.events import examples, takers
from tasks.chalice_project.events.takers import KINDS, Taker
from tasks.chalice_project.source import declared
from tasks.chalice_project.source.declared import Route
from tasks.chalice_project.source.modules import Module, Modules
from tasks.settings.smoke_request import Request

PLACE = "eu-west-1:123456789012"
ARN = f"arn:aws:lambda:{PLACE}:function:shop-dev-work"


def made(kind: str, source: str = "") -> dict[str, Any]:
    return examples.make(kind, Taker(name="work", function="w", arn=ARN, kind=kind, source=source))


@pytest.mark.parametrize(
    ("kind", "source", "read", "wanted"),
    [
        ("sqs", f"arn:aws:sqs:{PLACE}:q", "SQSEvent", {"body": examples.BODY}),
        ("sns", f"arn:aws:sns:{PLACE}:t", "SNSEvent", {"message": examples.BODY}),
        ("s3", "shelf", "S3Event", {"bucket": "shelf", "key": "hello.json"}),
        ("dynamodb", f"arn:aws:dynamodb:{PLACE}:table/d/stream/1", "DynamoDBEvent",
         {"event_name": "INSERT", "table_name": "d"}),
        ("kinesis", f"arn:aws:kinesis:{PLACE}:stream/k", "KinesisEvent",
         {"data": examples.BODY.encode()}),
        ("schedule", "rule", "CloudWatchEvent",
         {"detail_type": "Scheduled Event", "region": "eu-west-1"}),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")
def test_chalice_reads_it(kind: str, source: str, read: str, wanted: dict[str, object]) -> None:
    """With the source that the function has, and what Chalice makes of a record."""
    event = made(kind, source)
    assert source in json.dumps(event)
    found = getattr(chalice_app, read)(event, None)
    records = list(found) if kind in ("sqs", "dynamodb", "kinesis") else [found]
    assert {name: getattr(records[0], name) for name in wanted} == wanted


@pytest.mark.parametrize("kind", [each for each in KINDS if each != takers.HTTP])
def test_a_function_without_a_source_gets_one_that_is_made_up(kind: str) -> None:
    """A plain function that is to be called with such an event."""
    taker = Taker(name="plain", function="p", arn=ARN)
    assert examples.make(kind, taker)
    assert examples.make("", taker) == {}


def of_app(text: str, kind: str, source: str = "") -> dict[str, Any]:
    """An example for the only handler of an app."""
    module = Module(name="app", path=Path("app.py"), tree=ast.parse(text))
    (handler,) = declared.handlers(Modules(found={"app": module}))
    taker = Taker(name="w", function="w", arn=ARN, kind=kind, source=source, facts=handler.facts)
    return examples.make(kind, taker)


HEAD = "from chalice import Chalice\napp = Chalice(app_name='a')\nSTATE = 'paid'\n"


@pytest.mark.parametrize(
    ("arguments", "key", "name"),
    [
        ("bucket='b', prefix='in put/', suffix='.csv'", "in+put/hello.csv", "ObjectCreated:Put"),
        ("'b', ['s3:ObjectRemoved:*'], 'in/'", "in/hello.json", "ObjectRemoved:Delete"),
        ("'b', events=['s3:ObjectCreated:Copy'], suffix='.PNG'", "hello.PNG", "ObjectCreated:Copy"),
        ("'b', ['s3:ReducedRedundancyLostObject']", "hello.json", "ReducedRedundancyLostObject"),
    ],
)
def test_an_object_passes_the_notifications_filter(arguments: str, key: str, name: str) -> None:
    event = of_app(f"{HEAD}@app.on_s3_event({arguments})\ndef w(event): ...", "s3", "b")
    record = event["Records"][0]
    assert (record["s3"]["object"]["key"], record["eventName"]) == (key, name)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("{'source': ['shop'], 'detail': {'state': [STATE, 'x']}}",
         {"source": "shop", "detail": {"state": "paid"}}),
        ("{'detail-type': [{'prefix': 'Order'}], 'detail': {'a': {'b': [{'numeric': ['>', 1]}]}}}",
         {"detail-type": "Order", "detail": {"a": {"b": 2}}}),
        ("{'resources': ['arn:x'], 'detail': {'a': [{'exists': False}], 'b': [{'exists': True}],"
         " 'c': [{'anything-but': ['example']}], 'd': [{'wildcard': 'a*b'}], 'e': [None],"
         " 'f': [{'numeric': ['>=', 3, '<', 9]}], 'g': [{'prefix': {'equals-ignore-case': 'q'}}]}}",
         {"resources": ["arn:x"], "detail": {"b": "example", "c": "another", "d": "axb", "e": None,
                                             "f": 3, "g": "q"}}),
        ("{'$or': [{'source': ['a']}, {'source': ['b']}]}", {"source": "a"}),
    ],
)  # fmt: skip
def test_an_event_fits_the_rules_pattern(pattern: str, wanted: dict[str, object]) -> None:
    text = f"{HEAD}PATTERN = {pattern}\n@app.on_cw_event(PATTERN)\ndef w(event): ..."
    event = of_app(text, "schedule", "rule")
    assert {name: event[name] for name in wanted} == wanted
    assert event["account"] == "123456789012"


@pytest.mark.parametrize(
    ("name", "route"), [("connect", "$connect"), ("message", "$default"), ("disconnect", None)]
)
def test_a_websockets_event(name: str, route: str | None) -> None:
    taker = Taker(name=f"websocket_{name}", function="w", arn=ARN, kind="websocket", source="api")
    event = examples.make("websocket", taker)
    found = chalice_app.WebsocketEvent(event, None)
    assert event["requestContext"]["routeKey"] == (route or "$disconnect")
    assert (found.connection_id, found.stage) == ("example=", "api")
    assert found.body == (examples.BODY if name == "message" else "None")


def test_an_authorizers_request() -> None:
    """Which Chalice takes apart, and makes a policy for."""
    app = chalice_app.Chalice(app_name="a")
    app.authorizer()(lambda request: chalice_app.AuthResponse(["*"], request.token))
    event = examples.make("authorizer", Taker(name="<lambda>", function="d", arn=ARN))
    answer = app.handler_map["<lambda>"](event, None)
    assert answer["principalId"] == "example"
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"


ROUTES = [
    Route(path="/hook", methods=["POST"]),
    Route(path="/me", methods=["GET"], guard=True),
    Route(path="/items/{item}", methods=["GET"]),
    Route(path="/items", methods=["GET", "POST"]),
]


@pytest.mark.parametrize(
    ("routes", "path"),
    [
        (ROUTES, "/items"), (ROUTES[:3], "/items/1"), (ROUTES[:2], "/hook"), (ROUTES[1:2], "/me"),
        ([*ROUTES, Route(path="/health", methods=["GET"])], "/health"), ([], "/"),
        ([Route(path="/{proxy+}", methods=["GET"])], "/1"),
    ],
)  # fmt: skip
def test_the_likeliest_route_is_asked_for(routes: list[Route], path: str) -> None:
    """Open, by GET, without parameters; by its name."""
    assert examples.http(routes)["path"] == path


def test_a_request_is_whole() -> None:
    """A body where there is one, its type, the route's parameters, a caller where one is wanted."""
    event = examples.http(ROUTES, Request(path="/hook", method="POST"))
    assert json.loads(event["body"]) == {"hello": "world"}
    assert event["headers"]["content-type"] == "application/json"
    event = examples.http(ROUTES, Request(path="/items/7?a=1"))
    assert event["pathParameters"] == {"item": "7"}
    assert event["queryStringParameters"] == {"a": "1"}
    rest = examples.http([Route(path="/{proxy+}", methods=["GET"])])
    assert (rest["resource"], rest["pathParameters"]) == ("/{proxy+}", {"proxy": "1"})
    assert examples.http(ROUTES[1:2])["requestContext"]["authorizer"] == {"principalId": "user"}
