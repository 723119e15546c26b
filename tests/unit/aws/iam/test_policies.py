"""tasks/aws/iam/policies.py and scope.py: what a stage's policies name.

Whether they are enough, and no more: tests/functional/test_aws_iam_policy.py.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tasks.aws.iam import needed_actions as iam_statements
from tasks.aws.iam import policies
from tasks.aws.iam.needed_actions import PURPOSES
from tasks.aws.iam.resources import Scope, partition_of
from tasks.settings.model import Settings

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/functions"
SETTINGS = Settings(layer="deps", bucket="b", stage="prod", secret="shop/prod", lifecycle_days=1)  # noqa: S106 - its name
SCOPE = Scope(settings=SETTINGS, account=ACCOUNT, app="shop", others=("arn:x:layer:other:7",))


def statements(purpose: str, scope: Scope = SCOPE) -> dict[str, Any]:
    return {each["Sid"]: each for each in policies.policy(purpose, scope)["Statement"]}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_stages_own_things_are_named() -> None:
    """This bucket, this layer, this app's functions, role and secret."""
    found = statements(iam_statements.DEPLOY)
    place = f"ap-northeast-2:{ACCOUNT}"
    assert found["Zips"]["Resource"] == "arn:aws:s3:::b/layers/deps/*"
    assert found["Stage"]["Resource"] == "arn:aws:s3:::b/chalice/shop/prod/*"
    assert found["Publish"]["Resource"] == f"arn:aws:lambda:{place}:layer:deps"
    assert found["Version"]["Resource"][1:] == ["arn:x:layer:other:7"]
    assert found["MakeFunction"]["Resource"][0] == f"arn:aws:lambda:{place}:function:shop-prod"
    assert found["MakeRole"]["Resource"][0] == f"arn:aws:iam::{ACCOUNT}:role/shop-prod"
    secret = f"arn:aws:secretsmanager:{place}:secret:shop/prod-??????"
    assert found["Secret"]["Resource"] == secret


@pytest.mark.parametrize("purpose", iam_statements.PURPOSES)
def test_nothing_is_allowed_everywhere_without_need(purpose: str) -> None:
    """The lists cannot be narrowed (AWS: they have no resource type); no action has a star."""
    found = statements(purpose)
    wide = {sid for sid, each in found.items() if "*" in listed(each["Resource"])}
    assert wide <= {"Versions", "Functions", "EventSources", "AlarmsLeft"}
    assert not any("*" in action for each in found.values() for action in listed(each["Action"]))


def test_who_only_looks_changes_nothing() -> None:
    """And reads no value of a secret."""
    actions = [
        action
        for each in statements(iam_statements.STATUS).values()
        for action in listed(each["Action"])
    ]
    verb = re.compile(r"(?:Get|List|Describe|GET$)")
    assert all(verb.match(action.partition(":")[2]) for action in actions)
    assert "secretsmanager:GetSecretValue" not in actions


@pytest.mark.parametrize("purpose", sorted({*PURPOSES} - {iam_statements.MAKE_BUCKET}))
@pytest.mark.parametrize("package", ["layer", "image"])
def test_nobody_changes_the_bucket_itself(purpose: str, package: str) -> None:
    """Its policy, its rules of age, its versions or copies: with one of these rights the holder
    would write, or delete, all that others have in it."""
    whole = replace(SCOPE, settings=replace(SETTINGS, package=package), keys=("arn:x:key/1",))
    for each in statements(purpose, whole).values():
        if "arn:aws:s3:::b" in listed(each["Resource"]):
            assert all(re.match("s3:(Get|List)", action) for action in listed(each["Action"]))


def test_what_a_stage_does_not_use_is_not_allowed() -> None:
    """No secret, no lifecycle; a role that is made by hand is passed on and not written."""
    plain = Scope(settings=Settings(), account=ACCOUNT, app="shop", roles=(ROLE,))
    assert (
        not {"Secret", "Lifecycle", "Tag", "Role", "MakeRole"}
        & statements(iam_statements.DEPLOY, plain).keys()
    )
    assert statements(iam_statements.DEPLOY, plain)["PassRole"]["Resource"] == [ROLE]


def test_a_stage_reads_whom_it_trusts_and_writes_as_itself() -> None:
    """In the team's store, as far as the setting goes; who only builds has no more than reading."""
    trusting = Settings(bucket="b", store_trust=("ci", "qa"))
    scope = Scope(settings=trusting, account=ACCOUNT, app="shop", writer="me")
    found = statements(iam_statements.PUBLISH, scope)
    read = ["arn:aws:s3:::b/store/v1/ci/*", "arn:aws:s3:::b/store/v1/qa/*"]
    assert found["StoreRead"]["Resource"] == read
    assert found["StoreWrite"]["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert found["StoreWrite"]["Resource"] == "arn:aws:s3:::b/store/v1/me/*"
    assert statements(iam_statements.STORE, scope).keys() == {"StoreRead"}
    writing = statements(iam_statements.STORE_WRITE, scope)
    assert writing.keys() == {"StoreRead", "StoreWrite", "StoreExpiry"}
    assert all(writing[sid] == found[sid] for sid in writing)
    for mode, left in (("read", {"StoreRead"}), ("off", set())):
        stage = replace(scope, settings=replace(trusting, team_store=mode))
        has = statements(iam_statements.DEPLOY, stage).keys()
        assert {sid for sid in has if sid.startswith("Store")} == left


def test_a_secrets_arn_is_taken_as_it_is() -> None:
    """Another account's may be named so."""
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:x-AbCdEf"
    assert Scope(settings=Settings(secret=arn), account=ACCOUNT, app="a").secret == arn


@pytest.mark.parametrize(
    ("region", "partition"),
    [("ap-northeast-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
     ("eusc-de-east-1", "aws-eusc"), ("us-isob-east-1", "aws-iso-b"), ("mars-1", "aws")],
)  # fmt: skip
def test_partitions(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def everything() -> Iterator[str]:
    for purpose in iam_statements.PURPOSES:
        yield json.dumps(policies.policy(purpose, SCOPE), separators=(",", ":"))


def test_every_policy_fits() -> None:
    """6,144 characters without spaces are what IAM takes for a managed policy."""
    assert all(len(text) < 6144 for text in everything())


def test_a_stages_role_is_the_one_that_may_be_assumed() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/company/deployer"
    scope = Scope(settings=Settings(role=role), account=ACCOUNT, app="shop")
    [statement] = policies.assume(scope)["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sts:AssumeRole", role)


@pytest.mark.parametrize("repository", ["me/shop", "me@12/shop@345"])
def test_githubs_role_is_one_repositorys_one_branchs_and_one_environments(repository: str) -> None:
    """Without a condition on `sub`, any repository of GitHub could take the role. A repository with
    IDs in its tokens is named so."""
    [statement] = policies.trust(SCOPE, repository, "main")["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": f"repo:{repository}:environment:prod",
            f"{issuer}:ref": "refs/heads/main",
        }
    }
