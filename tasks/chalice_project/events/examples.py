"""One example of each kind of event, as AWS documents it ("Using Lambda with other services")."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from ...settings.smoke_request import Request
from .. import api_event
from ..app import FAVOURITES
from ..source.declared import Route
from . import event_pattern
from .takers import AUTHORIZER, WEBSOCKET, Taker

BODY = json.dumps({"hello": "world"})
Event = dict[str, Any]


def make(kind: str, taker: Taker) -> Event:
    """`kind`: any of KINDS but `http`. The taker's own source, else one that is made up."""
    return _MAKERS[kind](Place(taker, kind))


class Place:
    """Where the event comes from."""

    def __init__(self, taker: Taker, kind: str) -> None:
        self._parts = taker.arn.split(":")
        self._source = taker.source if taker.kind == kind else ""
        self.facts = taker.facts if taker.kind == kind else {}
        self.taker = taker.name
        self.region, self.account = self._parts[3], self._parts[4]
        self.now = datetime.now(UTC)
        self.id = str(uuid.uuid4())

    @property
    def stamp(self) -> str:
        """2026-11-29T10:00:00.000Z"""
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return int(self.now.timestamp())

    def name(self, usual: str) -> str:
        return self._source or usual

    def arn(self, service: str, usual: str, prefix: str = "") -> str:
        """Of the source, which may be an ARN already."""
        if self._source.startswith("arn:"):
            return self._source
        begin = ":".join([*self._parts[:2], service, self.region, self.account])
        return f"{begin}:{prefix}{self._source or usual}"


def http(routes: Iterable[Route], asked: Request | None = None) -> Event:
    """A request for `asked`, else for the route that is the likeliest to answer: open, GET, without
    parameters, asked for by name."""
    listed = list(routes)
    asked = asked or request_of(listed)
    body = asked.body or (BODY if asked.method in ("POST", "PUT", "PATCH") else "")
    headers = {"content-type": "application/json"} if body else {}
    made = api_event.event(asked.path, asked.method, headers, body, [each.path for each in listed])
    if any(each.guard and each.path == made["resource"] for each in listed):
        made["requestContext"]["authorizer"] = {"principalId": "user"}
    return made


def request_of(routes: Iterable[Route]) -> Request:
    """With `1` for each parameter."""
    best = min(routes, key=_effort, default=Route(path="/", methods=["GET"]))
    method = "GET" if "GET" in best.methods else best.methods[0]
    return Request(path=api_event.filled(best.path), method=method)


def _effort(route: Route) -> tuple[bool, ...]:
    """How much beside the path it wants. The smallest is asked for."""
    return (
        route.guard, "GET" not in route.methods, "{" in route.path, route.path not in FAVOURITES,
    )  # fmt: skip


def _sqs(place: Place) -> Event:
    sent = str(place.seconds * 1000)
    record = {
        "messageId": place.id,
        "receiptHandle": base64.b64encode(place.id.encode()).decode(),
        "body": BODY,
        "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": sent,
            "SenderId": place.account, "ApproximateFirstReceiveTimestamp": sent,
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(BODY.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": place.arn("sqs", "queue"),
        "awsRegion": place.region,
    }  # fmt: skip
    return {"Records": [record]}


def _sns(place: Place) -> Event:
    topic = place.arn("sns", "topic")
    message = {
        "Type": "Notification", "MessageId": place.id, "TopicArn": topic, "Subject": "hello",
        "Message": BODY, "Timestamp": place.stamp, "SignatureVersion": "1",
        "Signature": "EXAMPLE", "SigningCertUrl": "EXAMPLE", "UnsubscribeUrl": "EXAMPLE",
        "MessageAttributes": {},
    }  # fmt: skip
    subscription = f"{topic}:{place.id}"
    record = {
        "EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns",
        "Sns": message,
    }  # fmt: skip
    return {"Records": [record]}


def _key(place: Place) -> str:
    """One that the notification's filter lets through, as S3 writes it."""
    prefix, suffix = (str(place.facts.get(each) or "") for each in ("prefix", "suffix"))
    return quote_plus(f"{prefix}hello{suffix or '.json'}", safe="/")


def _name_of_s3(place: Place) -> str:
    """Of an event that is asked for. Of `s3:ObjectCreated:*` one."""
    asked = place.facts.get("events") or ["s3:ObjectCreated:*"]
    kind, _, what = str(asked[0]).removeprefix("s3:").partition(":")
    usual = {"ObjectCreated": "Put", "ObjectRemoved": "Delete", "ObjectRestore": "Post"}
    return f"{kind}:{usual.get(kind, what) if what in ('', '*') else what}".rstrip(":")


def _s3(place: Place) -> Event:
    bucket, data = place.name("bucket"), BODY.encode()
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": place.region,
        "eventTime": place.stamp,
        "eventName": _name_of_s3(place),
        "userIdentity": {"principalId": "EXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": place.id, "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "example",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "EXAMPLE"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {
                "key": _key(place), "size": len(data), "sequencer": "0A1B2C3D4E5F678901",
                "eTag": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            },
        },
    }  # fmt: skip
    return {"Records": [record]}


