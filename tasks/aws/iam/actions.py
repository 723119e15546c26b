"""Which IAM permission an API call needs: they are not always called alike.

From AWS's Service Authorization Reference (S3, Lambda). docs/iam.md allows exactly these.
"""

ACTIONS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateBucket": "s3:CreateBucket",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteLayerVersion": "lambda:DeleteLayerVersion",
    "DeleteObjectTagging": "s3:DeleteObjectTagging",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "GetFunction": "lambda:GetFunction",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
    "GetLayerVersion": "lambda:GetLayerVersion",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "GetResources": "apigateway:GET",
    "GetRestApis": "apigateway:GET",
    "GetStage": "apigateway:GET",
    "GetObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "Invoke": "lambda:InvokeFunction",
    "ListFunctions": "lambda:ListFunctions",
    "ListLayerVersions": "lambda:ListLayerVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PublishLayerVersion": "lambda:PublishLayerVersion",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "PutBucketPolicy": "s3:PutBucketPolicy",
    "PutObject": "s3:PutObject",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "UploadPart": "s3:PutObject",
}
COLLECTING = {  # `doit gc`, beside these
    "DeleteObjects": "s3:DeleteObjectVersion",
    "ListObjectVersions": "s3:ListBucketVersions",
}
SECRET = {  # a stage's `secret`
    "DescribeSecret": "secretsmanager:DescribeSecret",
    "GetSecretValue": "secretsmanager:GetSecretValue",
}
UNDOING = {  # what a failed smoke test brings back
    "DeleteFunctionConcurrency": "lambda:DeleteFunctionConcurrency",
    "PutFunctionConcurrency": "lambda:PutFunctionConcurrency",
    "UpdateFunctionCode": "lambda:UpdateFunctionCode",
    "UpdateFunctionConfiguration": "lambda:UpdateFunctionConfiguration",
    "UpdateStage": "apigateway:PATCH",
}
IMAGES = {  # a stage's `package = "image"`
    "BatchDeleteImage": "ecr:BatchDeleteImage",
    "BatchGetImage": "ecr:BatchGetImage",
    "CreateRepository": "ecr:CreateRepository",
    "DescribeRepositories": "ecr:DescribeRepositories",
    "GetAuthorizationToken": "ecr:GetAuthorizationToken",
    "GetLifecyclePolicy": "ecr:GetLifecyclePolicy",
    "GetRepositoryPolicy": "ecr:GetRepositoryPolicy",
    "SetRepositoryPolicy": "ecr:SetRepositoryPolicy",
}
CALLING = {"FilterLogEvents": "logs:FilterLogEvents"}  # `doit logs`
ASSUMING = {"AssumeRole": "sts:AssumeRole"}  # a stage's `role`
# What Lambda does as us when it publishes from a bucket that keeps versions; what a PutObject with
# tags needs beside its own.
ON_OUR_BEHALF = {"s3:GetObjectVersion", "s3:PutObjectTagging"}
FREE = {"GetCallerIdentity"}  # allowed to everyone


def action(operation: str) -> str:
    """The permission's name. The operation's own for one that is not ours."""
    known = ACTIONS | COLLECTING | SECRET | UNDOING | IMAGES | CALLING | ASSUMING
    return known.get(operation, operation)


def denied_action(operation: str) -> str:
    """The same in an error's words. S3 calls a missing object forbidden to who may not list."""
    name = action(operation)
    return f"{name} (and s3:ListBucket)" if name == "s3:GetObject" else name
