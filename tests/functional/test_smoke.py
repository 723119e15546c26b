"""smoke over HTTP: the API's own address, by a server that answers as a test says."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws.client import Aws
from tasks.chalice_project import config, deploy
from tasks.context.connection import connect
from tasks.release.deployed import api as stage_api
from tasks.release.deployed.api import Answer
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.settings.step_records import SmokeRecord
from tasks.steps import preflight, smoke
from tasks.util import files
from tasks.util.errors import DeployError, InputError
from tests import lambda_function
from tests.answering_api import APP, Api


@pytest.fixture
def stage(aws: Aws, api: Api, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Deployed, by Chalice's state; nobody waits long."""
    Path("app.py").write_text(APP)
    state(lambda_function.make(aws, "shuking-prod"), api.url)
    monkeypatch.setattr(smoke, "PAUSE", 0.01)
    fails = Answer(status=502, body="", failure="nothing runs in it")
    monkeypatch.setattr(stage_api, "by_event", lambda *_: fails)
    return aws.settings


def state(function: str, url: str) -> None:
    found = deploy.state_of({"api_handler": function}, ["abc"])
    found["resources"][-1]["rest_api_url"] = url  # type: ignore[index] # a dict of its own shape
    files.write_record(deploy.deployed_file("prod"), found)


def deployed(settings: Settings, **record: object) -> None:
    files.write_record(paths.stage_record(settings, "chalice-deploy"), record)


def asked(settings: Settings, *requests: Request) -> SmokeRecord:
    return smoke.run(connect(replace(settings, smoke=requests)))


def problem(settings: Settings, *requests: Request) -> str:
    with pytest.raises(DeployError) as caught:
        asked(settings, *requests)
    return str(caught.value)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], list[str]]:
    """What the function itself answers; the paths that it was asked for."""

    def answers(answer: Answer) -> list[str]:
        seen: list[str] = []

        def by_event(aws: Aws, function: str, request: Request, *_: object) -> Answer:
            seen.append(request.path)
            return answer

        monkeypatch.setattr(stage_api, "by_event", by_event)
        return seen

    return answers


