"""tasks/aws/s3.py against an S3 over HTTP: how the bucket is made, how objects are sent."""

import hashlib
import json
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import bucket, s3, s3_versions
from tasks.aws.client import Aws
from tasks.aws.iam import policies
from tasks.context.connection import connect
from tasks.release.version import code_sha256
from tasks.settings import paths
from tasks.util.errors import AwsError
from tests.moto_server import ACCOUNT, REGION, Refusal, Request, Server

FOREIGN = "111122223333"


def client(aws: Aws) -> Any:
    return aws.client("s3")


def file(content: bytes = b"a zip") -> tuple[Path, str]:
    path = Path("layer.zip")
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


# ---- the bucket ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "constraint"),
    [(REGION, REGION), ("eu-west-1", "eu-west-1"), ("us-east-1", None)],
)
def test_the_bucket_is_made_in_the_settings_region(
    aws: Aws, region: str, constraint: str | None
) -> None:
    """us-east-1 is the one region that must not be named."""
    there = connect(replace(aws.settings, region=region))
    assert s3.ensure_bucket(there)
    location = client(there).get_bucket_location(Bucket="deps-bucket")
    assert location["LocationConstraint"] == constraint


def test_a_new_bucket_is_private_and_encrypted(aws: Aws) -> None:
    """All four blocks; of a lifecycle only what clears up after killed uploads, and in the
    team's store."""
    assert s3.ensure_bucket(aws)
    block = client(aws).get_public_access_block(Bucket="deps-bucket")
    assert list(block["PublicAccessBlockConfiguration"].values()) == [True] * 4
    encryption = client(aws).get_bucket_encryption(Bucket="deps-bucket")
    rules = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    rule, store = bucket.rules(aws)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Expiration" not in rule
    assert (store["Filter"], store["Expiration"]) == ({"Prefix": "store/v1/"}, {"Days": 30})


