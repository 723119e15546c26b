"""What an undo brings back of a function, setting by setting, at moto over HTTP."""

from typing import Any

import pytest

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.chalice_project import deploy
from tasks.release.undo import attempt, restore, snapshot
from tasks.settings.step_records import AskedRecord
from tasks.util import files
from tests import lambda_function

NAME = "shuking-prod"


@pytest.fixture
def ready(aws: Aws) -> Aws:
    s3.ensure_bucket(aws)
    made = lambda_function.make(aws, NAME)
    files.write_record(deploy.deployed_file("prod"), deploy.state_of({"api_handler": made}, []))
    return aws


def network(aws: Aws, cidr: str) -> dict[str, list[str]]:
    """A VPC of one subnet, as UpdateFunctionConfiguration takes it."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    return {"SubnetIds": [subnet], "SecurityGroupIds": [group]}


def now(aws: Aws, name: str) -> Any:
    return aws.client("lambda").get_function_configuration(FunctionName=NAME).get(name)


def vpc(aws: Aws) -> dict[str, list[str]]:
    found = now(aws, "VpcConfig") or {}
    return {name: found.get(name) or [] for name in ("SubnetIds", "SecurityGroupIds")}


def undone(aws: Aws, **changed: Any) -> list[str]:
    """What stays changed, once a deploy that changed these settings is undone."""
    begun = snapshot.begin(aws, AskedRecord(answered=True, said=""))
    assert begun.before
    before = attempt.Ran(**{**vars(begun.before), "package": "package-a.zip"})
    aws.client("lambda").update_function_configuration(FunctionName=NAME, **changed)
    return restore.perform(aws, attempt.Attempt(**{**vars(begun), "before": before}), "a test")


NONE: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}


@pytest.mark.parametrize("had", [True, False])
@pytest.mark.parametrize("gets", [True, False])
def test_the_network_comes_back(ready: Aws, had: bool, gets: bool) -> None:
    """Another one, one where none was, none where one was."""
    before = network(ready, "10.0.0.0/24") if had else NONE
    ready.client("lambda").update_function_configuration(FunctionName=NAME, VpcConfig=before)
    changed = network(ready, "10.1.0.0/24") if gets else NONE
    assert undone(ready, VpcConfig=changed) == []
    assert vpc(ready) == before


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("Handler", "other.app"),
        ("Runtime", "python3.13"),
        ("Timeout", 7),
        ("MemorySize", 1024),
        ("Environment", {"Variables": {"A": "changed", "B": "new"}}),
    ],
)
def test_each_setting_comes_back(ready: Aws, setting: str, value: object) -> None:
    first = {"Environment": {"Variables": {"A": "1", "C": "gone"}}}
    ready.client("lambda").update_function_configuration(FunctionName=NAME, **first)
    before = now(ready, setting)
    assert undone(ready, **{setting: value}) == []
    assert now(ready, setting) == before


@pytest.mark.parametrize("had", [None, 7])
@pytest.mark.parametrize("gets", [None, 3])
def test_the_reserved_concurrency_comes_back(ready: Aws, had: int | None, gets: int | None) -> None:
    """Too few throttle a function. moto's GetFunction passes over 0, which stops one."""
    lambda_functions.reserve(ready, NAME, had)
    begun = snapshot.begin(ready, AskedRecord(answered=True, said=""))
    assert begun.before
    lambda_functions.reserve(ready, NAME, gets)
    before = attempt.Ran(**{**vars(begun.before), "package": "package-a.zip"})
    restore.perform(ready, attempt.Attempt(**{**vars(begun), "before": before}), "a test")
    assert lambda_functions.reserved(ready, NAME) == had
