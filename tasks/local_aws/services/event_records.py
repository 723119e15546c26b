"""One record of an event that Lambda fetches, as its function gets it, from what moto holds.

AWS: "Using Lambda with Amazon SQS", "… with Amazon Kinesis Data Streams", "… with DynamoDB".
"""

import base64
from datetime import datetime
from typing import Any


def of_message(message: Any, queue: Any) -> dict[str, Any]:
    """Of a queue."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "SequenceNumber": message.sequence_number,
    }
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "messageAttributes": {
            name: _attribute(each) for name, each in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }


def _attribute(given: Any) -> dict[str, Any]:
    """Of a message: {"DataType", "StringValue" or "BinaryValue"}."""
    made = {"stringListValues": [], "binaryListValues": [], "dataType": given["DataType"]}
    if (text := given.get("StringValue")) is not None:
        made["stringValue"] = str(text)
    if (value := given.get("BinaryValue")) is not None:
        is_raw = isinstance(value, bytes)
        made["binaryValue"] = base64.b64encode(value).decode() if is_raw else value
    return made


def of_kinesis(record: Any, shard: str, stream: Any) -> dict[str, Any]:
    """Of a data stream."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": str(record.sequence_number),
            "data": record.data,
            "approximateArrivalTimestamp": round(record.created_at, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record.sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{stream.account_id}:role/local",
        "awsRegion": stream.region,
        "eventSourceARN": stream.arn,
    }


def of_table(record: Any, stream_arn: str) -> dict[str, Any]:
    """Of a table's stream."""
    made = record.to_json()
    changed = dict(made["dynamodb"])
    created = changed.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        changed["ApproximateCreationDateTime"] = created.timestamp()
    names = ("eventID", "eventName", "eventVersion", "eventSource")
    told = {name: made[name] for name in names}
    region = stream_arn.split(":")[3]
    return told | {"awsRegion": region, "dynamodb": changed, "eventSourceARN": stream_arn}
