"""Who may lay down what a build takes: in moto's IAM, with what `iam-policy` prints.

Two attackers: one with the reader's policy, one with that of another writer. Each tries to lay down
an entry under a key that a build of main will compute.
"""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.aws.iam import policies
from tasks.aws.iam.needed_actions import DEPLOY, MAKE_BUCKET, PUBLISH, PURPOSES, STORE, STORE_WRITE
from tasks.aws.iam.policies import Policy
from tasks.aws.iam.resources import Scope
from tasks.context import open_team_store, team_store
from tasks.layer import input_hash
from tasks.layer.team_store import run
from tasks.layer.team_store.bundle import Entry, Name, bundle, object_key
from tasks.layer.team_store.push import Sender
from tasks.settings.model import Settings
from tasks.util import files
from tasks.util.errors import AwsError
from tests.enforced_iam import Enforcement, adjust
from tests.moto_server import ACCOUNT, REGION, Server
from tests.team_stores import INPUTS, fill, give, held, key, machine, send

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123"
NAME: Name = ("parts", key("a part"))
GOOD, EVIL = b"what ci made", b"what an attacker made"
OBJECT = object_key("ci", *NAME)


@pytest.fixture
def guard(server: Server, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enforcement]:
    """From here on users may do what their policies say, and the bucket is there."""
    adjust(monkeypatch)
    s3.ensure_bucket(aws)
    found = Enforcement()
    server.refused = found
    yield found
    server.refused = lambda request: None


def scope(settings: Settings, writer: str, *trusted: str, key_: str = "") -> Scope:
    stage = replace(settings, store_trust=trusted)
    keys = (key_,) if key_ else ()
    return Scope(settings=stage, account=ACCOUNT, app="shuking", keys=keys, writer=writer)


def somebody(aws: Aws, server: Server, policy: Policy) -> Aws:
    """Logged in as a new user who has this policy."""
    iam, name = boto3.client("iam", REGION, endpoint_url=server.url), uuid.uuid4().hex
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    found = Aws(aws.settings, dict(os.environ))
    keys = made["AccessKeyId"], made["SecretAccessKey"]
    vars(found)["session"] = boto3.session.Session(*keys, region_name=REGION)
    return found


def writer(aws: Aws, server: Server, name: str) -> Aws:
    return somebody(aws, server, policies.policy(PUBLISH, scope(aws.settings, name)))


def reader(aws: Aws, server: Server, *trusted: str) -> Aws:
    return somebody(aws, server, policies.policy(STORE, scope(aws.settings, "me", *trusted)))


def refused(call: Any, **named: Any) -> str:
    """The error's code."""
    with pytest.raises(ClientError) as caught:
        call(Bucket="deps-bucket", **named)
    return str(caught.value.response["Error"]["Code"])


def forged(name: Name = NAME) -> bytes:
    """A bundle with which nothing is wrong but its writer."""
    entry = Entry(kind=name[0], key=name[1], sha256=files.bytes_digest(EVIL), size=len(EVIL))
    return bundle([(entry, EVIL)])


def ci(aws: Aws, server: Server, root: Path) -> Aws:
    """CI, which has given what it made."""
    role = writer(aws, server, "ci")
    store = machine(role, root)
    fill(store, {NAME: GOOD})
    sender = give(store, [(NAME,)])
    assert (sender.fault, sender.sent) == ("", 1)
    return role


