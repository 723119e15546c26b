"""`local-stop keep=1`: what an app has put into the emulator is there after the next start."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, small

REGION = "ap-northeast-2"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deployed, with data, stopped and started."""
    made = small(tmp_path_factory.mktemp("kept") / "project")
    made.deploy()
    fill(made)
    run = made.doit("local-stop", "keep=1")
    assert run.code == 0, run.output
    assert "kept for the next start: build/local/kept.pickle" in run.output
    assert "is not kept" not in run.output
    yield made
    made.doit("local-stop")


def fill(made: Project) -> None:
    """An object, a message, an item, a parameter that moto keeps in a way of its own, a key."""
    s3, sqs, table = made.aws("s3"), made.aws("sqs"), made.aws("dynamodb")
    s3.create_bucket(Bucket="shelf", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="shelf", Key="a", Body=b"mine")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="jobs")["QueueUrl"], MessageBody="one")
    table.create_table(
        TableName="people", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip
    table.put_item(TableName="people", Item={"id": {"S": "anna"}})
    made.aws("ssm").put_parameter(Name="/word", Value="x", Type="String")
    made.aws("kms").create_key()
    made.aws("cognito-idp").create_user_pool(PoolName="pool")


def names(made: Project) -> list[str]:
    return [each["Name"] for each in made.aws("s3").list_buckets()["Buckets"]]


def test_a_demo_survives_a_restart(kept: Project) -> None:
    """Its data, its function, and what the project's records say: nothing is deployed again."""
    folder = kept.path / "build/local"
    assert (folder / "kept.pickle").stat().st_mode & 0o777 == 0o600
    again = kept.deploy()
    assert "· chalice-deploy: up to date" in again.output
    assert "cleared" not in again.output
    assert not (folder / "kept.pickle").exists()  # from now on the server has it
    assert kept.aws("s3").get_object(Bucket="shelf", Key="a")["Body"].read() == b"mine"
    sqs = kept.aws("sqs")
    queue = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "one"
    assert kept.aws("dynamodb").scan(TableName="people")["Items"] == [{"id": {"S": "anna"}}]
    assert kept.aws("ssm").get_parameter(Name="/word")["Parameter"]["Value"] == "x"
    assert len(kept.aws("kms").list_keys()["Keys"]) == 1
    assert kept.doit("invoke", "path=/health", "stage=local").code == 0


def test_what_others_could_have_written_is_not_loaded(kept: Project) -> None:
    """Nor what another version has kept; both are said. Without keep=1 all is gone."""
    kept.doit("local-start")
    kept.doit("local-stop", "keep=1")
    state, note = (kept.path / "build/local" / name for name in ("kept.pickle", "kept.json"))
    state.chmod(0o666)
    run = kept.doit("local-start")
    assert "warning: what was kept in build/local/kept.pickle is not loaded" in run.output
    assert names(kept) == []
    kept.doit("local-stop", "keep=1")
    told = json.loads(note.read_text())
    note.write_text(json.dumps({**told, "made_by": "0.0.1, moto 1.0, Python 3.12"}))
    run = kept.doit("local-start")
    assert "is not loaded: 0.0.1, moto 1.0, Python 3.12 wrote it" in run.output
    kept.doit("local-stop")
    assert [path for path in (state, note) if path.exists()] == []


def test_nothing_runs_and_nothing_is_kept(tmp_path: Path) -> None:
    run = small(tmp_path / "project").doit("local-stop", "keep=1")
    assert run.code == 0
    assert "no emulator of ours runs" in run.output
