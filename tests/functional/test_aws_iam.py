"""Every API call of the pipeline and of Chalice, held against aws/iam/action_names.py and
aws/iam/needed_actions.py."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws import apigateway, s3, s3_versions, secrets_manager
from tasks.aws.client import Aws
from tasks.aws.iam import action_names as iam_actions
from tasks.aws.iam import needed_actions, simulate
from tasks.commands import iam_policy
from tasks.context.connection import connect
from tasks.release import listing
from tasks.settings.model import Settings
from tasks.util.errors import AwsError
from tests import deployed_project
from tests.api_operations import operation
from tests.finished_layer import zipped
from tests.moto_server import ACCOUNT, Refusal, Server, serving

KEYS_AND_LOGS = ("kms:", "logs")
DOCUMENT = Path(__file__).parents[2] / "docs" / "iam.md"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
Operations = set[tuple[str, str]]
OURS = {
    "AbortMultipartUpload", "AssumeRole", "CompleteMultipartUpload", "CreateBucket",
    "CreateMultipartUpload", "DeleteLayerVersion", "DeleteObjectTagging", "DeleteObjects",
    "DescribeSecret", "GetBucketLifecycleConfiguration", "GetBucketPolicy", "GetFunction",
    "GetFunctionConfiguration", "GetLayerVersion", "GetObject", "GetPublicAccessBlock",
    "GetResources", "GetRestApis", "GetSecretValue", "GetStage", "HeadBucket", "HeadObject",
    "Invoke", "ListFunctions", "ListLayerVersions", "ListObjectVersions", "ListObjectsV2",
    "PublishLayerVersion", "PutBucketEncryption", "PutBucketLifecycleConfiguration",
    "PutBucketPolicy", "PutObject", "PutPublicAccessBlock", "UploadPart",
}  # fmt: skip
FREE = {"GetCallerIdentity"}  # allowed to everyone
UNDOING = {  # what a failed smoke test brings back
    "DeleteFunctionConcurrency", "PutFunctionConcurrency", "UpdateFunctionCode",
    "UpdateFunctionConfiguration", "UpdateStage",
}  # fmt: skip
# What Lambda does as us when it publishes from a bucket that keeps versions. What a PutObject with
# tags needs beside its own.
ON_OUR_BEHALF = {"s3:GetObjectVersion", "s3:PutObjectTagging"}
CHALICE = {  # what `chalice deploy` calls for an app with routes
    "iam:CreateRole", "iam:GetRole", "iam:PassRole", "iam:PutRolePolicy",
    "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunctionConcurrency",
    "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
    "lambda:ListTags", "lambda:PutFunctionConcurrency",
    "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration", "lambda:GetLayerVersion",
    "apigateway:GET", "apigateway:PATCH", "apigateway:POST",
    "apigateway:PUT",
}  # fmt: skip


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two deploys of two versions, a rollback, a look, gc's plan: all that was asked of AWS."""
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        copy = deployed_project.copy(tmp_path_factory.mktemp("life") / "copy", server, patch)
        for command in ("deploy", "deploy", "rollback", "patch-config", "status", "history", "gc"):
            done = copy.doit(command, "stage=local", "builder=host")
            assert done.code == 0, done.output
            copy.write("requirements-all.txt", "six==1.17.0\n")
        yield server


def called(server: Server, agent: str) -> Operations:
    """What one of the two programs called."""
    mine = [seen for seen in server.seen if agent in seen.headers.get("user-agent", "")]
    return {operation(seen) for seen in mine}


def allowed(*purposes: str) -> set[str]:
    """What the policies of these commands have."""
    return {
        action
        for need in needed_actions.NEEDS
        if {*need.of} & {*purposes}
        for action in need.actions
    }


def in_parts(aws: Aws, server: Server, path: Path) -> None:
    """An upload that is large, and one that fails on the way."""
    path.write_bytes(bytes(s3.PART + 1))
    s3.put_file(aws, "layers/a.zip", path, "00")
    server.refused = lambda request: (
        Refusal(status=403, code="AccessDenied") if "partNumber=2" in request.query else None
    )
    with pytest.raises(AwsError, match="no permission") as caught:
        s3.put_file(aws, "layers/a.zip", path, "00")
    assert "s3:PutObject" in caught.value.fix
    server.refused = lambda request: None