def test_the_apis_own_address_is_asked(
    stage: Settings, api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through its stage; what answered is said, with the address."""
    record = asked(stage)
    assert [each[:2] for each in api.seen] == [("GET", "/api/health")]
    assert record == SmokeRecord(
        function="shuking-prod", status=200, body='{"status": "ok"}', url=api.url,
        start={"init": None, "memory": None, "limit": None},  # no log of it was to be had
    )  # fmt: skip
    wanted = rf"shuking-prod: GET /health → 200 in [\d.]+ s \({re.escape(api.url)}\)"
    assert re.search(wanted, capfd.readouterr().out)


def test_a_new_api_is_asked_again(stage: Settings, api: Api) -> None:
    """API Gateway refuses for a moment; of an API that was there a refusal is one."""
    api.says = [(403, "Forbidden"), (500, "{}"), (200, "ok")]
    deployed(stage, first=True)
    assert asked(stage).status == 200
    assert len(api.seen) == 3
    api.says = [(403, '{"message":"Missing Authentication Token"}'), (200, "ok")]
    deployed(stage, first=False)
    said = problem(stage)
    assert "answered 403 to GET /health" in said
    assert "go back with ./doitw rollback stage=prod" in said


def test_a_new_api_is_not_asked_for_ever(
    stage: Settings, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it said last is the error. Another answer is one at once."""
    monkeypatch.setattr(smoke, "PATIENCE", 1.0)
    deployed(stage, first=True)
    api.says = [(503, "busy")]
    assert "answered 503 to GET /health: busy" in problem(stage)
    assert len(api.seen) >= 2
    api.seen.clear()
    api.says = [(404, "none")]
    assert "answered 404" in problem(stage)
    assert len(api.seen) == 1


def test_it_is_said_who_refuses(
    stage: Settings, api: Api, alone: Callable[[Answer], list[str]]
) -> None:
    """The function is asked as well: it answers, or its log says why not."""
    api.says = [(500, '{"message": "Internal server error"}')]
    alone(Answer(status=200, body="fine"))
    assert "(the function itself answers 200: it is API Gateway that refuses)" in problem(stage)
    alone(Answer(status=502, body="", log="ImportError: x", failure="E"))
    assert "its log ends with:\nImportError: x" in problem(stage)
    seen = alone(Answer(status=200, body=""))
    assert "answered 500 to POST /orders" in problem(stage, Request(path="/orders", method="POST"))
    assert seen == []  # it would do its work twice


def test_several_requests_each_as_it_is_told(
    stage: Settings, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Method, headers, body; the first that is answered otherwise ends it."""
    monkeypatch.setenv("TOKEN", "secret-token")
    connect.cache_clear()
    header = (("Authorization", "Bearer ${TOKEN}"),)
    wanted = Request(path="/orders?a=1", method="POST", headers=header, body="{}", status=(201,))
    api.says = [(200, "ok"), (201, "made")]
    asked(stage, Request(path="/health"), wanted)
    method, path, headers, body = api.seen[1]
    assert (method, path, body) == ("POST", "/api/orders?a=1", "{}")
    assert headers["Authorization"] == "Bearer secret-token"
    api.says = [(200, "ok")]
    assert "answered 200 to POST /orders?a=1, not 201: ok" in problem(stage, wanted)


def test_a_header_whose_variable_is_not_set(stage: Settings, api: Api) -> None:
    """Nothing is sent with `${…}` in it; preflight says it before anything is changed. It is no
    fault of the app, so nothing is undone for it."""
    request = Request(path="/", headers=(("A", "${SMOKE_TOKEN_OF_NOBODY}"),))
    with pytest.raises(InputError, match="need the environment variable SMOKE_TOKEN_OF_NOBODY"):
        asked(stage, request)
    assert api.seen == []
    with pytest.raises(InputError, match="need environment variables: SMOKE_TOKEN_OF_NOBODY"):
        preflight.check_smoke(connect(replace(stage, smoke=(request,))))


def test_a_guarded_route_may_be_expected_to_refuse(stage: Settings, api: Api) -> None:
    """So a POST-only or closed app has something to be asked for."""
    api.says = [(403, '{"message":"Missing Authentication Token"}')]
    assert asked(stage, Request(path="/me", status=(401, 403))).status == 403
    api.says = [(200, "open!")]
    assert "answered 200 to GET /me, not 401, 403" in problem(
        stage, Request(path="/me", status=(401, 403))
    )


def test_a_field_of_the_answer_may_be_expected(stage: Settings, api: Api) -> None:
    """A 200 alone may lie."""
    request = Request(path="/health", json=(("status", '"ok"'),))
    asked(stage, request)
    api.says = [(200, '{"status": "broken"}')]
    assert 'otherwise than expected: status is "broken", not "ok"' in problem(stage, request)


def test_a_redirect_is_an_answer(stage: Settings, api: Api) -> None:
    """It is followed to nobody's login page."""
    api.says = [(302, "")]
    assert "answered 302 to GET /health" in problem(stage)
    assert asked(stage, Request(path="/health", status=(302,))).status == 302
    assert [each[1] for each in api.seen] == ["/api/health"] * 2


def test_an_api_that_cannot_be_reached(
    stage: Settings, aws: Aws, alone: Callable[[Answer], list[str]]
) -> None:
    """In words."""
    state(f"arn:aws:lambda:x:{'1' * 12}:function:shuking-prod", "http://127.0.0.1:9/api/")
    alone(Answer(status=200, body=""))
    assert "cannot be reached for GET /health" in problem(stage)


@pytest.mark.parametrize("where", ["app", "stage"])
def test_a_private_api_is_asked_through_its_function(
    stage: Settings, api: Api, alone: Callable[[Answer], list[str]], where: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Nobody outside of its network reaches it, which is said."""
    table = config.load_config(paths.CHALICE_CONFIG)
    place = table if where == "app" else table["stages"]["prod"]
    place["api_gateway_endpoint_type"] = "PRIVATE"
    files.write_record(paths.CHALICE_CONFIG, table)
    seen = alone(Answer(status=200, body="ok"))
    asked(stage)
    assert (seen, api.seen) == (["/health"], [])
    assert "note: the API is private: its function is asked" in capfd.readouterr().out


def test_an_address_that_is_no_api_is_not_asked(
    stage: Settings, api: Api, alone: Callable[[Answer], list[str]]
) -> None:
    """Chalice's state lies in S3: who can write there must not be sent the headers."""
    state(f"arn:aws:lambda:x:{'1' * 12}:function:shuking-prod", "https://example.com/api/")
    assert alone(Answer(status=200, body="ok")) == []
    asked(stage)
    near = connect(stage)
    far = Aws(
        stage, {name: value for name, value in near.environ.items() if "ENDPOINT" not in name}
    )
    assert stage_api.address(far, deploy.api_url("prod")) == (
        "", "Chalice's state names no address of an API",
    )  # fmt: skip
    url = "https://abc123.execute-api.ap-northeast-2.amazonaws.com/api/"
    state(f"arn:aws:lambda:x:{'1' * 12}:function:shuking-prod", url)
    assert stage_api.address(far, url) == (url, "")


def test_what_api_gateway_guards_is_not_asked_of_the_function(
    stage: Settings, alone: Callable[[Answer], list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the authorizer's context it answers 500, and nothing is wrong with it."""
    state(f"arn:aws:lambda:x:{'1' * 12}:function:shuking-prod", "")
    seen = alone(Answer(status=200, body="ok"))
    asked(stage, Request(path="/health"), Request(path="/me"))
    assert seen == ["/health"]
    assert "note: GET /me is not asked" in capfd.readouterr().out


@pytest.mark.parametrize("path", ["none", "/me"])
def test_where_nothing_is_asked_the_functions_are_looked_at(
    stage: Settings, aws: Aws, alone: Callable[[Answer], list[str]], path: str
) -> None:
    """An app without open routes ends with 0, too."""
    state(f"arn:aws:lambda:x:{'1' * 12}:function:shuking-prod", "")
    seen = alone(Answer(status=500, body=""))
    record = smoke.run(connect(replace(stage, smoke_path=path)))
    assert (record, seen) == (SmokeRecord(function="", functions=["shuking-prod"]), [])


def test_a_path_that_the_app_does_not_have(stage: Settings, api: Api) -> None:
    """Its routes are named, and what to set."""
    api.says = [(403, '{"message":"Missing Authentication Token"}')]
    said = problem(stage, Request(path="/healthz"))
    assert "app.py has no GET /healthz, it has GET /health, GET /me: set smoke-path" in said
