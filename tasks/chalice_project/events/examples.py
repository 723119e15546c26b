"""One example of each kind of event, as AWS documents it ("Using Lambda with other services")."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from ...settings.smoke_request import Request
from .. import api_event
from ..app import FAVOURITES
from ..source.declared import Route
from .takers import Taker

BODY = json.dumps({"hello": "world"})
Event = dict[str, Any]


def make(kind: str, taker: Taker) -> Event:
    """`kind`: any of KINDS but `http`; the taker's own source, else one that is made up."""
    return _MAKERS[kind](Place(taker, kind))


class Place:
    """Where the event comes from."""

    def __init__(self, taker: Taker, kind: str) -> None:
        self._parts = taker.arn.split(":")
        self._source = taker.source if taker.kind == kind else ""
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
    """How much beside the path it wants; the smallest is asked for."""
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


def _s3(place: Place) -> Event:
    bucket, data = place.name("bucket"), BODY.encode()
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": place.region,
        "eventTime": place.stamp,
        "eventName": "ObjectCreated:Put",
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
                "key": "hello.json", "size": len(data), "sequencer": "0A1B2C3D4E5F678901",
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
    return {
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


_MAKERS: dict[str, Callable[[Place], Event]] = {
    "": lambda place: {},
    "sqs": _sqs, "sns": _sns, "s3": _s3, "dynamodb": _dynamodb, "kinesis": _kinesis,
    "schedule": _schedule,
}  # fmt: skip
