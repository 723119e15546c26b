"""status and check=1: what is wrong with a stage that its versions do not show, in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.chalice_project import deploy
from tasks.release.deployed import api as stage_api
from tasks.release.deployed.api import Answer
from tasks.release.stage import lock
from tasks.release.undo import attempt, health, snapshot
from tasks.release.undo.attempt import Attempt, Ran
from tasks.settings.smoke_request import Request
from tasks.util import files
from tests import lambda_function
from tests.answering_api import APP, Api

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
        (attempt.DEPLOYED, "was cut short before the app was called: ./doitw deploy"),
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


def with_settings(aws: Aws, **settings: Any) -> Aws:
    """The same AWS."""
    return Aws(replace(aws.settings, **settings), aws.environ)


def with_api(aws: Aws, url: str) -> str:
    """The function's REST API, as Chalice's state and API Gateway have it; its ID."""
    client = aws.client("apigateway")
    made = str(client.create_rest_api(name="shuking")["id"])
    root = client.get_resources(restApiId=made)["items"][0]["id"]
    client.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=made, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=made, stageName="api")
    function = f"arn:aws:lambda:ap-northeast-2:{aws.account}:function:shuking-{aws.settings.stage}"
    found = deploy.state_of({"api_handler": function}, [made])
    found["resources"][-1]["rest_api_url"] = url  # type: ignore[index] # a dict of its own shape
    files.write_record(deploy.deployed_file(aws.settings.stage), found)
    return made


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, ""), (302, ""), (403, ""), (404, ""), (429, ""), (500, "answers 500 to GET /health: "),
     (504, "answers 504 to GET /health: ")],
)  # fmt: skip
def test_an_api_that_does_not_answer_at_its_address(
    ready: Aws, api: Api, status: int, said: str
) -> None:
    """Over HTTP. A refusal is an answer; an error of the server is none."""
    with_api(ready, api.url)
    api.says = [(status, "what it said")]
    found = health.troubles(ready)
    assert [said in line for line in found] == ([True] if said else [])
    assert [each[:2] for each in api.seen] == [("GET", "/api/health")]
    assert "what it said" not in str(found)


def test_an_address_at_which_nobody_is(ready: Aws) -> None:
    made = with_api(ready, "http://127.0.0.1:9/api/")
    [found] = health.troubles(ready)
    assert found.startswith(f"REST API {made} does not answer: http://127.0.0.1:9/api/ cannot be ")
    assert found.endswith(": ./doitw deploy stage=prod")


def test_an_api_whose_stage_is_gone(ready: Aws, api: Api) -> None:
    made = with_api(ready, api.url)
    ready.client("apigateway").delete_stage(restApiId=made, stageName="api")
    [found] = health.troubles(ready)
    assert found.startswith(f"REST API {made} has no stage api (any more)")
    assert api.seen == []


def test_only_what_changes_nothing_is_asked(ready: Aws, api: Api) -> None:
    """As smoke asks it, headers included; what needs a variable that is not set is left out."""
    with_api(ready, api.url)
    asks = (
        Request(path="/me", headers=(("Authorization", "Bearer ${NOT_SET}"),)),
        Request(path="/orders", method="POST", body="{}"),
        Request(path="/down", status=(503,)),
        Request(path="/health", headers=(("X-From", "here"),)),
    )
    api.says = [(503, "as expected"), (200, "ok")]
    assert health.troubles(with_settings(ready, smoke=asks)) == []
    assert [each[:2] for each in api.seen] == [("GET", "/api/down"), ("GET", "/api/health")]
    assert api.seen[1][2]["X-From"] == "here"


def test_a_private_api_is_not_asked(ready: Aws, api: Api) -> None:
    """Nobody outside reaches it, and that is no drift."""
    with_api(ready, "http://127.0.0.1:9/api/")
    config = Path(".chalice/config.json")
    config.write_text(config.read_text().replace(
        '"prod": {', '"prod": {"api_gateway_endpoint_type": "PRIVATE", '))  # fmt: skip
    assert health.troubles(ready) == []


def test_a_guarded_route_is_not_asked_of_the_function(
    ready: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the emulator nobody stands before it: without the authorizer's context it answers 500,
    and nothing is wrong with it."""
    Path("app.py").write_text(APP)
    config = Path(".chalice/config.json")
    config.write_text(config.read_text().replace('"dev": {}', '"local": {}'))
    local = with_settings(ready, stage="local")
    with_api(local, "https://abc.execute-api.ap-northeast-2.amazonaws.com/api/")
    seen: list[str] = []

    def by_event(aws: Aws, function: str, request: Request, *_: object) -> Answer:
        seen.append(f"{function} {request}")
        return Answer(status=500, body="")

    monkeypatch.setattr(stage_api, "by_event", by_event)
    asks = (Request(path="/me"), Request(path="/health", status=(401,)))
    guarded = with_settings(local, smoke=asks)
    assert (health.troubles(guarded), seen) == ([], [])
    [found] = health.troubles(local)
    assert "shuking-local answers 500 to GET /health" in found
    assert seen == ["shuking-local GET /health"]
