"""tasks/local_aws/services/polled_events.py: queues and streams are read as Lambda reads them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaBackend

from tasks.local_aws.services import delivery, polled_events
from tests.moto_server import REGION

ARN = f"arn:aws:lambda:{REGION}:123456789012:function:f"
Got = list[list[Any]]


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty one, adjusted."""
    make = LambdaBackend.create_event_source_mapping
    monkeypatch.setattr(LambdaBackend, "create_event_source_mapping", polled_events._own(make))
    with mock_aws():
        yield


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Got]:
    """What it has got, batch by batch; it fails on the first so many."""

    def made(fails: int = 0) -> Got:
        got: Got = []

        def invoke(arn: str, event: Any) -> bool:
            got.append(event["Records"])
            return len(got) > fails

        monkeypatch.setattr(delivery, "invoke", invoke)
        monkeypatch.setattr(polled_events, "PAUSE", 0.01)
        return got

    return made


def client(name: str) -> Any:
    made: Any = boto3.client
    return made(name, region_name=REGION)


def connect(source: str, batch: int, position: str = "") -> str:
    """The mapping's number; the function is there."""
    iam = client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="f.f", Code={"ZipFile": b""}
    )
    more = {"StartingPosition": position} if position else {}
    made = client("lambda").create_event_source_mapping(
        EventSourceArn=source, FunctionName="f", BatchSize=batch, **more
    )
    return str(made["UUID"])


def polled(until: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not until() and time.monotonic() < deadline:
        polled_events.poll()
        time.sleep(0.01)
    return until()


def queue(**attributes: str) -> tuple[str, str]:
    """(URL, ARN)"""
    url = client("sqs").create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def test_messages_come_in_batches_with_what_they_have(function: Callable[..., Got]) -> None:
    """Whoever sends does not wait; what was handled is gone."""
    got, (url, arn) = function(), queue()
    connect(arn, 2)
    word = {"n": {"DataType": "String", "StringValue": "v"},
            "b": {"DataType": "Binary", "BinaryValue": b"\xff"}}  # fmt: skip
    for number in range(3):
        client("sqs").send_message(QueueUrl=url, MessageBody=str(number), MessageAttributes=word)
    assert got == []
    assert polled(lambda: len(got) == 2)
    assert [[each["body"] for each in batch] for batch in got] == [["0", "1"], ["2"]]
    first = got[0][0]
    assert first["messageAttributes"]["n"]["stringValue"] == "v"
    assert first["messageAttributes"]["b"]["binaryValue"] == "/w=="
    assert first["attributes"]["ApproximateReceiveCount"] == "1"
    assert first["eventSourceARN"] == arn
    assert polled(lambda: not client("sqs").receive_message(QueueUrl=url).get("Messages"))


def test_a_failed_message_comes_again_when_it_is_visible(function: Callable[..., Got]) -> None:
    """After the queue's own time, counted."""
    got, (url, arn) = function(fails=1), queue(VisibilityTimeout="1")
    connect(arn, 10)
    client("sqs").send_message(QueueUrl=url, MessageBody="x")
    began = time.monotonic()
    assert polled(lambda: len(got) == 2)
    assert time.monotonic() - began > 0.9
    assert got[1][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_deleted_or_disabled_mapping_takes_nothing(function: Callable[..., Got]) -> None:
    got, (url, arn) = function(), queue()
    number = connect(arn, 10)
    client("lambda").update_event_source_mapping(UUID=number, Enabled=False)
    client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert not polled(lambda: bool(got), 0.2)
    client("lambda").update_event_source_mapping(UUID=number, Enabled=True)
    assert polled(lambda: len(got) == 1)
    client("lambda").delete_event_source_mapping(UUID=number)
    client("sqs").send_message(QueueUrl=url, MessageBody="y")
    assert not polled(lambda: len(got) > 1, 0.2)


def stream() -> str:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=2)
    put("before")
    return str(
        kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    )


def put(data: str) -> None:
    client("kinesis").put_record(StreamName="s", Data=data.encode(), PartitionKey="one")


@pytest.mark.parametrize(("position", "first"), [("LATEST", "after"), ("TRIM_HORIZON", "before")])
def test_a_stream_begins_where_the_app_says(
    function: Callable[..., Got], position: str, first: str
) -> None:
    """With what comes, or with what there is."""
    import base64

    got = function()
    connect(stream(), 1, position)
    put("after")
    assert polled(lambda: bool(got))
    assert base64.b64decode(got[0][0]["kinesis"]["data"]).decode() == first


def test_a_failed_batch_of_a_stream_is_tried_until_it_is_handled(
    function: Callable[..., Got],
) -> None:
    """In its order, and what comes later waits for it."""
    got = function(fails=2)
    connect(stream(), 1, "TRIM_HORIZON")
    put("after")
    assert polled(lambda: len(got) == 4)
    numbers = [batch[0]["kinesis"]["sequenceNumber"] for batch in got]
    assert numbers == ["1", "1", "1", "2"]


def test_a_tables_changes_in_one_batch(function: Callable[..., Got]) -> None:
    """Each once."""
    got, dynamodb = function(), client("dynamodb")
    made = dynamodb.create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip
    connect(made["TableDescription"]["LatestStreamArn"], 10, "LATEST")
    dynamodb.put_item(TableName="t", Item={"id": {"S": "a"}})
    dynamodb.delete_item(TableName="t", Key={"id": {"S": "a"}})
    assert polled(lambda: sum(map(len, got)) == 2)
    names = [each["eventName"] for batch in got for each in batch]
    assert names == ["INSERT", "REMOVE"]
    assert not polled(lambda: sum(map(len, got)) > 2, 0.2)
