"""S3 objects that several machines write: read with their ETag, written only over what was read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from . import s3
from .aws import Aws
from .sdk_errors import error_code, errors

# S3: 412 when the condition does not hold, 409 when another write came at the same moment, 404
# when the object that If-Match names is gone (S3 User Guide, "conditional writes").
LOST = {
    "PreconditionFailed", "412", "ConditionalRequestConflict", "OperationAborted", "409",
    "NoSuchKey", "404",
}  # fmt: skip
MISSING = {"NoSuchKey", "NoSuchBucket", "404"}


@dataclass(frozen=True, kw_only=True)
class Object:
    """`data`: None when it is not there. `at`: S3's clock when it answered."""

    data: bytes | None
    etag: str
    at: datetime


def read(aws: Aws, key: str) -> Object:
    from botocore.exceptions import ClientError

    with errors(f"reading s3://{aws.settings.bucket}/{key}"):
        try:
            content, answer = s3.fetch(aws, key)
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            return Object(data=None, etag="", at=_date(error.response))
        return Object(data=content, etag=answer["ETag"], at=_date(answer))


def write(aws: Aws, key: str, data: bytes, etag: str) -> str | None:
    """The new ETag; None when somebody else wrote meanwhile. `etag`: of what is replaced, '' for
    nothing."""
    from botocore.exceptions import ClientError

    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    with errors(f"writing s3://{aws.settings.bucket}/{key}"):
        try:
            answer = aws.client("s3").put_object(
                **s3.bucket_of(aws), Key=key, Body=data, ContentType="application/json", **condition
            )
        except ClientError as error:
            if error_code(error) not in LOST:
                raise
            return None
    return str(answer["ETag"])


def write_unique(aws: Aws, key: str, data: bytes, etag: str) -> str | None:
    """The same for data like no other: where an answer is lost, the SDK asks again and then meets
    what it wrote itself."""
    if written := write(aws, key, data, etag):
        return written
    there = read(aws, key)
    return there.etag if there.data == data else None


def _date(answer: Any) -> datetime:
    """A lock must not depend on whether this machine's clock is right."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)
