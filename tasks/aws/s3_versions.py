"""Objects in S3 with all their versions: listed, and deleted so that the space is free again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import batched
from typing import Any

from ..util.errors import AwsError
from . import s3
from .client import Aws
from .errors import error_code, errors
from .iam import action_names as iam_actions

BATCH = 1000  # objects that one DeleteObjects takes


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One object in S3, or one version of it where the bucket keeps versions."""

    bucket: str
    key: str
    version_id: str
    bytes: int


def under(aws: Aws, prefix: str) -> list[Stored]:
    """Everything that begins so, older versions and delete markers too. [] without a bucket."""
    from botocore.exceptions import ClientError

    bucket = aws.settings.bucket
    pages = aws.client("s3").get_paginator("list_object_versions")
    found: list[Stored] = []
    with errors(f"listing s3://{bucket}/{prefix}"):
        try:
            for page in pages.paginate(**s3.bucket_of(aws), Prefix=prefix):
                for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    size, version = each.get("Size", 0), each["VersionId"]
                    found.append(
                        Stored(bucket=bucket, key=each["Key"], version_id=version, bytes=size)
                    )
        except ClientError as error:
            if error_code(error) != "NoSuchBucket":
                raise
    return found


def delete(aws: Aws, objects: Sequence[Stored]) -> None:
    """By version, so that nothing is only hidden. AwsError names what S3 keeps, and why."""
    for bucket in sorted({each.bucket for each in objects}):
        mine = [each for each in objects if each.bucket == bucket]
        for batch in batched(mine, BATCH):
            _delete(aws, bucket, batch)


def _delete(aws: Aws, bucket: str, batch: Sequence[Stored]) -> None:
    names = [{"Key": each.key, "VersionId": each.version_id} for each in batch]
    with errors(f"deleting from bucket {bucket}"):
        answer = aws.client("s3").delete_objects(
            Bucket=bucket, ExpectedBucketOwner=aws.account, Delete={"Objects": names, "Quiet": True}
        )
    for failed in answer.get("Errors", [])[:1]:
        raise AwsError(
            f"S3 keeps s3://{bucket}/{failed['Key']}: {failed.get('Message') or failed['Code']}",
            fix=f"allow {iam_actions.action('DeleteObjects')} (./doitw iam-policy has "
            "the policy), or end "
            "the object's lock. Then run the command again",
        )


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


def read_object(aws: Aws, key: str) -> Object:
    from botocore.exceptions import ClientError

    with errors(f"reading s3://{aws.settings.bucket}/{key}"):
        try:
            content, answer = s3.fetch(aws, key)
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            return Object(data=None, etag="", at=_date(error.response))
        return Object(data=content, etag=answer["ETag"], at=_date(answer))


def write_object(aws: Aws, key: str, data: bytes, etag: str) -> str | None:
    """The new ETag. None when somebody else wrote meanwhile. `etag`: of what is replaced, '' for
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
    if written := write_object(aws, key, data, etag):
        return written
    there = read_object(aws, key)
    return there.etag if there.data == data else None


def _date(answer: Any) -> datetime:
    """A lock must not depend on whether this machine's clock is right."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)
