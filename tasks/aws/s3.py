"""The bucket: made when missing, private, encrypted. Objects with their SHA-256."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..settings import paths
from ..ui.console import progress, say
from ..util import files
from ..util.errors import AwsError
from . import bucket as aws_bucket
from .client import Aws
from .errors import OTHER_BUCKET, error_code, errors

CONTENT = "sha256"  # metadata of a zip: what it was sent as
PART, AT_ONCE = 8 << 20, 4  # bytes of an upload's part (S3 takes 5 MB and more), how many at once
PAUSES = (0.2, 0.5, 1.0)  # seconds between two tries to read an object


def ensure_bucket(aws: Aws) -> bool:
    """True when it was made. AwsError when it is somebody else's, or in another region."""
    owned = bucket_of(aws)
    # Stands while a bucket is being made: a run that was stopped there is completed by the next.
    making = paths.BUILD / "bucket" / f"{aws.account}-{owned['Bucket']}.json"
    missing = not has_bucket(aws)
    if missing or making.exists():
        files.write_record(making, owned)
        _make(aws, owned, missing=missing)
        making.unlink()
    if missing:
        how = "private, encrypted, TLS only"
        say(f"bucket {owned['Bucket']} made: {how}, in {aws.settings.region}")
    return missing


def has_bucket(aws: Aws) -> bool:
    """AwsError when it is somebody else's, or in another region."""
    from botocore.exceptions import ClientError

    owned = bucket_of(aws)
    with errors(f"looking for bucket {owned['Bucket']}"):
        try:
            _must_be_near(aws, aws.client("s3").head_bucket(**owned))
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchBucket"):
                raise _foreign(error) from None
            return False
    return True


def _must_be_near(aws: Aws, head: Mapping[str, Any]) -> None:
    """Lambda reads layers from buckets of its own region only."""
    there = head.get("BucketRegion") or aws.settings.region
    if there != aws.settings.region:
        problem = f"bucket {aws.settings.bucket} is in {there}, the layer in {aws.settings.region}"
        raise AwsError(f"{problem}. Lambda reads from its own region only", fix=OTHER_BUCKET)


def _foreign(error: Any) -> Any:
    """HEAD answers 403 for a bucket of another account, with or without ExpectedBucketOwner."""
    if error_code(error) in ("403", "AccessDenied"):
        error.response["Error"]["Code"] = "NotOwner"
    return error


def _make(aws: Aws, owned: dict[str, str], *, missing: bool) -> None:
    with errors(f"making bucket {owned['Bucket']}"):
        if missing:
            _create(aws, owned["Bucket"])
            aws.client("s3").get_waiter("bucket_exists").wait(**owned)
        aws_bucket.protect(aws, owned)


def _create(aws: Aws, bucket: str) -> None:
    s3, region = aws.client("s3"), aws.settings.region
    # us-east-1 is the one region that must not be named
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    # an answer that was lost: the SDK asks again, and the bucket is there
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))


def bucket_of(aws: Aws) -> dict[str, str]:
    """Every call names the bucket and the account that must own it."""
    return {"Bucket": aws.settings.bucket, "ExpectedBucketOwner": aws.account}


def holds(aws: Aws, key: str, sha256: str) -> str | None:
    """The object's version ID ('' in a bucket without versions) when it is there and was sent as
    this content. None otherwise."""
    content, version = head_object(aws, key) or ("", "")
    return version if content == sha256 else None


def head_object(aws: Aws, key: str) -> tuple[str, str] | None:
    """The sha256 that the object was sent as ('' where it does not say) and its version ID. None
    when it is not there."""
    from botocore.exceptions import ClientError

    with errors(f"looking for s3://{aws.settings.bucket}/{key}"):
        try:
            head = aws.client("s3").head_object(**bucket_of(aws), Key=key)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
    return head["Metadata"].get(CONTENT, ""), _version(head)


def put_file(aws: Aws, key: str, path: Path, sha256: str, *, tag: str = "") -> str:
    """Upload with progress, a large file in parts, some at once. S3 compares the SHA-256 of each.
    Returns the version ID. `tag`: `name=value`. AwsError. Parts of an upload that failed are
    removed."""
    from boto3.s3 import transfer

    extra = {
        "ExpectedBucketOwner": aws.account, "ContentType": "application/zip",
        "ChecksumAlgorithm": "SHA256",
        # S3 keeps no SHA-256 of the whole where it came in parts
        "Metadata": {CONTENT: sha256}, **({"Tagging": tag} if tag else {}),
    }  # fmt: skip
    config = transfer.TransferConfig(
        multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=AT_ONCE,
        preferred_transfer_client="classic",
    )  # fmt: skip
    with (
        progress("uploading", path.stat().st_size) as advance,
        errors(f"uploading to s3://{aws.settings.bucket}/{key}"),
        transfer.create_transfer_manager(aws.client("s3"), config) as manager,
    ):
        heard = [transfer.ProgressCallbackInvoker(advance)]
        manager.upload(str(path), aws.settings.bucket, key, extra, heard).result()
    sent = holds(aws, key, sha256)
    if sent is None:
        raise AwsError(
            f"s3://{aws.settings.bucket}/{key} was sent, and now something else stands there",
            fix="run the command again. If it repeats, check who else writes to the bucket",
        )
    return sent


def put_bytes(aws: Aws, key: str, data: bytes) -> None:
    with errors(f"writing s3://{aws.settings.bucket}/{key}"):
        aws.client("s3").put_object(
            **bucket_of(aws), Key=key, Body=data, ChecksumAlgorithm="SHA256",
            ContentType="application/json",
        )  # fmt: skip


def objects(aws: Aws, prefix: str) -> dict[str, int]:
    """{key: bytes} of all that begins so. {} when there is nothing, or no bucket."""
    from botocore.exceptions import ClientError

    pages = aws.client("s3").get_paginator("list_objects_v2")
    with errors(f"listing s3://{aws.settings.bucket}/{prefix}"):
        try:
            found = list(pages.paginate(**bucket_of(aws), Prefix=prefix))
        except ClientError as error:
            if error_code(error) != "NoSuchBucket":
                raise
            return {}
    return {each["Key"]: each["Size"] for page in found for each in page.get("Contents", [])}


def fetch(aws: Aws, key: str) -> tuple[bytes, Mapping[str, Any]]:
    """An object's content, and what S3 said of it. The SDK repeats a call that breaks off, not the
    reading of what the call has opened: that is done here."""
    from botocore import exceptions as sdk

    broken = (sdk.HTTPClientError, sdk.IncompleteReadError)
    for pause in (*PAUSES, None):
        answer = aws.client("s3").get_object(**bucket_of(aws), Key=key)
        try:
            return bytes(answer["Body"].read()), answer
        except broken:
            if pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def get_bytes(aws: Aws, key: str) -> bytes | None:
    """None when the object, or the bucket, is not there."""
    from botocore.exceptions import ClientError

    with errors(f"reading s3://{aws.settings.bucket}/{key}"):
        try:
            return fetch(aws, key)[0]
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise


def _version(answer: Any) -> str:
    version = answer.get("VersionId") or ""
    return "" if version == "null" else str(version)