def test_exactly_the_known_operations_are_called(
    life: Server, server: Server, aws: Aws, tmp_path: Path
) -> None:
    """None that the policies do not know, none that nothing calls. A good deploy never
    withdraws
    a version nor looks for a lost API, and here nothing is old enough to be deleted."""
    aws.client("lambda").publish_layer_version(LayerName="deps", Content={"ZipFile": zipped("x")})
    aws.client("apigateway").create_rest_api(name="shuking")
    server.seen.clear()
    assert connect(replace(aws.settings, role=ROLE)).account == ACCOUNT
    assert listing.withdraw(aws, 1)
    assert s3.ensure_bucket(aws)
    s3.put_bytes(aws, "layers/a", b"")
    in_parts(aws, server, tmp_path / "a.zip")
    s3_versions.delete(aws, s3_versions.under(aws, "layers/"))
    assert s3.objects(aws, "layers/") == {}
    aws.client("secretsmanager").create_secret(Name="a", SecretString="{}")
    server.seen = [each for each in server.seen if "x-amz-target" not in each.headers]
    holding = connect(replace(aws.settings, secret="a"))  # noqa: S106 - its name
    assert (
        secrets_manager.read_secret(holding, {}) is None,
        secrets_manager.version(holding) == "",
    ) == (False, False)
    assert apigateway.of_function(aws, "shuking", "shuking-prod") == []
    seen = called(life, "doit-lambda-layer") | called(server, "doit-lambda-layer")
    assert {name for _, name in seen} == OURS | FREE


def test_the_policies_allow_what_is_called_and_no_more(life: Server) -> None:
    """Our own calls, those of Lambda as us, Chalice's. API Gateway's actions are HTTP methods; what
    only some apps make Chalice call is proven in test_aws_iam_policy."""
    ours = {iam_actions.action(each) for each in OURS | {"FilterLogEvents"}} - {"sts:AssumeRole"}
    ours |= {*ON_OUR_BEHALF, "s3:DeleteObject"}
    seen = called(life, "aws-chalice")
    needed = {f"{service}:{name}" for service, name in seen if service != "apigateway"}
    rest = [each for each in life.seen if "/apigateway/" in each.headers.get("authorization", "")]
    needed |= {f"apigateway:{each.method}" for each in rest} | {"iam:PassRole"}
    assert {"iam:CreateRole", "lambda:CreateFunction", "apigateway:POST"} <= needed
    assert needed <= allowed(needed_actions.DEPLOY)
    only_some = {
        f"lambda:{name}" for name in ("PutFunctionConcurrency", "TagResource", "UntagResource")
    }
    only_some |= {
        action for action in allowed(*needed_actions.PURPOSES) if action[:4] in KEYS_AND_LOGS
    }
    assert allowed(*needed_actions.PURPOSES) == ours | needed | only_some
    assert {iam_actions.action(each) for each in UNDOING} <= allowed(needed_actions.DEPLOY)


def test_doctor_asks_for_what_the_policy_allows(settings: Settings) -> None:
    """Nothing that whoever deploys need not be allowed. The bucket is made with a policy more."""
    scope = iam_policy.scope(replace(settings, lifecycle_days=90, account=ACCOUNT))
    wanted = simulate.needed(scope, bucket=False)
    asked = simulate.actions_of(wanted)
    assert asked >= CHALICE
    assert asked <= allowed(needed_actions.DEPLOY, needed_actions.MAKE_BUCKET)
    assert asked >= allowed(needed_actions.MAKE_BUCKET)
    assert simulate.actions_of(simulate.needed(scope, bucket=True)) <= allowed(
        needed_actions.DEPLOY
    )
    assert not [each for each in wanted if each != "*" and "*" in each]


@pytest.mark.parametrize("purpose", [*needed_actions.PURPOSES, "trust", "bucket"])
def test_a_policy_that_stands_for_something_says_so(settings: Settings, purpose: str) -> None:
    """ROLE_NAME and ACCOUNT_ID are pasted as they are, and nothing works with them. Of a policy
    without them nothing is said."""
    scope = iam_policy.scope(settings)
    unknown = replace(scope, account=iam_policy.UNKNOWN)
    _, policy = iam_policy.all_of(unknown, "me/shop", "main")[purpose]
    shown = json.dumps(policy)
    told = " ".join(iam_policy._notes(unknown, "me/shop", purpose, shown))
    for word in (iam_policy.UNKNOWN, iam_policy.NO_ROLE):
        assert (f"{word} stands for" in told) is (word in shown)


def test_the_bucket_is_ours_in_every_call(life: Server) -> None:
    """A bucket of that name in another account is an attack, since a layer is code. CreateBucket
    takes no owner; the emulator has a bucket of its own for its memory."""
    s3_calls = [seen for seen in life.seen if "/s3/" in seen.headers.get("authorization", "")]
    to_bucket = [seen for seen in s3_calls if seen.path.startswith("/shuking-lambda-layers")]
    made = [seen for seen in to_bucket if operation(seen)[1] == "CreateBucket"]
    assert (len(made), len(to_bucket) > 20) == (1, True)
    owners = {
        seen.headers.get("x-amz-expected-bucket-owner") for seen in to_bucket if seen not in made
    }
    assert owners == {ACCOUNT}


def test_the_document_explains_every_statement() -> None:
    """And the README leads there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [need.sid for need in needed_actions.NEEDS if f"`{need.sid}`" not in text] == []
    assert [name for name in needed_actions.PURPOSES if f"`{name}.json`" not in text] == []
    readme = DOCUMENT.parents[1] / "README.md"
    assert "(docs/iam.md)" in readme.read_text(encoding="utf-8")
