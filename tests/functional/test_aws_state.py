"""Chalice's state against an AWS over HTTP: taken from S3, begun, refused, adopted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import deploy
from tasks.commands import adopt_state
from tasks.release.stage import chalice_state, store
from tasks.util import files
from tasks.util.errors import DeployError, InputError
from tests import lambda_function
from tests.moto_server import ACCOUNT, REGION

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shuking-prod"
STATE = {"resources": [{"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "known"}]}

JOB = """
from chalice import Chalice

app = Chalice(app_name="shuking")


@app.schedule("rate(1 hour)", name="job")
def work(event):
    pass
"""


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> list[str]:
    """What a person is told. The bucket is there, as the stage's lock has made it."""
    s3.ensure_bucket(aws)
    lines: list[str] = []
    for module in (chalice_state, adopt_state):
        monkeypatch.setattr(module, "say", lines.append)
    return lines


def function(aws: Aws) -> None:
    lambda_function.make(aws, "shuking-prod")


def rest_api(aws: Aws, calls: str = FUNCTION, name: str = "shuking") -> str:
    """The ID of one whose root GETs that function."""
    client = aws.client("apigateway")
    api = str(client.create_rest_api(name=name)["id"])
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    place = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{calls}/invocations"
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    return api


def kept(aws: Aws) -> Any:
    """What S3 has."""
    text = s3.get_bytes(aws, store.key(aws.settings, "deployed.json"))
    return json.loads(text) if text else None


def here(aws: Aws) -> Any:
    return files.read_record(deploy.deployed_file(aws.settings.stage))


def write_here(aws: Aws) -> None:
    files.write_record(deploy.deployed_file(aws.settings.stage), STATE)


# ---- before a deploy ----------------------------------------------------------------------------


def test_the_first_deploy_of_all_is_noted_as_begun(aws: Aws) -> None:
    """By whom and when; until its state takes the note's place."""
    chalice_state.restore(aws)
    note = kept(aws)
    assert set(note["deploying"]) == {"by", "at"}
    assert here(aws) is None
    write_here(aws)
    chalice_state.save(aws)
    assert kept(aws) == STATE


def test_a_later_deploy_notes_nothing(aws: Aws) -> None:
    """Neither with the state here, nor with it in S3: that must not be written over."""
    write_here(aws)
    chalice_state.restore(aws)
    assert kept(aws) is None
    chalice_state.save(aws)
    deploy.deployed_file("prod").unlink()
    for _ in range(2):
        chalice_state.restore(aws)
        assert (here(aws), kept(aws)) == (STATE, STATE)


def test_a_checkout_of_before_a_conversion_takes_the_new_names(aws: Aws, said: list[str]) -> None:
    """It would make the old functions again, and lead API, queues and schedules to them."""
    new = deploy.state_of({"api_handler": f"{FUNCTION}-image", "job": f"{FUNCTION}-job-image"}, [])
    s3.put_bytes(aws, store.key(aws.settings, "deployed.json"), files.canonical(new))
    files.write_record(
        deploy.deployed_file("prod"), deploy.state_of({"api_handler": FUNCTION}, ["api"])
    )
    assert chalice_state.read_state(aws) == new
    local = deploy.deployed_file("prod").read_bytes()
    chalice_state.restore(aws)
    assert here(aws) == kept(aws) == new
    files.write_atomic(deploy.deployed_file("prod"), local)
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == new
    assert said[0] == (
        ".chalice/deployed/prod.json taken from S3: another checkout gave the stage other functions"
    )


def test_a_state_that_knows_more_than_s3_stays(aws: Aws) -> None:
    """A deploy died after Chalice, before it was kept: it made this API."""
    old = deploy.state_of({"api_handler": FUNCTION}, [])
    s3.put_bytes(aws, store.key(aws.settings, "deployed.json"), files.canonical(old))
    more = deploy.state_of({"api_handler": FUNCTION, "job": f"{FUNCTION}-job"}, ["api"])
    files.write_record(deploy.deployed_file("prod"), more)
    chalice_state.restore(aws)
    assert here(aws) == chalice_state.read_state(aws) == more


def test_what_was_begun_and_left_nothing_is_begun_again(aws: Aws) -> None:
    """By whoever comes now."""
    chalice_state.restore(aws)
    chalice_state.restore(aws)
    assert here(aws) is None
    assert kept(aws)["deploying"]


