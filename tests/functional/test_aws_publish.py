"""upload, publish, lookup against an AWS over HTTP: what is sent, what is published, when not."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.context.connection import connect
from tasks.release import listing, registry
from tasks.release import manifest as manifests
from tasks.release.version import code_sha256
from tasks.settings import paths, records
from tasks.settings.lambda_pythons import PYTHONS
from tasks.settings.step_records import PublishRecord
from tasks.steps import lookup, publish, restore, upload
from tasks.util.errors import AwsError, BuildError
from tests.finished_layer import build, zipped
from tests.moto_server import Refusal, Server

KEY = "layers/deps/20250102-030405"


def keys(aws: Aws) -> list[str]:
    listed = aws.client("s3").list_objects_v2(Bucket="deps-bucket")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def versions(aws: Aws) -> list[dict[str, Any]]:
    found = aws.client("lambda").list_layer_versions(LayerName="deps")["LayerVersions"]
    return sorted(found, key=lambda version: version["Version"])


def deployed(aws: Aws, text: str = "x = 1\n", built: str = "20250102-030405") -> PublishRecord:
    """Built, uploaded, published: publish's record."""
    build(aws.settings, text, built)
    upload.run(aws)
    return publish.run(aws)


def fresh_machine() -> None:
    """Only what is in the repository is left."""
    for path in (*paths.BUILD.rglob("*.json"), paths.LAYER_ARN):
        path.unlink()


# ---- upload -------------------------------------------------------------------------------------


def test_the_zip_lies_where_the_seed_put_it_with_its_manifest(aws: Aws) -> None:
    """layers/<layer>/<YYYYMMDD-HHMMSS>/<layer>.zip, and what it is made of beside it."""
    packed = build(aws.settings)
    record = upload.run(aws)
    assert record.key == f"{KEY}/deps.zip"
    assert keys(aws) == [f"{KEY}/deps.zip", f"{KEY}/manifest.json"]
    stored = aws.client("s3").get_object(Bucket="deps-bucket", Key=record.key)
    assert stored["Body"].read() == paths.layer_zip(aws.settings).read_bytes()
    manifest = aws.client("s3").get_object(Bucket="deps-bucket", Key=f"{KEY}/manifest.json")
    told = json.loads(manifest["Body"].read())
    assert {told[name] == packed[name] for name in ("input", "sha256", "bytes", "unzipped")} == {
        True
    }
    assert (told["layer"], told["python"], told["architecture"]) == ("deps", "3.12", "x86_64")
    listed = {"name": "six", "version": "1.17.0", "direct": True, "bytes": 6}
    assert told["distributions"] == [listed]


def test_the_bill_of_materials_goes_with_the_zip(aws: Aws) -> None:
    """Under the layer's name."""
    build(aws.settings)
    paths.beside_zip(aws.settings, ".cdx.json").write_text("{}", encoding="utf-8")
    upload.run(aws)
    assert f"{KEY}/deps.cdx.json" in keys(aws)


def test_a_repeated_upload_sends_no_zip(aws: Aws, server: Server) -> None:
    """A run that was stopped between upload and publish is repeated. What lies there already may
    carry a tag of former settings."""
    build(aws.settings)
    first = upload.run(aws)
    server.seen.clear()
    assert upload.run(aws) == replace(first, tag=True)
    assert not [seen for seen in server.seen if (seen.method, seen.path[-4:]) == ("PUT", ".zip")]


def test_another_zip_under_the_same_key_is_replaced(aws: Aws) -> None:
    """A damaged object of a former run is not taken for ours."""
    packed = build(aws.settings)
    upload.run(aws)
    aws.client("s3").put_object(Bucket="deps-bucket", Key=f"{KEY}/deps.zip", Body=b"damaged")
    upload.run(aws)
    stored = aws.client("s3").get_object(Bucket="deps-bucket", Key=f"{KEY}/deps.zip")
    assert code_sha256(packed["sha256"]) == stored["ChecksumSHA256"]


