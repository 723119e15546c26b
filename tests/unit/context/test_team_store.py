"""tasks/context/team_store.py: who uses the team's store, and as whom."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.aws.credentials import Identity
from tasks.context import team_store
from tasks.settings.model import Settings

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("typed", "stage", "said", "mode"),
    [
        ("deploy", "prod", "", "read-write"), ("publish", "prod", "", "read-write"),
        ("build", "prod", "", "off"), ("deploy", "local", "", "off"),
        ("deploy", "prod", "off", "off"), ("build", "prod", "read", "read"),
        ("build", "local", "read-write", "read-write"),
    ],
)  # fmt: skip
def test_what_speaks_with_aws_anyway_uses_it(
    monkeypatch: pytest.MonkeyPatch, typed: str, stage: str, said: str, mode: str
) -> None:
    """And a setting says it for all."""
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
