"""tasks/layer/team_store/origins.py: whose work of the team counts for a stage."""

from dataclasses import replace
from pathlib import Path

import pytest
from botocore.loaders import Loader

from tasks.layer import installed
from tasks.layer.team_store import origins
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files

DEV = Settings(stage="dev", store_trust=("ci-dev",), bucket="deps-bucket", store="build")
PROD = replace(DEV, stage="prod", store_trust=("ci", "release"))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    origins.forget()


def test_an_entry_counts_where_its_writer_is_trusted() -> None:
    """In any order of stages, in one store."""
    [dev] = origins.trusted(DEV)
    installed.store(DEV).put_bytes(origins.folder("parts", dev), "k", b"theirs")
    assert installed.store(DEV).get("parts", "k")
    for other in (PROD, replace(DEV, bucket="other"), replace(DEV, team_store="off")):
        assert installed.store(other).get("parts", "k") is None
    installed.store(PROD).put_bytes("parts", "k", b"ours")
    found = installed.store(DEV).get("parts", "k")
    assert found
    assert found.read_bytes() == b"ours"


def test_what_stands_in_for_aws_is_no_writer_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """LocalStack, moto, MinIO: anybody writes there, under any writer's name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    [near] = origins.trusted(DEV)
    installed.store(DEV).put_bytes(origins.folder("parts", near), "k", b"theirs")
    assert installed.store(DEV).get("parts", "k")
    for elsewhere in ("http://127.0.0.1:9000", ""):
        monkeypatch.setenv("AWS_ENDPOINT_URL", elsewhere)
        assert installed.store(DEV).get("parts", "k") is None
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert installed.store(DEV).get("parts", "k") is None


def test_each_partition_has_buckets_of_its_own() -> None:
    """`shop-layers` of AWS in China is another one than `shop-layers`, and anybody's. So it is
    for each region that botocore knows."""
    partitions = Loader().load_data("endpoints")["partitions"]
    found = [
        {origins.trusted(replace(DEV, region=region)) for region in each["regions"]}
        for each in partitions
    ]
    assert len(found) > 5
    assert all(len(each) == 1 for each in found)
    assert len(set().union(*found)) == len(found)


@pytest.mark.parametrize(
    ("settings", "again"),
    [(DEV, False), (PROD, True), (replace(PROD, store_trust=("ci", "ci-dev")), False),
     (replace(DEV, bucket="other"), True), (replace(DEV, team_store="off"), True)],
)  # fmt: skip
def test_a_step_that_rests_on_another_writer_is_done_again(settings: Settings, again: bool) -> None:
    """Also where nothing else has changed: the records of a checkout are all stages'."""
    [dev] = origins.trusted(DEV)
    installed.store(DEV).put_bytes(origins.folder("parts", dev), "k", b"theirs")
    assert installed.store(DEV).get("parts", "k")
    files.write_record(paths.record(DEV, "optimize"), {"origins": origins.used()})
    assert origins.are_trusted(settings, "optimize") is not again


def test_a_writer_that_only_aws_knows_is_remembered() -> None:
    """For its stage, and for stage local."""
    plain = replace(DEV, store_trust=())
    assert origins.trusted(plain) == ()
    origins.remember(plain, "ci-dev")
    assert (
        origins.trusted(plain)
        == origins.trusted(DEV)
        == origins.trusted(replace(plain, stage="local"))
    )
    assert origins.trusted(replace(plain, stage="prod")) == ()
