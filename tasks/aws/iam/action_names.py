"""Which IAM permission an API call needs: they are not always called alike.

What each command needs is in needed_actions.py alone. These are the names that differ. Source:
AWS's Service Authorization Reference.
"""

from .image_actions import every_need

DIFFERENT = {
    "AssumeRole": "sts:AssumeRole",  # in no statement: policies.assume
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObjectVersion",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "GetResources": "apigateway:GET",
    "GetRestApis": "apigateway:GET",
    "GetStage": "apigateway:GET",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "Invoke": "lambda:InvokeFunction",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "UpdateStage": "apigateway:PATCH",
    "UploadPart": "s3:PutObject",
}


def action(operation: str) -> str:
    """The permission's name, Chalice's too. The operation's own name for an unknown."""
    ours = (each for need in every_need() for each in need.actions)
    named = (each for each in ours if each.partition(":")[2] == operation)
    return DIFFERENT.get(operation) or next(named, operation)


def denied_action(operation: str) -> str:
    """The same in an error's words. S3 calls a missing object forbidden to who may not list."""
    name = action(operation)
    return f"{name} (and s3:ListBucket)" if name == "s3:GetObject" else name
