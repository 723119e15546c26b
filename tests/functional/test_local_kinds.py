"""Every kind of function that a Chalice app can have deploys to stage=local, answers, and gets its
event: one app, one server, builder=host. In containers: tests/docker/test_local_kinds.py."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from simple_websocket import Client, ConnectionClosed

from tasks.chalice_project import api_event
from tests import local_kinds
from tests.local_kinds import got
from tests.project import Project, Run

PATIENCE = 60.0  # seconds for a function's first answer


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Run]]:
    made = local_kinds.project(tmp_path_factory.mktemp("kinds") / "project")
    yield made, made.deploy()
    made.doit("local-stop")


@pytest.fixture
def kinds(first: tuple[Project, Run]) -> Project:
    return first[0]


def test_what_the_app_names_and_nobody_has_is_made_and_said(first: tuple[Project, Run]) -> None:
    """That of another account and region, too; once each."""
    wanted = ["queue jobs", "queue line.fifo", "topic news", "bucket kinds-in",
              "table orders, with the key id (text)", "stream clicks"]  # fmt: skip
    for each in wanted:
        assert first[1].output.count(f"made in the emulator, which had none: {each}") == 1


def test_what_only_an_account_has_is_left_out_and_said(first: tuple[Project, Run]) -> None:
    """Once each."""
    for name in ("manage_iam_role", "api_gateway_custom_domain", "websocket_api_custom_domain"):
        assert first[1].output.count(f"{name} of config.json: the emulator has no ") == 1


def test_a_layer_of_somebody_else_is_an_empty_one(first: tuple[Project, Run]) -> None:
    """Said, and named by the function as app and config.json have it, with this one beside it."""
    made, run = first
    said = f"the emulator has no {local_kinds.FONTS}: an empty layer stands in its place"
    assert run.output.count(said) == 1
    once = made.aws("lambda").get_function_configuration(FunctionName="kinds-local-once")
    assert [each["Arn"] for each in once["Layers"]] == [local_kinds.FONTS, *made.layers()]


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/open", {"six": "1.16.0", "middleware": ["Request"]}),
        ("PUT", "/cross/me", {"name": "me"}),
        ("GET", "/parts/x", {"blueprint": True}),
        ("GET", "/key", {}),
    ],
)
def test_a_route_answers(kinds: Project, method: str, path: str, wanted: dict[str, object]) -> None:
    """With CORS, its own and the app's; in a blueprint; middleware is around all of them."""
    routes = ["/open", "/cross/{name}", "/parts/x", "/key"]
    event = api_event.event(path, method, routes=routes)
    answer = kinds.aws("lambda").invoke(FunctionName="kinds-local", Payload=json.dumps(event))
    body = json.loads(json.load(answer["Payload"])["body"])
    assert {name: body[name][:1] if name == "middleware" else body[name] for name in body} == wanted


def test_a_picture_comes_back_as_bytes(kinds: Project) -> None:
    event = api_event.event("/picture", "POST", {"content-type": "image/png"}, "cGlj")
    event |= {"isBase64Encoded": True}
    event["headers"] |= {"accept": "image/png"}
    answer = kinds.aws("lambda").invoke(FunctionName="kinds-local", Payload=json.dumps(event))
    answered = json.load(answer["Payload"])
    assert (answered["isBase64Encoded"], answered["body"]) == (True, "Y2lw")


def test_a_preflight_is_an_integration_of_the_api(kinds: Project) -> None:
    api = kinds.aws("apigateway")
    (rest,) = api.get_rest_apis()["items"]
    listed = api.get_resources(restApiId=rest["id"])["items"]
    methods = {each["path"]: sorted(each.get("resourceMethods", {})) for each in listed}
    assert methods["/cross/{name}"] == ["GET", "OPTIONS", "PUT"]
    assert methods["/key"] == ["GET"]