def _dynamodb(place: Place) -> Event:
    stream = f"table/example/stream/{place.now:%Y-%m-%dT%H:%M:%S.000}"
    key = {"id": {"S": "1"}}
    record = {
        "eventID": place.id,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": place.region,
        "dynamodb": {
            "ApproximateCreationDateTime": place.seconds,
            "Keys": key,
            "NewImage": {**key, "hello": {"S": "world"}},
            "SequenceNumber": "111",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": place.arn("dynamodb", stream),
    }
    return {"Records": [record]}


def _kinesis(place: Place) -> Event:
    shard = "shardId-000000000000:49590338271490256608559692538361571095921575989136588898"
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": shard.partition(":")[2],
            "data": base64.b64encode(BODY.encode()).decode(),
            "approximateArrivalTimestamp": float(place.seconds),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": shard,
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{place.account}:role/example",
        "awsRegion": place.region,
        "eventSourceARN": place.arn("kinesis", "stream", "stream/"),
    }
    return {"Records": [record]}


def _schedule(place: Place) -> Event:
    """Of a rule with a pattern: one that fits it."""
    made = {
        "version": "0",
        "id": place.id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": place.account,
        "time": place.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": place.region,
        "resources": [place.arn("events", "rule", "rule/")],
        "detail": {},
    }
    pattern = place.facts.get("event_pattern")
    return made | (event_pattern.fitting(pattern) if isinstance(pattern, dict) else {})


def _websocket(place: Place) -> Event:
    """A message, or what begins or ends a connection that nobody has."""
    kind = place.taker.removeprefix("websocket_")
    routes = {"connect": ("$connect", "CONNECT"), "disconnect": ("$disconnect", "DISCONNECT")}
    route, name = routes.get(kind, ("$default", "MESSAGE"))
    api = place.name("example")
    context = {
        "routeKey": route, "eventType": name, "connectionId": "example=", "messageDirection": "IN",
        "requestId": place.id, "extendedRequestId": place.id, "stage": "api", "apiId": api,
        "requestTimeEpoch": place.seconds * 1000, "connectedAt": place.seconds * 1000,
        "domainName": f"{api}.execute-api.{place.region}.amazonaws.com",
        "identity": {"sourceIp": "127.0.0.1"},
    }  # fmt: skip
    made: Event = {"requestContext": context, "isBase64Encoded": False}
    headers = {"Host": context["domainName"]}
    several = {name: [value] for name, value in headers.items()}
    more = {"headers": headers, "multiValueHeaders": several} if name == "CONNECT" else {}
    return made | more | ({"body": BODY} if name == "MESSAGE" else {})


def _authorizer(place: Place) -> Event:
    """Its token is made up: an answer that lets nobody in is one."""
    place_of_api = place.arn("execute-api", "example")
    return {
        "type": "TOKEN", "authorizationToken": "example",
        "methodArn": f"{place_of_api}/api/GET/",
    }  # fmt: skip


_MAKERS: dict[str, Callable[[Place], Event]] = {
    "": lambda place: {},
    "sqs": _sqs, "sns": _sns, "s3": _s3, "dynamodb": _dynamodb, "kinesis": _kinesis,
    "schedule": _schedule, WEBSOCKET: _websocket, AUTHORIZER: _authorizer,
}  # fmt: skip