def content(aws: Aws, key: str) -> str:
    """The sha256 of what lies there."""
    stored = aws.client("s3").get_object(Bucket="deps-bucket", Key=key)
    return hashlib.sha256(stored["Body"].read()).hexdigest()


def test_two_zips_of_one_second_lie_apart(aws: Aws) -> None:
    """Neither is taken for the other, nor written over; both versions have their own manifest, and
    the second comes back from its own zip. A repeated run finds it."""
    first = deployed(aws)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    second = deployed(aws, "x = 2\n")
    apart = f"{KEY}-{second.sha256[:8]}"
    assert content(aws, f"{KEY}/deps.zip") == first.sha256
    assert content(aws, f"{apart}/deps.zip") == second.sha256
    assert {f"{KEY}/manifest.json", f"{apart}/manifest.json"} <= {*keys(aws)}
    told = [manifests.read_manifest(aws, version) for version in listing.versions(aws)]
    assert [made and made.sha256 for made in told] == [second.sha256, first.sha256]
    assert [made and made.time for made in told] == ["20250102-030405"] * 2

    listing.delete(aws, 2)
    assert upload.run(aws).key == f"{apart}/deps.zip"
    fresh_machine()
    assert lookup.run(aws, "host").stored == apart.rpartition("/")[2]
    assert str(restore.run(aws).arn).endswith(":3")
    made = manifests.of_number(aws, 3)
    assert made
    assert made.sha256 == second.sha256


