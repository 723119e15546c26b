"""tasks/chalice_project/events/examples.py: events that Chalice's own classes read."""

import json
from typing import Any

import pytest
from chalice import app as chalice_app

from tasks.chalice_project.events import examples, takers
from tasks.chalice_project.events.takers import KINDS, Taker
from tasks.chalice_project.source.declared import Route
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
    assert examples.http(ROUTES[1:2])["requestContext"]["authorizer"] == {"principalId": "user"}
