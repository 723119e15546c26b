"""gc against an AWS over HTTP: what goes, what stays and why, and that the space is free."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import lambda_functions, s3, s3_versions
from tasks.aws.client import Aws
from tasks.commands import gc
from tasks.context.connection import connect
from tasks.release import listing, manifest, registry
from tasks.release.stage import rollback_pin
from tasks.release.stage.rollback_pin import RollbackPin
from tasks.settings import paths, s3_keys
from tasks.settings.model import Settings
from tasks.steps import publish, upload
from tasks.util.errors import AwsError, InputError
from tests.finished_layer import build, zipped
from tests.lambda_function import make
from tests.moto_server import ACCOUNT, REGION, Refusal, Request, Server


def arn(number: int, layer: str = "deps") -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{layer}:{number}"


def publish_layer(aws: Aws, number: int) -> None:
    """As deploy does: zip, manifest and note in S3, then the version."""
    Path("requirements-all.txt").write_text(f"six==1.{number}.0\n", encoding="utf-8")
    build(aws.settings, f"x = {number}\n", f"2025010{number}-030405")
    upload.run(aws)
    publish.run(aws)


@pytest.fixture
def four(aws: Aws) -> Aws:
    """Versions 1 to 4; nothing uses any."""
    for number in (1, 2, 3, 4):
        publish_layer(aws, number)
    return aws


@pytest.fixture
def two_of_one(aws: Aws) -> Aws:
    """Version 1 was deleted, and is published again as 3; 2 is another."""
    for number in (1, 2):
        publish_layer(aws, number)
    listing.delete(aws, 1)
    made = manifest.of_number(aws, 1)
    assert made
    assert registry.again(aws, made)
    return aws


def function(aws: Aws, number: int, name: str = "any") -> None:
    make(aws, name, arn(number))


def left(aws: Aws) -> list[int]:
    """The versions that Lambda has."""
    return [version.number for version in listing.versions(aws)]


def folders(aws: Aws) -> set[str]:
    """The builds that S3 has something of; `inputs` and `versions` are small notes."""
    return {each.key.split("/")[2] for each in s3_versions.under(aws, "layers/deps/")}


# ---- what goes ----------------------------------------------------------------------------------


def test_the_plan_changes_nothing(
    four: Aws, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says what, why, how much, and what to type."""
    server.seen.clear()
    gc.collect_garbage(four, 3, act=False)
    assert {seen.method for seen in server.seen if not seen.form} == {"GET"}
    said = capfd.readouterr().out
    assert "4 versions, 1 to delete" in said
    assert said.count("stays: one of the newest 3") == 3
    assert "goes" in said
    assert "nothing was changed; this deletes them and frees" in said
    assert "./doitw gc keep=3 yes=1 stage=prod" in said
    assert left(four) == [4, 3, 2, 1]


def test_old_versions_go_with_all_that_lies_beside_them(four: Aws) -> None:
    """Zip, manifest, the note of where it lay; what stays is whole."""
    s3.put_bytes(four, s3_keys.alias_key("deps", "ab" * 32), json.dumps({"arn": arn(1)}).encode())
    s3.put_bytes(four, s3_keys.alias_key("deps", "cd" * 32), json.dumps({"arn": arn(4)}).encode())
    gc.collect_garbage(four, 2, act=True)
    assert left(four) == [4, 3]
    keys = {each.key for each in s3_versions.under(four, "layers/deps/")}
    assert keys == {
        s3_keys.alias_key("deps", "cd" * 32),
        *(s3_keys.alias_key("deps", version.input_hash) for version in listing.versions(four)),
        *(s3_keys.note_key("deps", number) for number in (3, 4)),
        *(s3_keys.zip_key("deps", f"2025010{number}-030405") for number in (3, 4)),
        *(s3_keys.manifest_key("deps", f"2025010{number}-030405") for number in (3, 4)),
    }


def test_of_two_zips_of_one_second_only_the_older_goes(aws: Aws) -> None:
    """The other's folder begins with the same letters."""
    build(aws.settings, "x = 1\n")
    upload.run(aws)
    publish.run(aws)
    Path("requirements-all.txt").write_text("six==1.2.0\n", encoding="utf-8")
    sha256 = build(aws.settings, "x = 2\n")["sha256"]
    upload.run(aws)
    publish.run(aws)
    gc.collect_garbage(aws, 1, act=True)
    apart = s3_keys.apart("20250102-030405", sha256)
    assert folders(aws) == {"inputs", "versions", apart}
    assert s3.holds(aws, s3_keys.zip_key("deps", apart), sha256) is not None