def test_of_two_that_upload_at_one_moment_each_has_its_folder(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither has seen the other's zip."""
    first = build(aws.settings)
    upload.run(aws)
    monkeypatch.setattr(s3, "head_object", lambda *_: None)
    monkeypatch.setattr(s3, "put_file", lambda *_, **__: "")
    build(aws.settings, "x = 2\n")
    record = upload.run(aws)
    assert record.key == f"{KEY}-{record.sha256[:8]}/deps.zip"
    made = manifests.at(aws, first["built"])
    assert made
    assert made.sha256 == first["sha256"]


def test_a_zip_without_a_manifest_stays_as_it_is(aws: Aws) -> None:
    """By hand, or by a run that was stopped in between."""
    build(aws.settings)
    upload.run(aws)
    aws.client("s3").delete_object(Bucket="deps-bucket", Key=f"{KEY}/manifest.json")
    before = content(aws, f"{KEY}/deps.zip")
    second = build(aws.settings, "x = 2\n")
    record = upload.run(aws)
    assert content(aws, record.key) == second["sha256"]
    assert content(aws, f"{KEY}/deps.zip") == before
    assert f"{KEY}/manifest.json" not in keys(aws)


def test_content_that_is_published_is_not_sent_again(aws: Aws) -> None:
    """Other inputs made the same zip: a note of it is written, no new version."""
    first = deployed(aws)
    Path("requirements-all.txt").write_text("six~=1.17.0\n", encoding="utf-8")
    packed = build(aws.settings, built="20250909-090909")
    record = upload.run(aws)
    assert (record.arn, record.key) == (first.arn, "")
    assert publish.run(aws).arn == first.arn
    assert len(versions(aws)) == 1
    assert [key for key in keys(aws) if "20250909" in key] == []
    assert f"layers/deps/inputs/{packed['input']}" in keys(aws)


def test_the_same_content_for_another_architecture_is_sent(aws: Aws) -> None:
    """A version says where it runs."""
    deployed(aws)
    other = connect(replace(aws.settings, architecture="arm64"))
    build(other.settings, built="20250909-090909")
    assert upload.run(other).key == "layers/deps/20250909-090909/deps.zip"
    publish.run(other)
    assert [v["CompatibleArchitectures"] for v in versions(aws)] == [["x86_64"], ["arm64"]]


def test_each_python_is_published_for_its_runtime(aws: Aws) -> None:
    """The same content for another runtime is another version of the one layer."""
    for number, python in enumerate(PYTHONS):
        other = connect(replace(aws.settings, python=python, variant=f"py{number}"))
        build(other.settings, built=f"20250909-09090{number}")
        upload.run(other)
        publish.run(other)
    wanted = [[f"python{each}"] for each in PYTHONS]
    assert [v["CompatibleRuntimes"] for v in versions(aws)] == wanted


def test_what_was_not_proven_is_not_sent(aws: Aws, server: Server) -> None:
    """The zip changed after verify."""
    build(aws.settings)
    paths.layer_zip(aws.settings).write_bytes(b"other")
    with pytest.raises(BuildError, match="not the file that was tested"):
        upload.run(aws)
    assert [seen for seen in server.seen if seen.method == "PUT"] == []


# ---- publish ------------------------------------------------------------------------------------


def test_a_version_says_what_it_is(aws: Aws) -> None:
    """Runtime, architecture, both hashes; its ARN into .layer-arn.txt."""
    record = deployed(aws)
    [version] = versions(aws)
    assert version["CompatibleRuntimes"] == ["python3.12"]
    assert version["CompatibleArchitectures"] == ["x86_64"]
    assert f"input={record.input}" in version["Description"]
    assert f"content={record.sha256}" in version["Description"]
    assert len(version["Description"]) <= 256
    assert record.arn == version["LayerVersionArn"]
    assert paths.LAYER_ARN.read_text(encoding="utf-8") == f"{record.arn}\n"
    stored = aws.client("lambda").get_layer_version(LayerName="deps", VersionNumber=1)
    assert stored["Content"]["CodeSha256"] == code_sha256(record.sha256)


def test_wrong_bytes_are_withdrawn(aws: Aws) -> None:
    """Somebody wrote the key between upload and publish: what was proven is not what Lambda has."""
    build(aws.settings)
    upload.run(aws)
    aws.client("s3").put_object(
        Bucket="deps-bucket", Key=f"{KEY}/deps.zip", Body=zipped("evil = 1")
    )
    with pytest.raises(AwsError, match=r"other bytes .* than were tested. It is deleted again"):
        publish.run(aws)
    assert versions(aws) == []
    assert not paths.LAYER_ARN.exists()
    assert not paths.stage_record(aws.settings, "publish").exists()


def test_wrong_bytes_that_may_not_be_deleted_are_never_used(aws: Aws, server: Server) -> None:
    """lambda:DeleteLayerVersion is optional; lookup and the next upload see through it."""
    packed = build(aws.settings)
    upload.run(aws)
    aws.client("s3").put_object(
        Bucket="deps-bucket", Key=f"{KEY}/deps.zip", Body=zipped("evil = 1")
    )
    denied = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: denied if request.method == "DELETE" else None
    with pytest.raises(AwsError, match="not used, but could not be deleted"):
        publish.run(aws)
    assert len(versions(aws)) == 1
    assert lookup.run(aws, "host").arn is None
    upload.run(aws)
    assert publish.run(aws).arn.endswith(":2")
    stored = aws.client("lambda").get_layer_version(LayerName="deps", VersionNumber=2)
    assert stored["Content"]["CodeSha256"] == code_sha256(packed["sha256"])


def test_a_lost_answer_makes_one_version(aws: Aws, server: Server) -> None:
    """Publishing is not repeated blindly: AWS is asked what became of it."""
    build(aws.settings)
    upload.run(aws)
    server.dropped = lambda method, path: (method, path[-9:]) == ("POST", "/versions")
    assert publish.run(aws).arn.endswith(":1")
    assert len(versions(aws)) == 1


def test_a_publish_that_never_arrived_is_an_error(aws: Aws, server: Server) -> None:
    """And nothing is recorded."""
    build(aws.settings)
    upload.run(aws)
    denied = Refusal(status=403, code="AccessDeniedException", message="not authorized")
    server.refused = lambda request: denied if request.method == "POST" else None
    with pytest.raises(AwsError, match=r"no permission\. not authorized") as caught:
        publish.run(aws)
    assert "lambda:PublishLayerVersion" in caught.value.fix
    assert not paths.LAYER_ARN.exists()


def test_publish_without_upload_says_what_to_run(aws: Aws) -> None:
    """`doit publish` alone runs upload first; this is for who removed its record."""
    with pytest.raises(BuildError, match="no zip was uploaded yet"):
        publish.run(aws)


# ---- lookup -------------------------------------------------------------------------------------


def test_a_fresh_machine_finds_what_is_published(aws: Aws) -> None:
    """Nothing is built; the ARN and what is known of the version come from AWS."""
    record = deployed(aws)
    fresh_machine()
    found = lookup.run(aws, "host")
    assert found.arn == record.arn
    assert paths.LAYER_ARN.read_text(encoding="utf-8").strip() == record.arn
    assert records.read(aws.settings, PublishRecord) == record
    assert publish.looked_up(aws.settings)


@pytest.mark.parametrize("text", ["six==1.17.0", "# why\n\nsix == 1.17.0  # because\n"])
def test_comments_and_blank_lines_are_no_other_inputs(aws: Aws, text: str) -> None:
    """As pip reads them."""
    record = deployed(aws)
    Path("requirements-all.txt").write_text(text, encoding="utf-8")
    assert lookup.run(aws, "host").arn == record.arn


def test_other_inputs_are_no_hit(aws: Aws) -> None:
    """The last version's facts are remembered, for what compares with it."""
    record = deployed(aws)
    fresh_machine()
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    assert lookup.run(aws, "host").arn is None
    assert not paths.LAYER_ARN.exists()
    assert records.read(aws.settings, PublishRecord) == record


def test_inputs_that_made_the_same_content_are_a_hit_on_a_fresh_machine(aws: Aws) -> None:
    """By the note that upload left."""
    record = deployed(aws)
    Path("requirements-all.txt").write_text("six~=1.17.0\n", encoding="utf-8")
    deployed(aws, built="20250909-090909")
    fresh_machine()
    assert lookup.run(aws, "host").arn == record.arn


@pytest.mark.parametrize("other", [{"python": "3.13"}, {"architecture": "arm64"}])
def test_a_version_for_another_platform_is_no_hit(aws: Aws, other: dict[str, str]) -> None:
    """Even when its description has our hash."""
    wanted = deployed(aws).input
    elsewhere = connect(replace(aws.settings, **other))  # type: ignore[arg-type] # any values
    assert registry.by_inputs(elsewhere, wanted, listing.versions(elsewhere)) is None


def test_a_version_with_wrong_bytes_is_no_hit(aws: Aws) -> None:
    """Its description says one thing, AWS holds another."""
    packed = build(aws.settings)
    description = f"doit-lambda-layer/1, input={packed['input']}, content={packed['sha256']}"
    aws.client("lambda").publish_layer_version(
        LayerName="deps", Description=description, Content={"ZipFile": zipped("evil = 1")}
    )
    assert lookup.run(aws, "host").arn is None


def test_a_version_described_by_a_person_is_no_hit(aws: Aws) -> None:
    """Nor a stumbling block."""
    aws.client("lambda").publish_layer_version(
        LayerName="deps", Description="input=? by hand", Content={"ZipFile": zipped("x")}
    )
    assert lookup.run(aws, "host").arn is None


def test_the_newest_of_two_that_fit_is_taken(aws: Aws) -> None:
    """Across pages of the list, too."""
    build(aws.settings)
    sent = upload.run(aws)
    for _ in range(2):
        newest = registry.publish(aws, sent)
    assert re.search(r":2$", newest)
    assert lookup.run(aws, "host").arn == newest
