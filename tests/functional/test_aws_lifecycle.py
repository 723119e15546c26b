"""The bucket's lifecycle rule: it takes uploads that were never published, and no version's zip."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tasks.aws import bucket, s3
from tasks.aws.client import Aws
from tasks.context.connection import connect
from tasks.settings.s3_keys import zip_key
from tasks.steps import publish, upload
from tasks.util.errors import AwsError
from tests.finished_layer import build
from tests.moto_server import Refusal, Server

ZIP = zip_key("deps", "20250102-030405")


@pytest.fixture
def expiring(aws: Aws) -> Aws:
    """With the usual 90 days."""
    return connect(replace(aws.settings, lifecycle_days=90))


def tags(aws: Aws, key: str = ZIP) -> Any:
    return aws.client("s3").get_object_tagging(Bucket="deps-bucket", Key=key)["TagSet"]


def test_the_rule_stands_beside_foreign_ones(expiring: Aws) -> None:
    """Ours is added, changed in place, and never written twice."""
    s3.ensure_bucket(expiring)
    foreign = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
               "Expiration": {"Days": 7}}  # fmt: skip
    former = {"ID": "doit-lambda-layer", "Status": "Enabled", "Filter": {"Prefix": "layers/"},
              "Expiration": {"Days": 90}}  # fmt: skip
    expiring.client("s3").put_bucket_lifecycle_configuration(
        Bucket="deps-bucket", LifecycleConfiguration={"Rules": [foreign, former]}
    )
    for days in (30, 90):
        bucket.ensure(connect(replace(expiring.settings, lifecycle_days=days)))
    found = {rule["ID"]: (rule["Filter"], rule["Expiration"]) for rule in bucket.rules(expiring)}
    assert found == {
        "logs": ({"Prefix": "logs/"}, {"Days": 7}),
        "doit-lambda-layer": (
            {"And": {"Prefix": "layers/", "Tags": [bucket.TAG]}}, {"Days": 90},
        ),
    }  # fmt: skip


def test_nothing_else_of_a_foreign_lifecycle_changes(expiring: Aws) -> None:
    """S3 sets the smallest object that moves to another class anew if a request does not say it.
    And it refuses the form of before 2016 beside ours ("Filter element can only be used in
    Lifecycle V2")."""
    s3.ensure_bucket(expiring)
    old = {"ID": "old", "Status": "Enabled", "Prefix": "logs/", "Expiration": {"Days": 7}}
    whole = {
        "ID": "whole",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 9},
    }
    now = {name: old[name] for name in old if name != "Prefix"} | {"Filter": {"Prefix": "logs/"}}
    minimum = {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    named = s3.bucket_of(expiring)
    ours = bucket.unpublished(expiring.settings)
    with Stubber(expiring.client("s3")) as answers:
        answers.add_response(
            "get_bucket_lifecycle_configuration", {"Rules": [old, whole], **minimum}, named
        )
        answers.add_response(
            "put_bucket_lifecycle_configuration", {},
            {**named, **minimum, "LifecycleConfiguration": {"Rules": [now, whole, ours]}},
        )  # fmt: skip
        bucket.ensure(expiring)
        answers.assert_no_pending_responses()


def test_a_rule_that_is_right_is_not_written_again(expiring: Aws, server: Server) -> None:
    """The second deploy only looks."""
    s3.ensure_bucket(expiring)
    bucket.ensure(expiring)
    server.seen.clear()
    bucket.ensure(expiring)
    assert [seen.method for seen in server.seen if seen.path != "/"] == ["GET"]


def test_without_the_setting_nothing_is_asked(aws: Aws, server: Server) -> None:
    """Neither a rule nor a tag; no permission for either is needed."""
    s3.ensure_bucket(aws)
    server.seen.clear()
    build(aws.settings)
    upload.run(aws)
    publish.run(aws)
    assert not [seen for seen in server.seen if "lifecycle" in seen.query or "tag" in seen.query]
    assert tags(aws) == []


def test_an_upload_expires_until_it_is_published(expiring: Aws) -> None:
    """The rule asks for the tag, and a version's zip has none."""
    build(expiring.settings)
    upload.run(expiring)
    assert tags(expiring) == [bucket.TAG]
    publish.run(expiring)
    assert tags(expiring) == []
    beside = ZIP.replace("deps.zip", "manifest.json")
    assert tags(expiring, beside) == []


def test_a_publish_that_may_not_take_the_tag_off_makes_no_version(
    expiring: Aws, server: Server
) -> None:
    """First the zip is safe, then there is a version of it."""
    build(expiring.settings)
    upload.run(expiring)
    refusal = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: refusal if request.query == "tagging" else None
    with pytest.raises(AwsError, match="no permission") as caught:
        publish.run(expiring)
    assert "s3:DeleteObjectTagging" in caught.value.fix
    calls = [seen for seen in server.seen if "/layers/deps/versions" in seen.path]
    assert {seen.method for seen in calls} == {"GET"}


def test_an_upload_that_was_tagged_before_the_setting_went_is_safe(
    expiring: Aws, aws: Aws, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """The rule stands as long as nobody takes it away. Who may not take tags off hears of it."""
    build(aws.settings)
    upload.run(expiring)
    upload.run(aws)
    assert tags(aws) == [bucket.TAG]
    refusal = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: refusal if request.query == "tagging" else None
    bucket.untag_object(aws, ZIP)
    assert "allow s3:DeleteObjectTagging to this identity" in capfd.readouterr().out
    server.refused = lambda request: None
    publish.run(aws)
    assert tags(aws) == []


def test_a_version_whose_answer_was_lost_is_safe_all_the_same(
    expiring: Aws, server: Server
) -> None:
    """Stopped right after AWS published it."""
    build(expiring.settings)
    upload.run(expiring)
    server.dropped = lambda method, path: method == "POST" and "layers" in path
    publish.run(expiring)
    assert tags(expiring) == []
