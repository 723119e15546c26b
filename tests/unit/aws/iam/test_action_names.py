"""tasks/aws/iam/action_names.py: names only. tests/functional/test_aws_iam.py has calls."""

import pytest

from tasks.aws.iam import action_names as iam_actions


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