def test_what_was_begun_is_continued(aws: Aws, said: list[str]) -> None:
    """It was ours: the note says so."""
    chalice_state.restore(aws)
    function(aws)
    api = rest_api(aws)
    chalice_state.restore(aws)
    assert "which ended early: it is continued" in said[0]
    assert here(aws) == deploy.state_of({"api_handler": FUNCTION}, [api])


@pytest.mark.parametrize("what", ["function", "REST API"])
def test_half_of_a_strangers_app_is_a_strangers(aws: Aws, what: str) -> None:
    """One of the two is enough; nothing is noted."""
    found = "function shuking-prod" if what == "function" else f"REST API {rest_api(aws)}"
    if what == "function":
        function(aws)
    for look in (chalice_state.restore, chalice_state.refuse_lost_state):
        with pytest.raises(DeployError, match=f"is running already \\({found}\\)") as caught:
            look(aws)
        assert "./doitw adopt-state stage=prod" in caught.value.fix
    assert kept(aws) is None


def test_a_function_beside_the_routes_is_a_strangers_as_well(aws: Aws) -> None:
    """An app without routes has only such; another stage's, whose name begins alike, is none."""
    for name in ("shuking-prod-eu", "shuking-prod-eu-job", "shuking-prod-other"):
        lambda_function.make(aws, name)
    Path("app.py").write_text(JOB, encoding="utf-8")
    chalice_state.refuse_lost_state(aws)
    job = lambda_function.make(aws, "shuking-prod-job")
    with pytest.raises(DeployError, match=r"is running already \(function shuking-prod-job\)"):
        chalice_state.restore(aws)
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == deploy.state_of({"job": job}, [])


def test_what_belongs_to_others_is_not_in_the_way(aws: Aws) -> None:
    """Another app's API, another stage's function, an API of this name that calls nothing."""
    rest_api(aws, name="other")
    rest_api(aws, calls=FUNCTION.replace("prod", "production"))
    aws.client("apigateway").create_rest_api(name="shuking")
    chalice_state.refuse_lost_state(aws)
    chalice_state.restore(aws)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null"])
def test_what_is_no_state_is_none(aws: Aws, text: bytes) -> None:
    """Somebody wrote there by hand."""
    s3.put_bytes(aws, store.key(aws.settings, "deployed.json"), text)
    chalice_state.restore(aws)
    assert here(aws) is None
    assert kept(aws)["deploying"]


# ---- adopt-state --------------------------------------------------------------------------------


def test_a_function_alone_is_adopted(aws: Aws) -> None:
    """Without a REST API: Chalice makes the one there is to be."""
    function(aws)
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == deploy.state_of({"api_handler": FUNCTION}, [])
    assert deploy.functions("prod") == {"api_handler": "shuking-prod"}


def test_an_api_alone_is_adopted(aws: Aws) -> None:
    """Its function was deleted: Chalice makes one, and no second API."""
    api = rest_api(aws)
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == deploy.state_of({}, [api])


def test_of_several_apis_the_oldest_is_adopted(aws: Aws, said: list[str]) -> None:
    """The others are named and left alone."""
    function(aws)
    apis = [rest_api(aws), rest_api(aws)]
    oldest, other = chalice_state.running(aws).apis
    assert sorted(apis) == sorted([oldest, other])
    adopt_state.adopt_state(aws)
    assert here(aws) == deploy.state_of({"api_handler": FUNCTION}, [oldest])
    assert f"REST API {other} calls it, too, and is left alone: delete it if nobody uses it" in said
    assert len(aws.client("apigateway").get_rest_apis()["items"]) == 2


def test_a_state_that_is_here_is_kept_and_saved(aws: Aws, said: list[str]) -> None:
    """Whatever runs."""
    function(aws)
    write_here(aws)
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == STATE
    assert said[0].endswith("is there: it is kept, and saved to S3")


def test_a_state_that_is_in_s3_is_taken(aws: Aws, said: list[str]) -> None:
    """It was never lost."""
    function(aws)
    write_here(aws)
    chalice_state.save(aws)
    deploy.deployed_file("prod").unlink()
    adopt_state.adopt_state(aws)
    assert here(aws) == kept(aws) == STATE
    assert said[0].startswith("the state is in S3: ")


def test_where_nothing_runs_there_is_nothing_to_adopt(aws: Aws) -> None:
    """Nor after a deploy that only began."""
    for _ in range(2):
        with pytest.raises(InputError, match="no function shuking-prod") as caught:
            adopt_state.adopt_state(aws)
        assert caught.value.fix == "deploy it: ./doitw deploy stage=prod"
        assert here(aws) is None
        chalice_state.restore(aws)
