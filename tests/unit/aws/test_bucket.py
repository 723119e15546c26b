"""tasks/aws/bucket.py: which bucket policies keep everybody out who comes without TLS."""

import json
from typing import Any

import pytest

from tasks.aws.bucket import insists_on_tls
from tasks.aws.iam.policies import tls_only

OURS = tls_only("b", "aws")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Principal": {"AWS": "*"}},
        {"Action": "*"},
        {"Action": ["s3:*"]},
        {"Condition": {"Bool": {"AWS:securetransport": [False]}}},
    ],
)
def test_denied_to_everybody(changed: dict[str, Any]) -> None:
    """However it is written; other statements beside it change nothing."""
    allowed = OURS | {"Effect": "Allow", "Condition": {}}
    assert insists_on_tls(policy(allowed, OURS | changed))
    assert insists_on_tls(json.dumps({"Statement": OURS | changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Effect": "Allow"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Action": "s3:PutObject"},
        {"Condition": OURS["Condition"] | {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}},
        {"Condition": {"Null": {"aws:SecureTransport": "false"}}},
        {"Condition": None},
    ],
)
def test_what_only_speaks_of_tls(changed: dict[str, Any]) -> None:
    """Allowing what comes with it denies nothing; nor does a denial for some, or of some."""
    assert not insists_on_tls(policy(OURS | changed))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Statement": ["aws:SecureTransport"]}'])
def test_no_policy(text: str) -> None:
    assert not insists_on_tls(text)
