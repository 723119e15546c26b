"""What makes a bucket safe to take code from: no public access, TLS only, encryption at rest."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..settings import s3_keys
from ..settings.model import READ_WRITE, Settings
from ..ui.console import say
from ..util import typed_json
from . import s3
from .client import Aws
from .errors import DENIED, error_code, errors
from .iam import action_names as iam_actions
from .iam import policies
from .iam.policies import TRANSPORT, tls_only
from .iam.store_actions import CONDITION, STORE_ROOT, written_once

BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# What a killed upload leaves is in no list of objects, and paid for.
UNFINISHED = {
    "ID": "doit-lambda-layer-unfinished",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
MINIMUM = "TransitionDefaultMinimumObjectSize"  # S3 sets it anew where a request does not name it
STORE_DAYS = 30  # an entry of the team's store lives, each can be made again
STORE = {
    "ID": "doit-lambda-layer-store",
    "Status": "Enabled",
    "Filter": {"Prefix": f"{STORE_ROOT}/"},
    "Expiration": {"Days": STORE_DAYS},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},  # in buckets of others, too
}
MISSING = {"NoSuchPublicAccessBlockConfiguration", "NoSuchBucketPolicy"}


def protect(aws: Aws, owned: dict[str, str]) -> None:
    """Set all of it, for a bucket that is being made. `owned`: `s3.bucket_of`."""
    s3, rule = aws.client("s3"), {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_public_access_block(**owned, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True))
    s3.put_bucket_encryption(**owned, ServerSideEncryptionConfiguration={"Rules": [rule]})
    bucket, partition = owned["Bucket"], aws.identity.partition
    policy = policies.document([tls_only(bucket, partition), written_once(bucket, partition)])
    s3.put_bucket_policy(**owned, Policy=json.dumps(policy))
    expiring = [unpublished(aws.settings)] if aws.settings.lifecycle_days else []
    rules = [UNFINISHED, STORE, *expiring]
    s3.put_bucket_lifecycle_configuration(**owned, LifecycleConfiguration={"Rules": rules})


def warn_of_weak_bucket(aws: Aws, owned: dict[str, str]) -> None:
    """Say what a bucket that others made lacks. It is theirs, so nothing of it is changed. Where
    we may not look, that is said, too."""
    for sentence in _lacks(aws, owned):
        say(f"warning: bucket {owned['Bucket']} {sentence}")


def _lacks(aws: Aws, owned: dict[str, str]) -> Iterator[str]:
    s3, look = aws.client("s3"), "cannot be seen: allow"
    block = _ask(s3.get_public_access_block, owned)
    policy = _ask(s3.get_bucket_policy, owned)
    if block is None:
        yield f"may be public, which {look} {iam_actions.action('GetPublicAccessBlock')}"
    elif not all(block.get("PublicAccessBlockConfiguration", {}).get(name) for name in BLOCK):
        yield "does not block public access: switch all four blocks on"
    if policy is None:
        yield f"may answer without TLS, which {look} {iam_actions.action('GetBucketPolicy')}"
    elif not insists_on_tls(policy.get("Policy", "")):
        yield f"can be reached without TLS: deny s3:* to all where {TRANSPORT} is false"
    if (
        policy is not None
        and aws.settings.team_store == READ_WRITE
        and CONDITION not in policy.get("Policy", "")
    ):
        yield "lets entries of the team's store be replaced: see ./doitw iam-policy for=bucket"


def insists_on_tls(policy: str) -> bool:
    """Does a statement of this bucket policy deny everything to everybody who comes without? One
    that only allows what comes with it leaves all other ways in as they are."""
    found = typed_json.parsed(policy.encode()).get("Statement", [])
    return any(_is_denial(each) for each in _listed(found) if isinstance(each, dict))


def _is_denial(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition") or {}
    named = conditions.get("Bool") or {}
    asked = [str(value).lower() for name in named if name.lower() == TRANSPORT.lower()
             for value in _listed(named[name])]  # fmt: skip
    principal = statement.get("Principal")
    everybody = principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*")
    everything = {"*", "s3:*"} & {*_listed(statement.get("Action", []))}
    alone = len(conditions) == len(named) == 1  # each further condition lets somebody pass
    return bool(
        statement.get("Effect") == "Deny" and asked == ["false"] and everybody and everything
        and alone
    )  # fmt: skip


def _listed(value: Any) -> list[Any]:
    """IAM takes one thing in the place of a list of one."""
    return value if isinstance(value, list) else [value]


def _ask(question: Any, owned: dict[str, str]) -> dict[str, Any] | None:
    """{} where nothing is set. None where we may not look."""
    from botocore.exceptions import ClientError

    with errors(f"looking at bucket {owned['Bucket']}"):
        try:
            answer: dict[str, Any] = question(**owned)
        except ClientError as error:
            if error_code(error) in MISSING:
                return {}
            if error_code(error) in DENIED:
                return None
            raise
    return answer


WITH_MORE = "run this once with the policy of `./doitw iam-policy for=make-bucket`, too"
RULE = "doit-lambda-layer"
TAG = {"Key": "doit-lambda-layer", "Value": "unpublished"}


def tag(settings: Settings) -> str:
    """What an upload carries. Nothing where no rule looks for it."""
    return f"{TAG['Key']}={TAG['Value']}" if settings.lifecycle_days else ""


def untag_object(aws: Aws, key: str) -> None:
    """Take the tag off: what is published from this object never expires.

    Without the setting a tag can be there from when there was one, The permission to take it off
    is no need. That it is missing is said, and no error."""
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
    if aws.settings.lifecycle_days and (missing := add_rule(aws, unpublished(aws.settings))):
        say(f"warning: {missing}")


def unpublished(settings: Settings) -> dict[str, Any]:
    """The rule that takes uploads which nobody published."""
    return {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": s3_keys.LAYERS, "Tags": [TAG]}},
        "Expiration": {"Days": settings.lifecycle_days},
    }


def add_rule(aws: Aws, ours: Mapping[str, Any]) -> str:
    """Beside whatever rules the bucket has, in the place of a former one of ours. What to do where
    this identity may not: with that right it could have all of the bucket deleted by age."""
    from botocore.exceptions import ClientError

    whole, bucket = _lifecycle(aws), aws.settings.bucket
    if ours in whole["Rules"]:
        return ""
    others = [_with_filter(rule) for rule in whole["Rules"] if rule.get("ID") != ours["ID"]]
    minimum = {MINIMUM: whole[MINIMUM]} if MINIMUM in whole else {}
    with errors(f"setting the lifecycle of bucket {bucket}"):
        try:
            aws.client("s3").put_bucket_lifecycle_configuration(
                **s3.bucket_of(aws), **minimum, LifecycleConfiguration={"Rules": [*others, ours]}
            )
        except ClientError as error:
            if error_code(error) not in DENIED:
                raise
            return f"bucket {bucket} lacks the lifecycle rule {ours['ID']}: {WITH_MORE}"
    return ""


def _with_filter(rule: dict[str, Any]) -> dict[str, Any]:
    """The same rule. S3 refuses the form of before 2016, `Prefix` alone, beside one of today."""
    if "Filter" in rule:
        return rule
    return {"Filter": {"Prefix": rule.get("Prefix", "")}} | {
        name: rule[name] for name in rule if name != "Prefix"
    }


def rules(aws: Aws) -> list[dict[str, Any]]:
    """Everybody's. [] for none, and without a bucket."""
    return list(_lifecycle(aws)["Rules"])


def _lifecycle(aws: Aws) -> dict[str, Any]:
    """All that is set, `Rules` and what S3 keeps beside them."""
    from botocore.exceptions import ClientError

    with errors(f"looking at the lifecycle of bucket {aws.settings.bucket}"):
        try:
            answer: dict[str, Any] = aws.client("s3").get_bucket_lifecycle_configuration(
                **s3.bucket_of(aws)
            )
        except ClientError as error:
            if error_code(error) not in ("NoSuchLifecycleConfiguration", "NoSuchBucket"):
                raise
            return {"Rules": []}
    return answer
