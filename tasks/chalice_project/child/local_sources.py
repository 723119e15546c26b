"""stage=local: queues, topics, buckets, streams and tables that the app names and the emulator
lacks are made there, and said. What is there already stays as it is.

The app may name one of another account or region: the emulator has its own of that name, and
the function gets the events of that.
"""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

_ARN = re.compile(
    r"(arn:[^:]+:(?P<service>sqs|sns|kinesis|dynamodb)):[^:]*:[^:]*"
    r":(?P<kind>(stream|table)/)?(?P<name>[^:/]+)(/.*)?"
)
KEY = "id"  # of a table that nobody has described: text


def apply() -> None:
    """Change Chalice in this process: before it connects a function with a source, there is one."""
    from chalice.awsclient import TypedAWSClient

    for method, argument in (
        ("create_lambda_event_source", "event_source_arn"),
        ("verify_event_source_arn_current", "event_source_arn"),
        ("add_permission_for_sns_topic", "topic_arn"),
        ("subscribe_function_to_topic", "topic_arn"),
        ("remove_permission_for_sns_topic", "topic_arn"),
    ):
        setattr(TypedAWSClient, method, _here(getattr(TypedAWSClient, method), argument))
    connect = TypedAWSClient.connect_s3_bucket_to_lambda
    setattr(TypedAWSClient, "connect_s3_bucket_to_lambda", _with_bucket(connect))  # noqa: B010 - mypy refuses the plain form


def _here(original: Any, argument: str) -> Any:
    """With the ARN of what the emulator has in its place."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        source = Sources(
            self, named["function_arn" if "function_arn" in named else "function_name"]
        )
        return original(self, *arguments, **{**named, argument: source.arn(named[argument])})

    return method


def _with_bucket(original: Any) -> Any:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        _need_bucket(self, named["bucket"])
        return original(self, *arguments, **named)

    return method


class Sources:
    """Those of a function: `client` is Chalice's."""

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client, self._function = client, function_arn
        self._place = ":".join(function_arn.split(":")[3:5])  # REGION:ACCOUNT

    def arn(self, named: str) -> str:
        """Of what is there now. An ARN that is none, or of something else, is the server's to
        refuse."""
        found = _ARN.fullmatch(named)
        if found is None:
            return named
        name = found["name"]
        here = f"{found[1]}:{self._place}:{found['kind'] or ''}{name}"
        return _MAKERS[found["service"]](self, here, name)

    def queue(self, arn: str, name: str) -> str:
        sqs = self._client._client("sqs")
        if _lacks(lambda: sqs.get_queue_url(QueueName=name)):
            # Lambda wants a message hidden for as long as the function may take
            timeout = self._client.get_function_configuration(self._function)["Timeout"]
            fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
            given = {"VisibilityTimeout": str(timeout), **(fifo if _is_fifo(name) else {})}
            sqs.create_queue(QueueName=name, Attributes=given)
            _say(f"queue {name}")
        return arn

    def topic(self, arn: str, name: str) -> str:
        sns = self._client._client("sns")
        if _lacks(lambda: sns.get_topic_attributes(TopicArn=arn)):
            sns.create_topic(Name=name, Attributes={"FifoTopic": "true"} if _is_fifo(name) else {})
            _say(f"topic {name}")
        return arn

    def stream(self, arn: str, name: str) -> str:
        kinesis = self._client._client("kinesis")
        if _lacks(lambda: kinesis.describe_stream_summary(StreamName=name)):
            kinesis.create_stream(StreamName=name, ShardCount=1)
            kinesis.get_waiter("stream_exists").wait(StreamName=name)
            _say(f"stream {name}")
        return arn

    def table(self, arn: str, name: str) -> str:
        """A stream's ARN ends with the time at which it was made."""
        dynamodb = self._client._client("dynamodb")
        wanted = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        if _lacks(lambda: dynamodb.describe_table(TableName=name)):
            dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
                StreamSpecification=wanted,
            )
            _say(f"table {name}, with the key {KEY} (text): make it before the deploy for others")
        found = dynamodb.describe_table(TableName=name)["Table"]
        if not found.get("StreamSpecification", {}).get("StreamEnabled"):
            changed = dynamodb.update_table(TableName=name, StreamSpecification=wanted)
            found = changed["TableDescription"]
            _say(f"stream of table {name}")
        return str(found["LatestStreamArn"])


_MAKERS: dict[str, Callable[[Sources, str, str], str]] = {
    "sqs": Sources.queue,
    "sns": Sources.topic,
    "kinesis": Sources.stream,
    "dynamodb": Sources.table,
}


def _need_bucket(client: Any, name: str) -> None:
    s3, region = client._client("s3"), client.region_name
    if _lacks(lambda: s3.head_bucket(Bucket=name)):
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else elsewhere))
        _say(f"bucket {name}")


def _lacks(look: Callable[[], object]) -> bool:
    """Is it not there? Another error is for the caller to say."""
    try:
        look()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)
    return False


def _is_fifo(name: str) -> bool:
    return name.endswith(".fifo")


def _say(what: str) -> None:
    print(f"made in the emulator, which had none: {what}", flush=True)
