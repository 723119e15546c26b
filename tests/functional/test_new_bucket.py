"""`publish bucket=NEW`: the bucket is made and filled, whatever was published before."""

from typing import Any

from tests.project import Project


def keys(project: Project, bucket: str) -> list[str]:
    answer = project.aws("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in answer.get("Contents", [])]


def versions(project: Project) -> list[Any]:
    answer = project.aws("lambda").list_layer_versions(LayerName="deps")
    return list(answer["LayerVersions"])


def test_a_new_bucket_is_made_and_filled(layer: Project) -> None:
    """The version stays the one that it is; a second time there is nothing to do."""
    layer.deploy()
    before = versions(layer)
    plan = layer.doit("plan", "stage=local", "bucket=another-bucket")
    assert plan.code == 2
    assert "put the zip of version 1 into s3://another-bucket" in plan.output
    assert "publish version" not in plan.output
    run = layer.doit("publish", "stage=local", "bucket=another-bucket")
    assert run.code == 0, run.output
    assert "bucket another-bucket made: private, encrypted, TLS only" in run.output
    assert "and s3://another-bucket gets its zip, too" in run.output
    assert versions(layer) == before
    there = keys(layer, "another-bucket")
    for end in ("/deps.zip", "/manifest.json", "/deps.cdx.json", "/versions/1"):
        assert any(key.endswith(end) for key in there), there
    shown = layer.doit("show", "version=1", "stage=local", "bucket=another-bucket")
    assert shown.code == 0, shown.output
    fetched = layer.doit("fetch", "version=1", "stage=local", "bucket=another-bucket")
    assert "exactly what its manifest says" in fetched.output

    plan = layer.doit("plan", "stage=local", "bucket=another-bucket")
    assert "another-bucket" not in plan.output
    again = layer.doit("publish", "stage=local", "bucket=another-bucket")
    assert again.steps[-1] == "lookup"
    assert "are version 1 already" in again.output


def test_the_first_publish_makes_it(layer: Project) -> None:
    """Nothing was there before."""
    run = layer.doit("publish", "stage=local", "bucket=first-bucket")
    assert run.code == 0, run.output
    assert any(key.endswith("/deps.zip") for key in keys(layer, "first-bucket"))
