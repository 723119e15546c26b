"""status and check=1: what is wrong with a stage that its versions do not show, in words."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.chalice_project import deploy
from tasks.release.stage import lock
from tasks.release.undo import attempt, health, snapshot
from tasks.release.undo.attempt import Attempt, Ran
from tasks.util import files
from tests import lambda_function

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:deps:2"
RAN = Ran(
    functions={"shuking-prod": {"CodeSha256": "x"}}, package="package-a.zip", record={},
    layers=[ARN], api={}, resources={},
)  # fmt: skip
MADE = Attempt(by="anna@laptop", at="2026-11-24", state="", arns=[ARN], before=RAN)


@pytest.fixture
def ready(aws: Aws) -> Aws:
    """A function that AWS has, as Chalice's state says."""
    s3.ensure_bucket(aws)
    made = lambda_function.make(aws, "shuking-prod")
    files.write_record(deploy.deployed_file("prod"), deploy.state_of({"api_handler": made}, []))
    return aws


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (attempt.DEPLOYING, "was cut short half-way: ./doitw deploy stage=prod continues it; "),
        (attempt.DEPLOYED, "was cut short, nobody asked whether it answers: ./doitw deploy"),
        (attempt.FAILED, "does not answer: it said 500; ./doitw undo stage=prod brings back"),
        (attempt.UNDOING, "failed, and its undo was cut short: ./doitw undo stage=prod goes on"),
    ],
)
def test_a_deploy_that_did_not_end(ready: Aws, state: str, said: str) -> None:
    snapshot.write(ready, MADE.now(state, "it said 500"))
    [found] = health.troubles(ready)
    assert found.startswith(f"the deploy of version 2 of deps by anna@laptop on 2026-11-24 {said}")


@pytest.mark.parametrize("state", [attempt.ANSWERED, attempt.UNDONE])
def test_one_that_ended_well(ready: Aws, state: str) -> None:
    snapshot.write(ready, MADE.now(state))
    assert health.troubles(ready) == []


def test_one_that_is_under_way(ready: Aws) -> None:
    """Somebody has the lock: it is no drift, and once the lock is free it is."""
    snapshot.write(ready, MADE.now(attempt.DEPLOYING))
    held = lock.acquire(ready)
    assert health.troubles(ready) == []
    held.release()
    assert len(health.troubles(ready)) == 1


Configuration = Callable[..., dict[str, Any] | None]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"State": "Failed", "StateReason": "the image is gone"}, "is Failed: the image is gone: "),
        ({"State": "Failed"}, "is Failed: AWS does not say why: "),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet"},
            "the last update of shuking-prod failed: no subnet: ",
        ),
        ({"State": "Inactive"}, ""),
    ],
)
def test_the_state_of_a_function(
    ready: Aws, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], said: str
) -> None:
    """As GetFunctionConfiguration tells it: moto knows `Active` alone."""
    asked: Configuration = lambda_functions.configuration
    monkeypatch.setattr(
        lambda_functions, "configuration", lambda aws, name: {**(asked(aws, name) or {}), **more}
    )
    found = health.troubles(ready)
    assert [said in line for line in found] == ([True] if said else [])
