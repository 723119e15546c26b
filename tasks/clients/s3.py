"""The bucket: made when missing, private, encrypted; objects with their SHA-256."""

from pathlib import Path
from typing import Any

from tasks.clients.aws import Aws, error_code, errors
from tasks.core.console import progress
from tasks.core.versions import code_sha256

LIFECYCLE_ID = "doit-lambda-layer"
PREFIX = "layers/"


def ensure_bucket(aws: Aws) -> bool:
    """True when it was made. AwsError when it is somebody else's."""
    from botocore.exceptions import ClientError

    owned = _owned(aws)
    with errors(f"looking for bucket {owned['Bucket']}"):
        try:
            aws.client("s3").head_bucket(**owned)
            made = False
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchBucket"):
                raise _foreign(error) from None
            made = True
    if made:
        _create(aws, owned)
    if aws.settings.lifecycle_days:
        _expire(aws, owned)
    return made


def _foreign(error: Any) -> Any:
    """HEAD answers 403 for a bucket of another account, with or without ExpectedBucketOwner."""
    if error_code(error) in ("403", "AccessDenied"):
        error.response["Error"]["Code"] = "NotOwner"
    return error


def _create(aws: Aws, owned: dict[str, str]) -> None:
    s3, region = aws.client("s3"), aws.settings.region
    # us-east-1 is the one region that must not be named
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    configuration = {"CreateBucketConfiguration": place} if place else {}
    block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    with errors(f"making bucket {owned['Bucket']}"):
        s3.create_bucket(Bucket=owned["Bucket"], **configuration)
        s3.get_waiter("bucket_exists").wait(**owned)
        s3.put_public_access_block(
            **owned, PublicAccessBlockConfiguration=dict.fromkeys(block, True)
        )
        s3.put_bucket_encryption(**owned, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _expire(aws: Aws, owned: dict[str, str]) -> None:
    """Our rule beside whatever rules the bucket has."""
    from botocore.exceptions import ClientError

    s3 = aws.client("s3")
    ours = {
        "ID": LIFECYCLE_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": PREFIX},
        "Expiration": {"Days": aws.settings.lifecycle_days},
    }
    with errors(f"setting the lifecycle of bucket {owned['Bucket']}"):
        try:
            rules = s3.get_bucket_lifecycle_configuration(**owned)["Rules"]
        except ClientError as error:
            if error_code(error) != "NoSuchLifecycleConfiguration":
                raise
            rules = []
        if ours not in rules:
            others = [rule for rule in rules if rule.get("ID") != LIFECYCLE_ID]
            s3.put_bucket_lifecycle_configuration(
                **owned, LifecycleConfiguration={"Rules": [*others, ours]}
            )


def _owned(aws: Aws) -> dict[str, str]:
    return {"Bucket": aws.settings.bucket, "ExpectedBucketOwner": aws.account}


def holds(aws: Aws, key: str, sha256: str) -> str | None:
    """The object's version ID ('' in a bucket without versions) when it is there with this
    content; None otherwise."""
    from botocore.exceptions import ClientError

    with errors(f"looking for s3://{aws.settings.bucket}/{key}"):
        try:
            head = aws.client("s3").head_object(**_owned(aws), Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
    same = head.get("ChecksumSHA256") == code_sha256(sha256)
    return _version(head) if same else None


def put_file(aws: Aws, key: str, path: Path, sha256: str) -> str:
    """Upload with progress; S3 refuses it when the SHA-256 differs. Returns the version ID."""
    with (
        path.open("rb") as file,
        progress("uploading", path.stat().st_size) as advance,
        errors(f"uploading to s3://{aws.settings.bucket}/{key}"),
    ):
        answer = aws.client("s3").put_object(
            **_owned(aws), Key=key, Body=_Watched(file, advance),
            ChecksumSHA256=code_sha256(sha256), ContentType="application/zip",
        )  # fmt: skip
    return _version(answer)


def put_bytes(aws: Aws, key: str, data: bytes) -> None:
    with errors(f"writing s3://{aws.settings.bucket}/{key}"):
        aws.client("s3").put_object(
            **_owned(aws), Key=key, Body=data, ChecksumAlgorithm="SHA256",
            ContentType="application/json",
        )  # fmt: skip


def get_bytes(aws: Aws, key: str) -> bytes | None:
    """None when the object, or the bucket, is not there."""
    from botocore.exceptions import ClientError

    with errors(f"reading s3://{aws.settings.bucket}/{key}"):
        try:
            answer = aws.client("s3").get_object(**_owned(aws), Key=key)
            return bytes(answer["Body"].read())
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise


def _version(answer: Any) -> str:
    version = answer.get("VersionId") or ""
    return "" if version == "null" else str(version)


class _Watched:
    """A file that tells how much of it was read. Seeking back (a retry) takes progress back."""

    def __init__(self, file: Any, advance: Any) -> None:
        self._file, self._advance = file, advance

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        self._advance(len(data))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        before = self._file.tell()
        after = int(self._file.seek(offset, whence))
        self._advance(after - before if after < before else 0)
        return after

    def tell(self) -> int:
        return int(self._file.tell())
