"""Objects in S3 with all their versions: listed, and deleted so that the space is free again."""

from collections.abc import Sequence
from itertools import batched

from ..core import iam
from ..core.errors import AwsError
from ..core.retention import Stored
from . import s3
from .aws import Aws
from .sdk_errors import error_code, errors

BATCH = 1000  # objects that one DeleteObjects takes


def under(aws: Aws, prefix: str) -> list[Stored]:
    """Everything that begins so, older versions and delete markers too; [] without a bucket."""
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
            fix=f"allow {iam.action('DeleteObjects')} (./doitw iam-policy has the policy), or end "
            "the object's lock; then run the same again: what is deleted is not asked for twice",
        )
