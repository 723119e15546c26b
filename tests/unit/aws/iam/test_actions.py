"""tasks/aws/iam/actions.py: names only. Held against real calls: tests/functional/test_aws_iam."""

import pytest

from tasks.aws.iam import actions as iam_actions


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("HeadBucket", "s3:ListBucket"),
        ("HeadObject", "s3:GetObject"),
        ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
        ("Invoke", "lambda:InvokeFunction"),
        ("SomethingElse", "SomethingElse"),
    ],
)
def test_a_permission_is_not_always_called_as_its_operation(operation: str, action: str) -> None:
    """One that is not ours keeps its name."""
    assert iam_actions.action(operation) == action