def test_an_authorizer_decides(kinds: Project) -> None:
    asked = {"type": "TOKEN", "authorizationToken": "t",
             "methodArn": "arn:aws:execute-api:r:123456789012:id/api/GET/open"}  # fmt: skip
    answer = kinds.aws("lambda").invoke(
        FunctionName="kinds-local-doorman", Payload=json.dumps(asked)
    )
    (statement,) = json.load(answer["Payload"])["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"


def test_a_function_has_memory_time_and_variables_of_its_own(kinds: Project) -> None:
    client = kinds.aws("lambda")
    answer = client.invoke(FunctionName="kinds-local-once", Payload='{"a": 1}')
    assert json.load(answer["Payload"]) == {
        "kind": "pure", "event": {"a": 1}, "memory": "384", "mode": "one",
    }  # fmt: skip
    assert client.get_function_configuration(FunctionName="kinds-local-once")["Timeout"] == 7


def test_a_function_without_layers_has_none(kinds: Project) -> None:
    found = kinds.aws("lambda").get_function_configuration(FunctionName="kinds-local-bare")
    assert found.get("Layers", []) == []


def test_a_queues_message(kinds: Project) -> None:
    local_kinds.send_message(kinds, MessageBody="one")
    assert got(kinds, "jobs") == {"kind": "sqs", "bodies": ["one"], "six": "1.16.0"}


def test_a_fifo_queues_message(kinds: Project) -> None:
    """Of a queue that the app names by the ARN of another account."""
    local_kinds.send_message(kinds, "line.fifo", MessageBody="first", MessageGroupId="g")
    assert got(kinds, "line")["bodies"] == ["first"]


def test_a_topics_message_with_its_own_attributes(kinds: Project) -> None:
    local_kinds.publish(kinds)
    assert got(kinds, "news") == {
        "kind": "sns", "subject": "about", "message": "hello", "six": "1.16.0",
        "attributes": {"colour": {"Type": "String", "Value": "red"}},
    }  # fmt: skip


def test_an_object_of_the_right_name(kinds: Project) -> None:
    """One that has another prefix or suffix is none of the function's."""
    local_kinds.put_objects(kinds)
    found = got(kinds, "object_made")
    assert (found["bucket"], found["key"]) == ("kinds-in", "in/b c.txt")


def test_a_tables_record(kinds: Project) -> None:
    local_kinds.put_item(kinds)
    found = got(kinds, "orders")
    assert (found["names"], found["new"]) == (["INSERT"], [{"id": {"S": "7"}}])


def test_a_streams_record(kinds: Project) -> None:
    local_kinds.put_record(kinds)
    assert got(kinds, "clicks")["data"] == ["click"]


def test_an_event_that_a_rule_takes(kinds: Project) -> None:
    """And no other: the schedules get none of it."""
    local_kinds.put_events(kinds)
    assert got(kinds, "paid")["detail"] == {"state": "paid"}
    groups = kinds.aws("logs").describe_log_groups()["logGroups"]
    assert not [each for each in groups if each["logGroupName"].endswith(("evening", "hourly"))]


def test_a_schedules_event_that_nobody_waits_for(kinds: Project) -> None:
    """Sent by the type `Event`, which is answered at once."""
    event = {"detail-type": "Scheduled Event", "source": "aws.events", "account": "1", "time": "",
             "id": "1", "region": "r", "resources": [], "detail": {}, "version": "0"}  # fmt: skip
    answer = kinds.aws("lambda").invoke(
        FunctionName="kinds-local-parts_hourly", InvocationType="Event", Payload=json.dumps(event)
    )
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert got(kinds, "parts_hourly")["detail"] == "Scheduled Event"


@pytest.mark.parametrize("kind", ["connect", "message", "disconnect"])
def test_a_websockets_event(kinds: Project, kind: str) -> None:
    # an app sends to the API of its process's first event, also here
    api = f"{kinds.access().host}/local"
    context = {"domainName": "d", "apiId": api, "stage": "api", "connectionId": "c1"}
    event = {"requestContext": context, "body": "hello"}
    name = f"websocket_{kind}"
    answer = kinds.aws("lambda").invoke(
        FunctionName=f"kinds-local-{name}", Payload=json.dumps(event)
    )
    assert json.load(answer["Payload"])["statusCode"] == 200
    assert got(kinds, name)["kind"] == kind


def test_a_websocket_api_is_deployed(kinds: Project) -> None:
    (api,) = kinds.aws("apigatewayv2").get_apis()["Items"]
    routes = kinds.aws("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"]
    assert sorted(x["RouteKey"] for x in routes) == ["$connect", "$default", "$disconnect"]


def test_a_websocket_on_the_apps_own_port(kinds: Project) -> None:
    """The app answers by the connection, asks about it, and ends it; other connections stay."""
    said = kinds.doit("local-url").output
    url = re.search(r"websockets: (ws://127\.0\.0\.1:\d+/)", said)
    assert url, said
    with connected(url[1]) as one, connected(url[1] + "api?token=good") as other:
        one.send("echo hello")
        assert one.receive(PATIENCE) == "hello from 127.0.0.1"
        one.send("gone")
        assert one.receive(PATIENCE) == "nobody is gone"
        one.send("fail with it")
        assert json.loads(str(one.receive(PATIENCE)))["message"] == "Internal server error"
        one.send("leave")
        with pytest.raises(ConnectionClosed):
            one.receive(PATIENCE)
        other.send("echo still here")
        assert other.receive(PATIENCE) == "still here from 127.0.0.1"


def test_a_websocket_that_the_app_refuses(kinds: Project) -> None:
    """With its own status; nothing is open then."""
    url = urlsplit(kinds.doit("local-url").output.partition("websockets: ")[2].split()[0])
    asking = HTTPConnection(url.netloc, timeout=PATIENCE)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    asking.request("GET", "/?token=bad", headers=headers)
    with closing(asking):
        assert asking.getresponse().status == 401


def test_invoke_makes_an_event_of_the_functions_own_kind(kinds: Project) -> None:
    """Nothing of it is the app's fault: a message, a request for an authorizer."""
    for name, said in (("websocket_message", "statusCode"), ("doorman", "principalId")):
        run = kinds.doit("invoke", f"name={name}", "stage=local")
        assert (run.code, said in run.output) == (0, True), run.output


@contextmanager
def connected(url: str) -> Iterator[Any]:
    client = Client.connect(url)
    try:
        yield client
    finally:
        with suppress(ConnectionClosed):
            client.close()


def test_what_the_server_cannot_do_is_said_so(kinds: Project) -> None:
    """In words, by an error that an SDK understands, and no page of a web server's."""
    client = kinds.aws("apigatewayv2")
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.get_deployments(ApiId="x")
    assert "the emulator cannot do apigateway GET /v2/apis/x/deployments yet" in str(refused.value)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"


def test_deployed_again_it_has_the_same_sources(kinds: Project) -> None:
    """What is there stays as it is, also with other attributes than it would be made with."""
    sqs = kinds.aws("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    kinds.write("app.py", kinds.read("app.py") + "\n# another line\n")
    assert "which had none" not in kinds.deploy().output
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert kept["Attributes"]["VisibilityTimeout"] == "77"
    mappings = kinds.aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len(mappings) == 4
