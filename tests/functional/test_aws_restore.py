"""restore: a deleted version of the wanted inputs comes back from its zip, and nothing is built."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.commands import rollback_target
from tasks.context.connection import connect
from tasks.release import listing, manifest, registry
from tasks.release import version as versions
from tasks.settings import paths, records, s3_keys
from tasks.steps import lookup, publish, restore, upload
from tasks.util import files
from tasks.util.errors import AwsError, VerifyError
from tests import deployed_project
from tests.finished_layer import build
from tests.moto_server import Server
from tests.project import Project

BUILT = "20250102-030405"
ZIP = s3_keys.zip_key("deps", BUILT)


def forget() -> None:
    """A fresh machine: only what is in the repository is left."""
    for path in (*paths.BUILD.rglob("*.json"), *paths.BUILD.glob("*.zip"), paths.LAYER_ARN):
        path.unlink(missing_ok=True)


@pytest.fixture
def deleted(aws: Aws) -> Aws:
    """Version 1 of these requirements is gone, its zip is not; another machine."""
    build(aws.settings, built=BUILT)
    upload.run(aws)
    publish.run(aws)
    listing.delete(aws, 1)
    forget()
    return aws


def numbers(aws: Aws) -> list[int]:
    return [version.number for version in listing.versions(aws)]


def test_it_comes_back_from_its_zip(deleted: Aws) -> None:
    """Under the next number, with both hashes; publish and the next lookup have nothing to do."""
    looked = lookup.run(deleted, "host")
    assert (looked.arn, looked.stored) == (None, BUILT)
    record = restore.run(deleted)
    [version] = listing.versions(deleted)
    assert (version.number, version.input_hash) == (2, looked.input)
    assert record == replace(looked, arn=version.arn, stored=None)
    assert publish.looked_up(deleted.settings)
    again = lookup.run(deleted, "host")
    assert (again.arn, again.stored) == (version.arn, None)


def test_this_machine_knows_it_as_the_one_that_built_it(deleted: Aws) -> None:
    """What a report compares with, and what the budget counts."""
    lookup.run(deleted, "host")
    arn = restore.run(deleted).arn
    known = files.read_record(paths.stage_record(deleted.settings, "publish")) or {}
    assert known["arn"] == arn
    assert known["unzipped"] == len("x = 1\n")


def test_other_inputs_with_its_content_bring_it_back_as_well(deleted: Aws) -> None:
    """And are known the next time, to the one version that both share."""
    Path("requirements-all.txt").write_text("six~=1.17.0\n", encoding="utf-8")
    build(deleted.settings, built="20250909-090909")
    lookup.run(deleted, "host")
    upload.run(deleted)
    first = publish.run(deleted).arn
    Path("requirements-all.txt").write_text("six>=1.17.0,<1.18\n", encoding="utf-8")
    build(deleted.settings, built="20251010-101010")
    assert upload.run(deleted).arn == first
    listing.delete(deleted, versions.parse_number(first.rpartition(":")[2]))
    forget()
    assert lookup.run(deleted, "host").stored == "20250909-090909"
    arn = restore.run(deleted).arn
    assert lookup.run(deleted, "host").arn == arn
    assert numbers(deleted) == [3]


def test_who_waited_for_the_lock_finds_it_published(deleted: Aws) -> None:
    """Two machines at once: one version."""
    lookup.run(deleted, "host")
    first = restore.run(deleted)
    records.write(deleted.settings, replace(first, arn=None, stored=BUILT))
    assert restore.run(deleted).arn == first.arn
    assert numbers(deleted) == [2]


def test_without_its_zip_it_is_built(deleted: Aws) -> None:
    """Or with another zip in its place; when it goes in between, that is said."""
    looked = lookup.run(deleted, "host")
    client = deleted.client("s3")
    client.put_object(Bucket="deps-bucket", Key=ZIP, Body=b"other", ChecksumAlgorithm="SHA256")
    assert registry.stored(deleted, looked.input) is None
    client.delete_object(Bucket="deps-bucket", Key=ZIP)
    assert lookup.run(deleted, "host").stored is None
    records.write(deleted.settings, looked)
    with pytest.raises(AwsError, match=f"the zip of {BUILT} was in S3 and is gone") as caught:
        restore.run(deleted)
    assert "then the layer is built" in caught.value.fix
    assert numbers(deleted) == []


def plant(aws: Aws, content: bytes) -> None:
    """Another zip in its place, with a manifest that fits."""
    made = manifest.at(aws, BUILT)
    assert made
    sha256 = hashlib.sha256(content).hexdigest()
    aws.client("s3").put_object(
        Bucket="deps-bucket", Key=ZIP, Body=content, Metadata={s3.CONTENT: sha256}
    )
    manifest.write_manifest(aws, replace(made, sha256=sha256, unzipped=8, bytes=len(content)))


def test_a_zip_that_somebody_planted_is_refused(deleted: Aws) -> None:
    """Whoever may write the bucket can lay one there that no proof stands behind: what is no layer
    of this tool's is not published, by a deploy or by a rollback."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("extensions/run"), "#!/bin/s")
    plant(deleted, out.getvalue())
    assert lookup.run(deleted, "host").stored == BUILT
    with pytest.raises(VerifyError, match="'extensions/run': is no file below python/") as caught:
        restore.run(deleted)
    assert "who writes to the bucket" in caught.value.fix
    with pytest.raises(VerifyError, match="is no file below python/"):
        rollback_target.target(deleted, [], 1)
    assert numbers(deleted) == []


def test_a_manifest_of_other_inputs_is_not_believed(deleted: Aws) -> None:
    """A deploy builds; a rollback, which cannot, says so."""
    made = manifest.at(deleted, BUILT)
    assert made
    manifest.write_manifest(deleted, replace(made, inputs={**made.inputs, "python": "3.11"}))
    assert lookup.run(deleted, "host").stored is None
    with pytest.raises(VerifyError, match="speaks of other inputs than it has"):
        rollback_target.target(deleted, [], 1)
    assert numbers(deleted) == []


def test_a_layer_that_no_longer_fits_is_refused(
    deleted: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside what the stage uses by now."""
    lookup.run(deleted, "host")
    monkeypatch.setattr("tasks.settings.model.LAMBDA_LIMIT", 5)
    with pytest.raises(VerifyError, match="is over Lambda's"):
        restore.run(deleted)


def test_another_stages_bucket_does_not_have_it(deleted: Aws) -> None:
    """Then it is built."""
    elsewhere = connect(replace(deleted.settings, bucket="other-bucket"))
    assert lookup.run(elsewhere, "host").stored is None


def test_a_deploy_builds_nothing(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As typed, on another machine; the plan says so before, and nothing after."""
    first = deployed_project.copy(tmp_path / "first", server, monkeypatch)
    first.deploy("builder=host")
    layer = "shuking-deps-layer"
    first.aws("lambda").delete_layer_version(LayerName=layer, VersionNumber=1)
    other = deployed_project.copy(tmp_path / "other", server, monkeypatch)
    assert f"publish version 2 of {layer} from the zip of " in plan(other)
    assert other.deploy("builder=host").steps == [
        "preflight", "lookup", "import-app", "deploy-lock", "restore", "patch-config",
        "smoke-before", "chalice-deploy", "smoke",
    ]  # fmt: skip
    assert other.layers() == [first.layers()[0].removesuffix("1") + "2"]
    assert "nothing to do" in plan(other)


def plan(project: Project) -> str:
    return project.doit("plan", "stage=local", "builder=host").output