def test_a_second_run_has_nothing_to_do(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """And says so."""
    gc.collect_garbage(four, 2, act=True)
    capfd.readouterr()
    gc.collect_garbage(four, 2, act=True)
    assert "nothing to delete" in capfd.readouterr().out


def test_a_bucket_with_versions_is_really_emptied(aws: Aws) -> None:
    """Older versions of the objects and delete markers, too."""
    s3.ensure_bucket(aws)
    aws.client("s3").put_bucket_versioning(
        Bucket="deps-bucket", VersioningConfiguration={"Status": "Enabled"}
    )
    for number in (1, 2):
        publish_layer(aws, number)
    key = s3_keys.manifest_key("deps", "20250101-030405")
    s3.put_bytes(aws, key, b"{}")
    aws.client("s3").delete_object(Bucket="deps-bucket", Key=key)
    gc.collect_garbage(aws, 1, act=True)
    found = aws.client("s3").list_object_versions(Bucket="deps-bucket", Prefix="layers/deps/2025")
    kept = {each["Key"].split("/")[2] for each in found["Versions"]}
    assert kept == {"20250102-030405"}
    assert "DeleteMarkers" not in found


# ---- what stays ---------------------------------------------------------------------------------


def test_what_functions_run_with(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """$LATEST, and published versions, which aliases name."""
    function(four, 1)
    function(four, 2, "versioned")
    client = four.client("lambda")
    client.publish_version(FunctionName="versioned")
    client.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    client.update_function_configuration(FunctionName="versioned", Layers=[arn(4)])
    gc.collect_garbage(four, 1, act=True)
    assert left(four) == [4, 2, 1]
    said = capfd.readouterr().out
    assert "stays: function any" in said
    assert "stays: function versioned:1" in said


def test_functions_come_by_pages(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS gives 50 at a time, moto all at once: its answers are cut into pages of one."""
    from moto.awslambda.responses import LambdaResponse

    whole = LambdaResponse.list_functions

    def paged(self: Any) -> str:
        listed = json.loads(whole(self))["Functions"]
        at = int((self.querystring.get("Marker") or ["0"])[0])
        more = {"NextMarker": str(at + 1)} if at + 1 < len(listed) else {}
        return json.dumps({"Functions": listed[at : at + 1], **more})

    publish_layer(aws, 1)
    for name in ("a", "b", "c"):
        function(aws, 1, name)
    monkeypatch.setattr(LambdaResponse, "list_functions", paged)
    assert lambda_functions.users(aws) == {arn(1): ["a", "b", "c"]}


def test_what_any_stage_is_configured_for(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Another stage, the app itself, one function of a stage."""
    config = {
        "app_name": "shuking",
        "layers": [arn(1)],
        "stages": {"dev": {"layers": [arn(2)]},
                   "prod": {"lambda_functions": {"job": {"layers": [arn(3)]}}}},
    }  # fmt: skip
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    gc.collect_garbage(four, 0, act=True)
    assert left(four) == [3, 2, 1]
    said = capfd.readouterr().out
    assert "stays: .chalice/config.json, stage dev" in said
    assert "stays: .chalice/config.json, stage prod" in said


def test_without_a_readable_config_nothing_goes(four: Aws) -> None:
    """Nobody knows what it would have said."""
    paths.CHALICE_CONFIG.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is not JSON"):
        gc.collect_garbage(four, 0, act=True)
    assert left(four) == [4, 3, 2, 1]


def test_what_a_pin_names(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Of any stage, in this bucket or in another stage's; a lifted one names nothing."""
    other = connect(replace(four.settings, bucket="dev-bucket"))
    s3.ensure_bucket(other)
    table = '[tool.lambda-layer.stages.dev]\nbucket = "dev-bucket"\n'
    Path("pyproject.toml").write_text(table, encoding="utf-8")
    for bucket, stage, number in ((four, "prod", 1), (other, "dev", 2)):
        pin = RollbackPin(arns=[arn(number)], by="anna@laptop", at="now", reason="why", inputs=[])
        lifted = replace(pin, arns=[arn(3)]).lift("by anna")
        for layer, each in (("deps", pin), ("other", lifted)):
            key = f"chalice/shuking/{stage}/pin-{layer}.json"
            s3.put_bytes(bucket, key, rollback_pin.to_json(each))
    gc.collect_garbage(four, 1, act=True)
    assert left(four) == [4, 2, 1]
    said = capfd.readouterr().out
    assert "stays: pin of stage prod" in said
    assert "stays: pin of stage dev" in said


def test_other_tools_versions_and_other_layers(four: Aws) -> None:
    """What this tool did not publish is not its to delete."""
    client = four.client("lambda")
    client.publish_layer_version(LayerName="deps", Content={"ZipFile": zipped("hand")})
    client.publish_layer_version(LayerName="other", Content={"ZipFile": zipped("other")})
    s3.put_bytes(four, "layers/other/20250101-030405/other.zip", b"zip")
    s3.put_bytes(four, "unrelated", b"x")
    s3.put_bytes(four, "layers/deps/inputs/by-hand", b"[not ours")
    gc.collect_garbage(four, 0, act=True)
    assert left(four) == [5]
    assert client.list_layer_versions(LayerName="other")["LayerVersions"]
    assert s3.get_bytes(four, "layers/other/20250101-030405/other.zip") == b"zip"
    assert s3.get_bytes(four, "unrelated") == b"x"
    assert s3.get_bytes(four, "layers/deps/inputs/by-hand") == b"[not ours"


def test_what_was_never_published_stays(four: Aws) -> None:
    """Somebody may be about to publish it."""
    Path("requirements-all.txt").write_text("six==1.5.0\n", encoding="utf-8")
    build(four.settings, "x = 5\n", "20240101-030405")
    upload.run(four)
    gc.collect_garbage(four, 0, act=True)
    assert folders(four) == {"20240101-030405"}


def test_the_zip_of_a_version_deleted_by_hand(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """It is room too; of a younger one it stays, to publish it again."""
    for number in (1, 4):
        listing.delete(four, number)
    gc.collect_garbage(four, 2, act=True)
    assert left(four) == [3, 2]
    assert "20250101-030405" not in folders(four)
    assert "20250104-030405" in folders(four)
    assert "4 (deleted)" in capfd.readouterr().out


def test_a_version_that_was_published_again_shares_its_zip(
    two_of_one: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """The old number's notes go, the zip stays as long as the new number does; then nothing is left
    to be said of the old one."""
    notes = {s3_keys.note_key("deps", number) for number in (1, 2, 3)}
    gc.collect_garbage(two_of_one, 2, act=True)
    assert left(two_of_one) == [3, 2]
    keys = {each.key for each in s3_versions.under(two_of_one, "layers/deps/")}
    assert notes - keys == {s3_keys.note_key("deps", 1)}
    assert s3_keys.zip_key("deps", "20250101-030405") in keys
    assert "version 1: " in capfd.readouterr().out
    gc.collect_garbage(two_of_one, 2, act=True)
    assert "2 versions, 0 to delete" in capfd.readouterr().out
    gc.collect_garbage(two_of_one, 0, act=True)
    assert not s3_versions.under(two_of_one, "layers/deps/")


# ---- interrupted, refused -----------------------------------------------------------------------


def no_deleting(request: Request) -> Refusal | None:
    refused = request.method == "DELETE" and "/layers/" in request.path
    return Refusal(status=403, code="AccessDeniedException") if refused else None


def test_a_stopped_run_is_completed_by_the_next(four: Aws, server: Server) -> None:
    """Between S3 and Lambda: the version is still found."""
    server.refused = no_deleting
    with pytest.raises(AwsError, match="deleting version 1: no permission") as caught:
        gc.collect_garbage(four, 3, act=True)
    assert "lambda:DeleteLayerVersion" in caught.value.fix
    server.refused = lambda request: None
    gc.collect_garbage(four, 3, act=True)
    assert left(four) == [4, 3, 2]
    assert "20250101-030405" not in folders(four)


def test_what_s3_will_not_delete(aws: Aws) -> None:
    """An object under a legal hold: S3 answers 200 and names it; the version stays."""
    client = aws.client("s3")
    client.create_bucket(
        Bucket="deps-bucket", CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )  # fmt: skip
    for number in (1, 2):
        publish_layer(aws, number)
    key = s3_keys.zip_key("deps", "20250101-030405")
    client.put_object_legal_hold(Bucket="deps-bucket", Key=key, LegalHold={"Status": "ON"})
    with pytest.raises(AwsError, match=r"S3 keeps s3://.*deps\.zip: .*object lock") as caught:
        gc.collect_garbage(aws, 1, act=True)
    assert "s3:DeleteObjectVersion" in caught.value.fix
    assert left(aws) == [2, 1]


def test_no_permission_to_see_functions(four: Aws, server: Server) -> None:
    """Then nothing is known, and nothing goes."""
    refusal = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: refusal if "/functions" in request.path else None
    with pytest.raises(AwsError, match="listing the functions: no permission") as caught:
        gc.collect_garbage(four, 0, act=True)
    assert "lambda:ListFunctions" in caught.value.fix
    assert left(four) == [4, 3, 2, 1]


def test_nothing_was_ever_published(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """No bucket, no layer."""
    gc.collect_garbage(aws, 5, act=True)
    assert "nothing to delete" in capfd.readouterr().out


# ---- the bucket's rules -------------------------------------------------------------------------


def test_a_foreign_rule_is_warned_of(four: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """A rule by age alone, which somebody else made."""
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "layers/"},
            "Expiration": {"Days": 90}}  # fmt: skip
    four.client("s3").put_bucket_lifecycle_configuration(
        Bucket="deps-bucket", LifecycleConfiguration={"Rules": [rule]}
    )
    gc.collect_garbage(four, 5, act=False)
    assert "careful: rule old of bucket deps-bucket" in capfd.readouterr().out


def test_our_own_rule_is_none_to_warn_of(
    settings: Settings, four: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """It takes what was never published."""
    aws = connect(replace(settings, lifecycle_days=90))
    publish_layer(aws, 5)
    gc.collect_garbage(aws, 5, act=False)
    assert "careful" not in capfd.readouterr().out