def test_a_reader_reads_and_does_nothing_else(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """The first attacker: neither writes, lists nor deletes he, and no other's prefix is his to
    read."""
    ci(aws, server, tmp_path / "ci")
    me = reader(aws, server, "ci")
    store = machine(me, tmp_path / "me", "me", "ci")
    store.begin(INPUTS)
    assert held(store, [NAME]) == {NAME: GOOD}
    client = me.client("s3")
    for victim in ("ci", "me", "other"):
        for kind in ("parts", "installed", "proofs", "index", "packs"):
            place = object_key(victim, kind, key("to be"))
            assert refused(client.put_object, Key=place, Body=forged(), IfNoneMatch="*") == (
                "AccessDenied"
            )
            assert refused(client.create_multipart_upload, Key=place) == "AccessDenied"
    assert refused(client.list_objects_v2, Prefix="store/v1/ci/") == "AccessDenied"
    assert refused(client.delete_object, Key=OBJECT) == "AccessDenied"
    assert refused(client.get_object, Key=object_key("other", *NAME)) == "AccessDenied"
    assert refused(client.get_object, Key="layers/deps/x") == "AccessDenied"


@pytest.mark.parametrize("purpose", [PUBLISH, DEPLOY, STORE_WRITE])
def test_another_writer_reaches_his_own_prefix_alone(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path, purpose: str
) -> None:
    """The second attacker: what he lays down is under his own name, where nobody looks."""
    role = ci(aws, server, tmp_path / "ci")
    evil = somebody(aws, server, policies.policy(purpose, scope(aws.settings, "evil")))
    client = evil.client("s3")
    for name in (NAME, ("index", INPUTS), ("proofs", NAME[1]), ("packs", "x")):
        place = object_key("ci", *name)
        assert refused(client.put_object, Key=place, Body=forged(), IfNoneMatch="*") == (
            "AccessDenied"
        )
        assert refused(client.create_multipart_upload, Key=place) == "AccessDenied"
        assert refused(client.delete_object, Key=place) == "AccessDenied"
        client.put_object(
            Bucket="deps-bucket", Key=object_key("evil", *name), Body=forged(), IfNoneMatch="*"
        )
    assert refused(client.put_object, Key="store/v1/evil2/x", Body=b"") == "AccessDenied"
    server.seen.clear()
    for number, trusted in enumerate([["ci"], []]):
        victim = machine(role, tmp_path / f"victim{number}", "ci", *trusted)
        victim.begin(key("a new lock"))
        victim.bring("parts", [NAME[1], key("to be")], {})
        assert held(victim, [NAME]) == {NAME: GOOD}
    assert not any("/evil/" in each.path for each in server.seen)


EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
BY_AGE = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
AT_THE_BUCKET: list[tuple[str, dict[str, Any]]] = [
    ("put_bucket_policy", {"Policy": json.dumps({"Statement": [EVERYTHING]})}),
    ("delete_bucket_policy", {}),
    ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [BY_AGE]}}),
    ("put_public_access_block", {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}}),
    ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": []}}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ("put_bucket_acl", {"ACL": "public-read-write"}),
    ("delete_bucket", {}),
]


@pytest.mark.parametrize("purpose", sorted({*PURPOSES} - {MAKE_BUCKET}))
def test_no_writer_gets_at_the_bucket(
    aws: Aws, server: Server, guard: Enforcement, purpose: str
) -> None:
    """Its policy could let him write everywhere, a rule of age could delete what others wrote."""
    whole = replace(scope(aws.settings, "evil"), settings=replace(aws.settings, lifecycle_days=9))
    client = somebody(aws, server, policies.policy(purpose, whole)).client("s3")
    before = state(aws)
    for name, named in AT_THE_BUCKET:
        assert refused(getattr(client, name), **named) == "AccessDenied", name
    assert state(aws) == before


def state(aws: Aws) -> list[object]:
    client, named = aws.client("s3"), {"Bucket": "deps-bucket"}
    policy = client.get_bucket_policy(**named)["Policy"]
    return [policy, client.get_bucket_lifecycle_configuration(**named)["Rules"]]


