"""Facts that many modules rest on stand in one place: changed there, all the rest follows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws import bucket, errors, s3
from tasks.aws.client import Aws
from tasks.aws.credentials import Identity
from tasks.aws.iam import image_actions, needed_actions, policies, simulate
from tasks.aws.iam.needed_actions import Need
from tasks.commands import gc, history, iam_policy
from tasks.context.arguments import Arguments
from tasks.context.connection import connect
from tasks.release import listing
from tasks.release.images import releases
from tasks.release.stage import lock, rollback_pin, store
from tasks.settings import s3_keys
from tasks.settings.model import Settings
from tasks.steps import lookup, publish, restore, upload
from tests import enforced_iam
from tests.enforced_iam import Enforcement
from tests.finished_layer import build
from tests.functional.test_aws_restore import forget
from tests.moto_server import ACCOUNT, Server

FOLDERS = {"LAYERS": "zips/of/", "STAGES": "apps/", "IMAGES": "pictures/"}
As = Callable[[str], Aws]


def expiring(aws: Aws) -> Settings:
    return replace(aws.settings, lifecycle_days=90, account=ACCOUNT)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another layout of the bucket."""
    for name, folder in FOLDERS.items():
        monkeypatch.setattr(s3_keys, name, folder)


@pytest.fixture
def acting(aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[As]:
    """The stage's AWS, for somebody with one policy of `iam-policy` and no other right."""
    enforced_iam.adjust(monkeypatch)
    iam = aws.client("iam")

    def acting(purpose: str) -> Aws:
        server.refused = lambda request: None
        scope = iam_policy.scope(expiring(aws))
        text = json.dumps(policies.policy(purpose, scope))
        iam.create_user(UserName=purpose)
        iam.put_user_policy(UserName=purpose, PolicyName=purpose, PolicyDocument=text)
        key = iam.create_access_key(UserName=purpose)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        connect.cache_clear()
        server.refused = Enforcement()
        return connect(expiring(aws))

    yield acting
    server.refused = lambda request: None


def publish_layer(aws: Aws, number: int) -> None:
    Path("requirements-all.txt").write_text(f"six==1.{number}.0\n", encoding="utf-8")
    build(aws.settings, f"x = {number}\n", f"2025010{number}-030405")
    upload.run(aws)
    publish.run(aws)


def test_the_keys_of_s3_stand_in_one_module(aws: Aws, moved: None, acting: As) -> None:
    """A whole life in another layout, by identities that may do what the policies say: two deploys,
    a pin, the lock, history, a deleted version that comes back, gc. The bucket is there."""
    s3.ensure_bucket(connect(expiring(aws)))
    deployer = acting(needed_actions.DEPLOY)
    for number in (1, 2):
        publish_layer(deployer, number)
    pinned = rollback_pin.RollbackPin(
        arns=["arn:1"], by="anna", at="2026-11-29", reason="numpy crashes", inputs=[]
    )
    store.put_pin(deployer, pinned)
    held = lock.acquire(deployer)
    held.release()
    listing.delete(aws, 2)
    forget()
    assert lookup.run(deployer, "host").stored == "20250102-030405"
    restore.run(deployer)
    listed = history.gather_history(acting(needed_actions.STATUS), Arguments()).entries
    assert [each.number for each in listed] == [3, 2, 1]
    gc.collect_garbage(acting(needed_actions.GC), 1, act=True)
    assert [each.number for each in listing.versions(aws)] == [3]
    [rule] = [each for each in bucket.rules(aws) if each["ID"] == bucket.RULE]
    assert rule["Filter"]["And"]["Prefix"] == FOLDERS["LAYERS"]
    assert store.key(aws.settings, s3_keys.LOCK) in s3.objects(aws, "")
    assert releases.key(aws, 1).startswith(FOLDERS["IMAGES"])
    assert {each.split("/")[0] for each in s3.objects(aws, "")} == {"zips", "apps"}


def test_what_a_command_needs_in_iam_stands_in_one_table(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One action more: the policy has it, doctor asks for it, and an error says where it is."""
    more = Need(
        sid="More", of=(needed_actions.DEPLOY,), actions=("sqs:PurgeQueue",), on=lambda scope: "*"
    )
    needs = (*needed_actions.NEEDS, more)
    for module in (needed_actions, image_actions):
        monkeypatch.setattr(module, "NEEDS", needs)
    scope = iam_policy.scope(expiring(aws))
    allowed = policies.policy(needed_actions.DEPLOY, scope)["Statement"]
    assert ("More", "sqs:PurgeQueue") in [(each["Sid"], each["Action"]) for each in allowed]
    assert "sqs:PurgeQueue" in simulate.needed(scope, bucket=True)["*"]
    response = {"Error": {"Code": "AccessDenied", "Message": ""}}
    refused = errors.refusal("emptying a queue", response, "PurgeQueue")
    assert refused.fix == (
        "allow sqs:PurgeQueue to this identity: ./doitw iam-policy for=deploy prints the statement"
    )


def test_the_partition_of_arns_is_read_in_one_place(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this identity's own ARN. The layer's ARN and the bucket's policy follow."""
    monkeypatch.setattr(Identity, "partition", "aws-eusc")
    assert listing.arn(aws, 7).startswith("arn:aws-eusc:lambda:")
    s3.ensure_bucket(aws)
    policy = aws.client("s3").get_bucket_policy(Bucket=aws.settings.bucket)["Policy"]
    assert f"arn:aws-eusc:s3:::{aws.settings.bucket}" in policy
