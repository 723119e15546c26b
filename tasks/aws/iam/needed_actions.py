"""Which IAM permissions which kind of command needs on a stage, resources named.

That each is needed, and nothing else is, is tested against moto's IAM:
tests/functional/test_aws_iam_policy.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...settings import s3_keys
from .resources import Scope

PUBLISH, DEPLOY, ROLLBACK, STATUS, GC = "publish", "deploy", "rollback", "status", "gc"
CALL, CONVERT, STORE, STORE_WRITE = "call", "convert", "store", "store-write"
MAKE_BUCKET = "make-bucket"
PURPOSES = {
    PUBLISH: "build, upload, publish: ./doitw publish",
    DEPLOY: "all of it: ./doitw deploy, package, patch-config, unpin, unlock, adopt-state",
    ROLLBACK: "back: ./doitw rollback, unpin, unlock, adopt-state",
    STATUS: "looking only: ./doitw status, history, diff, show, fetch, plan",
    GC: "deleting what nothing uses: ./doitw gc",
    CALL: "calling functions and reading their logs: ./doitw invoke, logs",
    CONVERT: "from layer to image, or back: ./doitw convert, with all of deploy",
    STORE: 'reading the team\'s store: ./doitw with team-store = "read"',
    STORE_WRITE: 'and writing to it: ./doitw with team-store = "read-write"',
    MAKE_BUCKET: "making the bucket, once: the first ./doitw deploy or publish, beside its policy",
}


@dataclass(frozen=True, kw_only=True)
class Need:
    """One statement: which commands need it, for which actions, on what, on which condition."""

    sid: str
    of: tuple[str, ...]
    actions: tuple[str, ...]
    on: Callable[[Scope], str | list[str]]
    when: Callable[[Scope], bool] = lambda scope: True
    condition: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def _folder(scope: Scope) -> str:
    return scope.bucket(f"{s3_keys.prefix(scope.settings.layer)}*")


def _stage(scope: Scope) -> str:
    return scope.bucket(f"{s3_keys.stage(scope.app, scope.settings.stage)}*")


def _layer(scope: Scope) -> str:
    return scope.arn("lambda", f"layer:{scope.settings.layer}")


def _apis(scope: Scope) -> list[str]:
    place = scope.arn("apigateway", "/restapis", account=False)
    return [place, f"{place}/*"]


def _expires(scope: Scope) -> bool:
    return bool(scope.settings.lifecycle_days)


def _made_role(scope: Scope) -> list[str]:
    name = f"{scope.app}-{scope.settings.stage}"
    return [scope.arn("iam", f"role/{each}") for each in (name, f"{name}-*")]


TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
EVERY = (PUBLISH, DEPLOY, ROLLBACK, STATUS, GC)
NEEDS = (
    Need(sid="Bucket", of=(*EVERY, CALL), actions=("s3:ListBucket",), on=Scope.bucket),
    # Who may write a bucket's policy or its rules may write and delete all that lies in it.
    Need(
        sid="MakeBucket", of=(MAKE_BUCKET,), on=Scope.bucket,
        actions=("s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
                 "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
    ),
    Need(
        sid="LookAtBucket", of=(PUBLISH, DEPLOY), on=Scope.bucket,
        actions=("s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock"),
    ),
    Need(
        sid="Lifecycle", of=(PUBLISH, DEPLOY), on=Scope.bucket, when=_expires,
        actions=("s3:GetLifecycleConfiguration",),
    ),
    Need(
        sid="Tag", of=(PUBLISH, DEPLOY), on=_folder, when=_expires,
        actions=("s3:PutObjectTagging",),
    ),
    Need(
        sid="Untag", of=(PUBLISH, DEPLOY, ROLLBACK), on=_folder, when=_expires,
        actions=("s3:DeleteObjectTagging",),
    ),
    Need(
        sid="Zips", of=(PUBLISH, DEPLOY, ROLLBACK), on=_folder,
        actions=("s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
    ),
    Need(
        sid="Stage", of=(PUBLISH, DEPLOY, ROLLBACK, GC), on=_stage,
        actions=("s3:GetObject", "s3:PutObject"),
    ),
    Need(sid="State", of=(CALL,), actions=("s3:GetObject",), on=_stage),
    Need(
        sid="Invoke", of=(CALL,), actions=("lambda:InvokeFunction",),
        on=lambda scope: scope.function,
    ),
    Need(
        sid="ReadLogs", of=(CALL,), actions=("logs:FilterLogEvents",), on=lambda scope: scope.logs
    ),
    Need(
        sid="Read", of=(STATUS, GC), actions=("s3:GetObject",),
        on=lambda scope: [_folder(scope), scope.bucket(f"{s3_keys.STAGES}*")],
    ),
    Need(sid="Versions", of=EVERY, actions=("lambda:ListLayerVersions",), on=lambda scope: "*"),
    Need(
        sid="Functions", of=(STATUS, GC), actions=("lambda:ListFunctions",), on=lambda scope: "*"
    ),
    Need(
        sid="Version", of=(PUBLISH, DEPLOY, ROLLBACK, STATUS), actions=("lambda:GetLayerVersion",),
        on=lambda scope: [f"{_layer(scope)}:*", *scope.others],
    ),
    Need(
        sid="Publish", of=(PUBLISH, DEPLOY, ROLLBACK), actions=("lambda:PublishLayerVersion",),
        on=_layer,
    ),
    Need(
        sid="Look", of=(STATUS,), actions=("lambda:GetFunctionConfiguration",),
        on=lambda scope: scope.function,
    ),
    Need(
        sid="Function", of=(DEPLOY, ROLLBACK), on=lambda scope: scope.function,
        actions=("lambda:AddPermission", "lambda:DeleteFunctionConcurrency", "lambda:GetFunction",
                 "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:InvokeFunction",
                 "lambda:ListTags", "lambda:PutFunctionConcurrency", "lambda:TagResource",
                 "lambda:UntagResource", "lambda:UpdateFunctionCode",
                 "lambda:UpdateFunctionConfiguration"),
    ),
    Need(
        sid="MakeFunction", of=(DEPLOY,), actions=("lambda:CreateFunction",),
        on=lambda scope: scope.function,
    ),
    Need(
        sid="Role", of=(DEPLOY, ROLLBACK), on=_made_role, when=lambda scope: not scope.roles,
        actions=("iam:GetRole", "iam:PutRolePolicy"),
    ),
    Need(
        sid="MakeRole", of=(DEPLOY,), on=_made_role, when=lambda scope: not scope.roles,
        actions=("iam:CreateRole",),
    ),
    Need(
        sid="PassRole", of=(DEPLOY, ROLLBACK), actions=("iam:PassRole",),
        on=lambda scope: list(scope.roles) or _made_role(scope), condition=TO_LAMBDA,
    ),
    Need(
        sid="Logs", of=(DEPLOY, ROLLBACK), when=lambda scope: scope.keeps_logs,
        on=lambda scope: scope.logs,
        actions=("logs:CreateLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"),
    ),
    Need(
        sid="FindLogs", of=(DEPLOY, ROLLBACK), when=lambda scope: scope.keeps_logs,
        on=lambda scope: scope.arn("logs", "log-group:*"), actions=("logs:DescribeLogGroups",),
    ),
    Need(
        sid="Key", of=(PUBLISH, DEPLOY, ROLLBACK, GC), when=lambda scope: bool(scope.keys),
        on=lambda scope: list(scope.keys), actions=("kms:Decrypt", "kms:GenerateDataKey"),
    ),
    Need(
        sid="ReadKey", of=(STATUS, CALL), when=lambda scope: bool(scope.keys),
        on=lambda scope: list(scope.keys), actions=("kms:Decrypt",),
    ),
    Need(
        sid="Api", of=(DEPLOY, ROLLBACK), on=_apis,
        actions=("apigateway:GET", "apigateway:PATCH", "apigateway:POST",
                 "apigateway:PUT"),
    ),
    Need(
        sid="FindApi", of=(STATUS,), on=_apis, actions=("apigateway:GET",),
    ),
    Need(
        sid="Deployed", of=(CALL,), on=lambda scope: scope.function,
        when=lambda scope: bool(scope.settings.secret),
        actions=("lambda:GetFunctionConfiguration",),
    ),
    Need(
        sid="Secret", of=(DEPLOY, ROLLBACK, CALL), on=lambda scope: scope.secret,
        when=lambda scope: bool(scope.settings.secret),
        actions=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
    ),
    Need(
        sid="SecretVersion", of=(STATUS,), on=lambda scope: scope.secret,
        when=lambda scope: bool(scope.settings.secret), actions=("secretsmanager:DescribeSecret",),
    ),
    Need(
        sid="EveryObject", of=(GC,), on=Scope.bucket,
        actions=("s3:GetLifecycleConfiguration", "s3:ListBucketVersions"),
    ),
    Need(
        sid="Delete", of=(GC,), on=_folder, actions=("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ),
    Need(
        sid="DeleteVersion", of=(GC,), actions=("lambda:DeleteLayerVersion",),
        on=lambda scope: f"{_layer(scope)}:*",
    ),
)  # fmt: skip
