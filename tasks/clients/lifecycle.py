"""The bucket's lifecycle rule: S3 removes what was sent and never published, nothing else.

A zip carries the tag from its upload until just before it is published, and the rule takes only
what carries the tag. So the zip of a version is out of its reach, in use or not: `doit gc` is what
deletes those.
"""

from typing import Any

from ..core.console import say
from ..core.settings import Settings
from . import s3
from .aws import Aws
from .sdk_errors import DENIED, error_code, errors

RULE = "doit-lambda-layer"
PREFIX = "layers/"
TAG = {"Key": "doit-lambda-layer", "Value": "unpublished"}


def tag(settings: Settings) -> str:
    """What an upload carries; nothing where no rule looks for it."""
    return f"{TAG['Key']}={TAG['Value']}" if settings.lifecycle_days else ""


def keep(aws: Aws, key: str) -> None:
    """Take the tag off: what is published from this object never expires.

    Without the setting a tag can be there from when there was one, and so the permission to take
    it off is no need: that it is missing is said, and no error."""
    from botocore.exceptions import ClientError

    with errors(f"keeping s3://{aws.settings.bucket}/{key}"):
        try:
            aws.client("s3").delete_object_tagging(**s3.bucket_of(aws), Key=key)
        except ClientError as error:
            if aws.settings.lifecycle_days or error_code(error) not in DENIED:
                raise
            say(
                f"note: if `lifecycle-days` was ever set, S3 may remove s3://{aws.settings.bucket}/"
                f"{key}: allow s3:DeleteObjectTagging to this identity"
            )


def ensure(aws: Aws) -> None:
    """Our rule, beside whatever rules the bucket has."""
    if not aws.settings.lifecycle_days:
        return
    ours = {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": PREFIX, "Tags": [TAG]}},
        "Expiration": {"Days": aws.settings.lifecycle_days},
    }
    there = rules(aws)
    if ours not in there:
        others = [rule for rule in there if rule.get("ID") != RULE]
        with errors(f"setting the lifecycle of bucket {aws.settings.bucket}"):
            aws.client("s3").put_bucket_lifecycle_configuration(
                **s3.bucket_of(aws), LifecycleConfiguration={"Rules": [*others, ours]}
            )


def rules(aws: Aws) -> list[dict[str, Any]]:
    """Everybody's; [] for none, and without a bucket."""
    from botocore.exceptions import ClientError

    with errors(f"looking at the lifecycle of bucket {aws.settings.bucket}"):
        try:
            answer = aws.client("s3").get_bucket_lifecycle_configuration(**s3.bucket_of(aws))
        except ClientError as error:
            if error_code(error) not in ("NoSuchLifecycleConfiguration", "NoSuchBucket"):
                raise
            return []
    return list(answer["Rules"])
