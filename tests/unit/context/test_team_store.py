"""tasks/context/team_store.py: who uses the team's store, and as whom."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.aws.client import Aws
from tasks.aws.credentials import Identity
from tasks.context import team_store
from tasks.settings.model import Settings
from tasks.util.errors import AwsError

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("typed", "stage", "said", "mode"),
    [
        ("deploy", "prod", "", "read-write"), ("publish", "prod", "", "read-write"),
        ("build", "prod", "", "off"), ("deploy", "local", "", "off"),
        ("deploy", "prod", "off", "off"), ("build", "prod", "read", "read"),
        ("build", "local", "read-write", "off"), ("deploy", "local", "read", "off"),
    ],
)  # fmt: skip
def test_what_speaks_with_aws_anyway_uses_it(
    monkeypatch: pytest.MonkeyPatch, typed: str, stage: str, said: str, mode: str
) -> None:
    """And a setting says it for all but the emulator, where any function may lay down entries."""
    monkeypatch.setattr(sys, "argv", ["doit", typed])
    assert team_store.mode(Settings(stage=stage, team_store=said)) == mode


def somebody(arn: str, settings: Settings) -> Any:
    return SimpleNamespace(settings=settings, identity=Identity(account=ACCOUNT, arn=arn))


@pytest.mark.parametrize(
    ("arn", "writer"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy-prod/GitHubActions", "deploy-prod"),
        (f"arn:aws:iam::{ACCOUNT}:user/people/anna", "anna"),
        (f"arn:aws:iam::{ACCOUNT}:root", "root"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/../x", ""),
    ],
)
def test_a_writer_is_called_as_its_role(arn: str, writer: str) -> None:
    """What is no part of a key in S3 writes nothing."""
    settings = Settings()
    assert team_store.writer_of(somebody(arn, settings)) == writer
    role = replace(settings, role=f"arn:aws:iam::{ACCOUNT}:role/company/ci")
    assert team_store.writer_of(somebody(arn, role)) == "ci"
    assert team_store.writer_of(somebody(arn, replace(role, store_writer="mine"))) == "mine"


@pytest.mark.parametrize("how", ["profile", "services", "variable", "vpc", "aws"])
def test_what_stands_in_for_aws_and_has_no_name_here_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    """A later run would count its entries as those of AWS's bucket of that name. An endpoint of a
    VPC is AWS's."""
    url = "http://127.0.0.1:9000"
    profile = {
        "profile": f"endpoint_url = {url}\n",
        "services": f"services = near\n[services near]\ns3 =\n  endpoint_url = {url}\n",
    }
    (tmp_path / "config").write_text(f"[default]\n{profile.get(how, '')}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    vpc = "https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com"
    if how in ("variable", "vpc"):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", vpc if how == "vpc" else url)
    aws = Aws(Settings(), {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    if how in ("vpc", "aws"):
        team_store.refuse_nameless(aws)
    else:
        with pytest.raises(AwsError, match=r"127\.0\.0\.1"):
            team_store.refuse_nameless(aws)
