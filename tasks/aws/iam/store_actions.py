"""The same for the team's store: who may read and write which prefix of it, and how the bucket
keeps what was written.

A build never needs it, so no command fails without these. That nobody gets further with them than
to his own prefix: tests/functional/test_team_store_trust.py.
"""

from typing import Any

from .needed_actions import DEPLOY, PUBLISH, STORE, STORE_WRITE, Need
from .resources import Scope

STORE_ROOT = "store/v1"
# AWS's own form ("Enforce conditional writes on Amazon S3 buckets"): the requests that begin an
# upload in parts and send them take no such header, and make no object.
CONDITION = "s3:if-none-match"
ONCE = {"Null": {CONDITION: "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}


def _prefix(scope: Scope, writer: str) -> str:
    return scope.bucket(f"{STORE_ROOT}/{writer}/*")


STORE_NEEDS = (
    Need(
        sid="StoreRead", of=(PUBLISH, DEPLOY, STORE, STORE_WRITE), actions=("s3:GetObject",),
        on=lambda scope: [_prefix(scope, writer) for writer in scope.trusted],
        when=lambda scope: scope.settings.team_store != "off",
    ),
    Need(
        sid="StoreWrite", of=(PUBLISH, DEPLOY, STORE_WRITE),
        actions=("s3:AbortMultipartUpload", "s3:PutObject"),
        on=lambda scope: _prefix(scope, scope.writer),
        when=lambda scope: scope.settings.team_store in ("", "read-write"),
    ),
    Need(
        sid="StoreExpiry", of=(PUBLISH, DEPLOY, STORE_WRITE), on=Scope.bucket,
        actions=("s3:GetLifecycleConfiguration",),
        when=lambda scope: scope.settings.team_store in ("", "read-write"),
    ),
    Need(
        sid="StoreKey", of=(STORE, STORE_WRITE), actions=("kms:Decrypt",),
        on=lambda scope: list(scope.keys), when=lambda scope: bool(scope.keys),
    ),
    Need(
        sid="StoreWriteKey", of=(STORE_WRITE,), actions=("kms:GenerateDataKey",),
        on=lambda scope: list(scope.keys), when=lambda scope: bool(scope.keys),
    ),
)  # fmt: skip


def written_once(bucket: str, partition: str) -> dict[str, Any]:
    """A bucket policy's statement: nobody replaces an entry, its own writer neither."""
    return {
        "Sid": "StoreOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:{partition}:s3:::{bucket}/{STORE_ROOT}/*",
        "Condition": ONCE,
    }