def test_who_only_builds_writes_to_the_store_and_deploys_nothing(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """A runner with `store-write`: what it made is the team's, a layer version it cannot make."""
    runner = somebody(aws, server, policies.policy(STORE_WRITE, scope(aws.settings, "ci")))
    store = machine(runner, tmp_path / "ci")
    fill(store, {NAME: GOOD})
    sender = send(store, [(NAME,)])
    assert (sender.fault, sender.sent) == ("", 1)
    client = runner.client("s3")
    for place in ("layers/deps/x", "chalice/shuking/prod/lock.json"):
        assert refused(client.put_object, Key=place, Body=b"") == "AccessDenied"
    with pytest.raises(ClientError, match="not authorized to perform: lambda:PublishLayerVersion"):
        runner.client("lambda").publish_layer_version(
            LayerName="deps", Content={"S3Bucket": "deps-bucket", "S3Key": "layers/deps/x"}
        )


def test_an_empty_store_is_filled_by_who_may_not_list(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner with `store-write`. To him S3 says 403 of what is not there: of an empty store, and
    of all that he needs when the tool, the image or Python is another one."""
    runner = somebody(aws, server, policies.policy(STORE_WRITE, scope(aws.settings, "ci")))
    for number in range(2):
        inputs, name = key(f"inputs {number}"), (NAME[0], key(f"part {number}"))
        monkeypatch.setattr(input_hash, "input_hash", lambda *_, said=inputs: said)
        monkeypatch.setattr(open_team_store, "finished", lambda settings, said=name: [(said,)])
        store = machine(runner, tmp_path / f"{number}")
        run.use(store)
        store.begin(inputs)
        store.bring(name[0], [name[1]], {})
        fill(store, {name: GOOD})
        team_store.offer(aws.settings, "host")
        assert "; 1 entry written" in "\n".join(team_store.finish())
        fresh = machine(runner, tmp_path / f"fresh {number}")
        fresh.begin(inputs)
        assert held(fresh, [name]) == {name: GOOD}


def test_a_bucket_without_the_rule_is_said_and_not_changed(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """Somebody else made it: a writer has no right to have things deleted by age. All is sent."""
    aws.client("s3").delete_bucket_lifecycle(Bucket="deps-bucket")
    for purpose in (STORE_WRITE, DEPLOY):
        role = somebody(aws, server, policies.policy(purpose, scope(aws.settings, purpose)))
        store = machine(role, tmp_path / purpose, purpose)
        fill(store, {NAME: GOOD})
        sender = send(store, [(NAME,)])
        assert "lacks the lifecycle rule doit-lambda-layer-store" in sender.fault
        assert "iam-policy for=make-bucket" in sender.fault
        assert sender.sent == 1


def test_the_first_upload_says_which_policy_makes_the_bucket(
    aws: Aws, server: Server, guard: Enforcement
) -> None:
    """The policy of a deploy does not; with `make-bucket` beside it, once, it does."""
    elsewhere = Aws(replace(aws.settings, bucket="new-bucket"), dict(os.environ))
    role = somebody(elsewhere, server, policies.policy(DEPLOY, scope(elsewhere.settings, "ci")))
    with pytest.raises(AwsError, match="no permission") as caught:
        s3.ensure_bucket(role)
    assert "iam-policy for=make-bucket prints the statement, for this once" in caught.value.fix
    within, both = scope(elsewhere.settings, "ci"), (DEPLOY, MAKE_BUCKET)
    statements = [policies.policy(each, within)["Statement"] for each in both]
    policy = policies.document([*statements[0], *statements[1]])
    assert s3.ensure_bucket(somebody(elsewhere, server, policy))
    assert not s3.ensure_bucket(role)


def test_nothing_of_a_writer_whom_nobody_trusts_is_used(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """Also where it is all that there is, and the bytes are right."""
    evil = writer(aws, server, "evil")
    s3_client = evil.client("s3")
    for name in (NAME, ("index", INPUTS)):
        s3_client.put_object(
            Bucket="deps-bucket", Key=object_key("evil", *name), Body=forged(), IfNoneMatch="*"
        )
    server.seen.clear()
    victim = machine(reader(aws, server, "ci", "qa"), tmp_path / "victim", "me", "ci", "qa")
    victim.begin(INPUTS)
    victim.bring("parts", [NAME[1]], {})
    assert held(victim, [NAME]) == {}
    assert not any("/evil/" in each.path for each in server.seen)


def test_an_entry_is_written_once(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """By its own writer, too: the bucket wants `If-None-Match` of whatever makes an object. What
    begins an upload in parts, or sends one, cannot have it (S3)."""
    client = ci(aws, server, tmp_path / "ci").client("s3")
    assert "403" in refused(client.put_object, Key=OBJECT, Body=EVIL)
    assert refused(client.put_object, Key=OBJECT, Body=EVIL, IfNoneMatch="*") == (
        "PreconditionFailed"
    )
    assert refused(client.delete_object, Key=OBJECT) == "AccessDenied"
    named = {"Bucket": "deps-bucket", "Key": OBJECT}
    upload = client.create_multipart_upload(**named)["UploadId"]
    part = client.upload_part(**named, UploadId=upload, PartNumber=1, Body=EVIL)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    ended = {"Key": OBJECT, "UploadId": upload, "MultipartUpload": parts}
    assert "403" in refused(client.complete_multipart_upload, **ended)
    assert refused(client.complete_multipart_upload, **ended, IfNoneMatch="*") == (
        "PreconditionFailed"
    )
    client.put_object(Bucket="deps-bucket", Key="layers/deps/x", Body=b"not the store's")


def test_a_bucket_with_a_key_of_its_own(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """SSE-KMS: S3 asks the key as whoever asks S3."""
    guard.key = KEY
    allowed = scope(aws.settings, "ci", key_=KEY)
    store = machine(somebody(aws, server, policies.policy(DEPLOY, allowed)), tmp_path / "ci")
    fill(store, {NAME: GOOD})
    assert give(store, [(NAME,)]).fault == ""
    with_key = scope(aws.settings, "me", "ci", key_=KEY)
    for within, found in ((with_key, {NAME: GOOD}), (scope(aws.settings, "me", "ci"), {})):
        me = somebody(aws, server, policies.policy(STORE, within))
        fresh = machine(me, tmp_path / f"{len(found)}", "me", "ci")
        fresh.begin(INPUTS)
        fresh.bring("parts", [NAME[1]], {})
        assert held(fresh, [NAME]) == found
        assert bool(fresh.fault) is not bool(found)


def test_who_may_not_write_is_told(
    aws: Aws, server: Server, guard: Enforcement, tmp_path: Path
) -> None:
    """And reads all the same."""
    ci(aws, server, tmp_path / "ci")
    store = machine(reader(aws, server, "ci"), tmp_path / "me", "me", "ci")
    fill(store, {("parts", key("mine")): b"mine"})
    store.begin(key("mine"))
    sender = Sender(store=store, inputs=key("mine"), cards=[(("parts", key("mine")),)])
    sender.finish()
    assert "403" in sender.fault