def test_a_bucket_that_is_there_is_only_looked_at(aws: Aws, server: Server) -> None:
    """Its own settings stay as somebody made them."""
    client(aws).create_bucket(
        Bucket="deps-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    server.seen.clear()
    assert not s3.ensure_bucket(aws)
    assert [seen.method for seen in server.seen if seen.path != "/"] == ["HEAD"]


def test_a_bucket_of_ours_takes_tls_only(aws: Aws) -> None:
    """And nobody replaces an entry of the team's store. Nothing else is in its policy; nothing is
    said of a bucket that has all of it."""
    assert s3.ensure_bucket(aws)
    policy = json.loads(client(aws).get_bucket_policy(Bucket="deps-bucket")["Policy"])
    statement, once = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == ["arn:aws:s3:::deps-bucket", "arn:aws:s3:::deps-bucket/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (once["Effect"], once["Action"]) == ("Deny", "s3:PutObject")
    assert once["Resource"] == "arn:aws:s3:::deps-bucket/store/v1/*"
    # AWS's own example: parts of an upload take no condition
    assert once["Condition"] == {
        "Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"},
    }  # fmt: skip


def test_what_a_bucket_of_others_lacks_is_said(
    aws: Aws, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each with what to do. A company may not let us look; that is said, and stops nothing."""
    place = {"LocationConstraint": REGION}
    client(aws).create_bucket(Bucket="deps-bucket", CreateBucketConfiguration=place)
    bucket.warn_of_weak_bucket(aws, s3.bucket_of(aws))
    said = capfd.readouterr().out
    assert "bucket deps-bucket does not block public access: switch" in said
    assert "bucket deps-bucket can be reached without TLS: deny" in said
    bucket.protect(aws, s3.bucket_of(aws))
    bucket.warn_of_weak_bucket(aws, s3.bucket_of(aws))
    assert capfd.readouterr().out == ""
    server.refused = lambda request: Refusal(status=403, code="AccessDenied")
    bucket.warn_of_weak_bucket(aws, s3.bucket_of(aws))
    said = capfd.readouterr().out
    assert "cannot be seen: allow s3:GetBucketPolicy" in said
    assert "cannot be seen: allow s3:GetBucketPublicAccessBlock" in said


def test_a_bucket_of_others_that_lets_entries_be_replaced(
    aws: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where the team's store is written to, that is said, with where the policy is."""
    assert s3.ensure_bucket(aws)
    tls = policies.document([policies.tls_only("deps-bucket", "aws")])
    client(aws).put_bucket_policy(Bucket="deps-bucket", Policy=json.dumps(tls))
    capfd.readouterr()
    for setting, told in (("", False), ("read", False), ("read-write", True)):
        there = connect(replace(aws.settings, team_store=setting))
        bucket.warn_of_weak_bucket(there, s3.bucket_of(there))
        assert ("iam-policy for=bucket" in capfd.readouterr().out) is told


def half(request: Request) -> Refusal | None:
    """The bucket itself is made, nothing of what it should be."""
    return Refusal(status=400, code="InvalidRequest") if request.query else None


def test_a_half_made_bucket_is_completed(aws: Aws, server: Server) -> None:
    """Stopped after it was made; the next run goes on there."""
    server.refused = half
    with pytest.raises(AwsError, match="making bucket deps-bucket"):
        s3.ensure_bucket(aws)
    server.refused = lambda request: None
    assert not s3.ensure_bucket(aws)
    assert client(aws).get_public_access_block(Bucket="deps-bucket")
    assert client(aws).get_bucket_encryption(Bucket="deps-bucket")
    assert not list((paths.BUILD / "bucket").iterdir())


def test_a_bucket_whose_answer_was_lost_is_ours(aws: Aws, server: Server) -> None:
    """The SDK asks again, and AWS says that it is there already."""
    lost = iter([True])
    server.dropped = lambda *request: request == ("PUT", "/deps-bucket") and next(lost, False)
    assert s3.ensure_bucket(aws)
    assert client(aws).get_public_access_block(Bucket="deps-bucket")


def test_a_bucket_of_another_account_is_refused(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are the whole world's; nothing is sent there, and another name is advised."""
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    request = urllib.request.Request(f"{server.url}/deps-bucket", method="PUT")  # noqa: S310 - our own server
    request.add_header("x-moto-account-id", FOREIGN)
    urllib.request.urlopen(request).close()  # noqa: S310 - our own server
    server.seen.clear()
    with pytest.raises(AwsError, match="another account's") as caught:
        s3.ensure_bucket(aws)
    assert "bucket=NAME" in caught.value.fix
    assert {seen.method for seen in server.seen if seen.path != "/"} == {"HEAD"}


def test_a_bucket_of_another_region_is_refused(aws: Aws) -> None:
    """Lambda reads layers from its own region only, and says so after the upload."""
    there = connect(replace(aws.settings, region="eu-west-1"))
    s3.ensure_bucket(there)
    with pytest.raises(AwsError, match="is in eu-west-1, the layer in ap-northeast-2"):
        s3.ensure_bucket(aws)


# ---- objects ------------------------------------------------------------------------------------


def test_every_call_names_the_owner(aws: Aws, server: Server) -> None:
    """A bucket that was deleted and taken by somebody else gets nothing of ours."""
    there = connect(replace(aws.settings, lifecycle_days=90))
    s3.ensure_bucket(there)
    bucket.ensure(there)
    path, sha256 = file()
    s3.put_file(there, "layers/a.zip", path, sha256)
    s3.put_bytes(there, "layers/b.json", b"{}")
    s3.holds(there, "layers/a.zip", sha256)
    s3.get_bytes(there, "layers/b.json")
    bucket.untag_object(there, "layers/a.zip")
    s3_versions.delete(there, s3_versions.under(there, "layers/"))
    calls = [seen for seen in server.seen if seen.path.startswith("/deps-bucket")]
    owners = [seen.headers.get("x-amz-expected-bucket-owner") for seen in calls]
    made = [seen for seen in calls if (seen.method, seen.path, seen.query) ==
            ("PUT", "/deps-bucket", "")]  # fmt: skip
    assert len(calls) >= 10
    assert len(made) == 1  # CreateBucket has no such header
    assert owners.count(ACCOUNT) == len(calls) - 1


def test_an_upload_carries_its_sha256(aws: Aws, server: Server) -> None:
    """S3 refuses bytes that differ from it; what a key holds is known at the next look."""
    s3.ensure_bucket(aws)
    path, sha256 = file()
    s3.put_file(aws, "layers/a.zip", path, sha256)
    (sent,) = puts(server, "layers/a.zip")
    assert sent.headers["x-amz-checksum-sha256"] == code_sha256(sha256)
    assert s3.holds(aws, "layers/a.zip", sha256) == ""
    assert s3.holds(aws, "layers/a.zip", "00" * 32) is None
    assert s3.holds(aws, "layers/b.zip", sha256) is None


def puts(server: Server, key: str) -> list[Request]:
    return [
        seen for seen in server.seen if (seen.method, seen.path) == ("PUT", f"/deps-bucket/{key}")
    ]


def large() -> tuple[Path, str, list[bytes]]:
    """A file of more than one part, and its parts."""
    content = b"".join(bytes([number]) * s3.PART for number in range(2)) + b"the rest"
    parts = [content[start : start + s3.PART] for start in range(0, len(content), s3.PART)]
    return *file(content), parts


def test_a_large_file_goes_in_parts(aws: Aws, server: Server) -> None:
    """Each with its own SHA-256, to the bucket of the expected owner."""
    s3.ensure_bucket(aws)
    path, sha256, parts = large()
    s3.put_file(aws, "layers/a.zip", path, sha256, tag="a=b")
    sent = puts(server, "layers/a.zip")
    sums = {code_sha256(hashlib.sha256(part).hexdigest()) for part in parts}
    assert {each.headers["x-amz-checksum-sha256"] for each in sent} == sums
    assert {each.headers["x-amz-expected-bucket-owner"] for each in sent} == {ACCOUNT}
    assert s3.get_bytes(aws, "layers/a.zip") == path.read_bytes()
    assert s3.holds(aws, "layers/a.zip", sha256) == ""
    tags = client(aws).get_object_tagging(Bucket="deps-bucket", Key="layers/a.zip")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_a_part_whose_answer_is_lost_is_sent_again(aws: Aws, server: Server) -> None:
    """And no other one."""
    s3.ensure_bucket(aws)
    lost = iter([True])
    server.dropped = lambda *request: request[0] == "PUT" and next(lost, False)
    path, sha256, parts = large()
    s3.put_file(aws, "layers/a.zip", path, sha256)
    assert len(puts(server, "layers/a.zip")) == len(parts) + 1
    assert s3.get_bytes(aws, "layers/a.zip") == path.read_bytes()


def test_an_upload_that_fails_leaves_no_parts(aws: Aws, server: Server) -> None:
    """They would be paid for, and no list of objects shows them."""
    s3.ensure_bucket(aws)
    said = "The SHA256 you specified did not match the calculated checksum."
    wrong = Refusal(status=400, code="BadDigest", message=said)
    server.refused = lambda request: wrong if "partNumber=2" in request.query else None
    path, sha256, _ = large()
    with pytest.raises(AwsError, match="did not match the calculated checksum"):
        s3.put_file(aws, "layers/a.zip", path, sha256)
    assert client(aws).list_multipart_uploads(Bucket="deps-bucket").get("Uploads", []) == []
    assert s3.get_bytes(aws, "layers/a.zip") is None


def test_damage_on_the_way_is_an_error(aws: Aws, server: Server) -> None:
    """What S3 answers when the sum does not fit what arrived."""
    s3.ensure_bucket(aws)
    said = "The SHA256 you specified did not match the calculated checksum."
    server.refused = lambda request: Refusal(status=400, code="BadDigest", message=said)
    path, sha256 = file()
    with pytest.raises(AwsError, match="did not match the calculated checksum"):
        s3.put_file(aws, "layers/a.zip", path, sha256)


def test_a_bucket_with_versions_pins_the_version(aws: Aws) -> None:
    """publish then reads exactly what was sent, whoever writes the key afterwards."""
    s3.ensure_bucket(aws)
    client(aws).put_bucket_versioning(
        Bucket="deps-bucket", VersioningConfiguration={"Status": "Enabled"}
    )
    path, sha256 = file()
    version = s3.put_file(aws, "layers/a.zip", path, sha256)
    assert version
    assert s3.holds(aws, "layers/a.zip", sha256) == version


def test_bytes_come_back_or_nothing(aws: Aws) -> None:
    """None for a key that is not there, and for a bucket that is not."""
    assert s3.get_bytes(aws, "a") is None
    s3.ensure_bucket(aws)
    assert s3.get_bytes(aws, "a") is None
    s3.put_bytes(aws, "a", b"text")
    assert s3.get_bytes(aws, "a") == b"text"


def test_a_lost_answer_is_sent_again(aws: Aws, server: Server) -> None:
    """The file is read from its beginning again."""
    s3.ensure_bucket(aws)
    lost = iter([True])
    server.dropped = lambda *request: request[0] == "PUT" and next(lost, False)
    path, sha256 = file(b"0123456789" * 100_000)
    s3.put_file(aws, "layers/a.zip", path, sha256)
    assert s3.get_bytes(aws, "layers/a.zip") == path.read_bytes()
