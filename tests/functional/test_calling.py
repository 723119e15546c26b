"""A deployed app is called, listened to and packed: `invoke`, `logs`, `local-url`, `package`."""

import base64
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests import browser
from tests.project import Project, clean_environment, small

APP = """
from chalice import AuthResponse, Chalice, CognitoUserPoolAuthorizer, CORSConfig, IAMAuthorizer
from chalice import Rate, Response

app = Chalice(app_name="shuking")
shop = CORSConfig(allow_origin="https://shop.example", allow_headers=["X-Cart"], max_age=7)
pool = CognitoUserPoolAuthorizer(
    "pool", provider_arns=["arn:aws:cognito-idp:ap-northeast-2:123456789012:userpool/POOL"]
)


@app.route("/health")
def health():
    return {"fine": True}


@app.route("/open", methods=["GET", "PUT"], cors=True)
def opened():
    return {"method": app.current_request.method}


@app.route("/shop", cors=shop)
def shopping():
    return {}


@app.route("/items/{item}", methods=["GET", "POST"])
def items(item):
    asked = app.current_request
    return {"item": item, "asked": asked.query_params, "body": asked.raw_body.decode()}


@app.route("/turned", methods=["POST"], content_types=["application/octet-stream"])
def turned():
    kind = {"Content-Type": "application/octet-stream"}
    return Response(app.current_request.raw_body[::-1], headers=kind)


@app.authorizer()
def doorman(request):
    routes = ["/inside"] if request.token == "friend" else []
    return AuthResponse(routes=routes, principal_id="anna", context={"number": 7})


@app.route("/inside", authorizer=doorman)
def inside():
    return app.current_request.context["authorizer"]


@app.route("/keyed", api_key_required=True)
def keyed():
    return {}


@app.route("/signed", authorizer=IAMAuthorizer())
def signed():
    return {}


@app.route("/pooled", authorizer=pool)
def pooled():
    return app.current_request.context["authorizer"]["claims"]


@app.route("/named/{name}")
def named(name):
    return Response(name, headers={"Content-Type": "text/plain", "X-Name": name})


@app.route("/status/{status}")
def status(status):
    return Response("", status_code=int(status))


@app.route("/broken")
def broken():
    raise KeyError("gone")


@app.lambda_function()
def plain(event, context):
    print("plain speaks")
    return event


@app.lambda_function()
def told(event, context):
    return context.client_context.custom


@app.lambda_function()
def failing(event, context):
    raise KeyError("nothing")


@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event):
    return event.to_dict()
"""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deployed to stage local."""
    made = small(tmp_path_factory.mktemp("calling") / "project")
    made.write("app.py", APP)
    made.write("deployed.txt", made.deploy().output)
    yield made
    made.doit("local-stop")


@pytest.fixture(scope="module")
def url(called: Project) -> str:
    run = called.doit("local-url")
    found = re.search(r"^   (http://127\.0\.0\.1:\d+)$", run.output, re.M)
    assert found, run.output
    return found[1]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> object:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))


# ---- a deploy's last words ----------------------------------------------------------------------


def test_a_deploy_says_how_the_app_is_called_here(called: Project, url: str) -> None:
    """Nothing of it is an address of the real AWS; what it says works. `status` says the same."""
    said = called.read("deployed.txt")
    assert "amazonaws.com" not in said
    told = re.search(r"^call   \./doitw (invoke .*); an address: \./doitw local-url$", said, re.M)
    assert told, said
    assert called.doit(*told[1].split()).code == 0
    status = called.doit("status", "stage=local").output
    assert re.search(rf"^ call +curl {url}/health *$", status, re.M), status
    assert f"call   curl {url}/health\n" in called.deploy().output
    assert ask(f"{url}/health").json == {"fine": True}


# ---- local-url ----------------------------------------------------------------------------------


def test_routes_answer_as_api_gateway_has_them(url: str) -> None:
    """Parameters, queries, bodies, methods, what is no route, a function that fails."""
    found = ask(f"{url}/items/a%20b?q=1", "POST", b'{"x": 1}', Content_Type="application/json")
    assert found.json == {"item": "a b", "asked": {"q": "1"}, "body": '{"x": 1}'}
    assert ask(f"{url}/open", "PUT").json == {"method": "PUT"}
    for path, method in (("/nowhere", "GET"), ("/health", "POST"), ("/items/1/2", "GET")):
        refused = ask(url + path, method)
        assert (refused.status, refused.json) == (403, {"message": "Missing Authentication Token"})
    assert ask(f"{url}/broken").status == 500


def test_every_answer_of_a_function_is_one(called: Project, url: str) -> None:
    """In a header any language; an encoded slash parts nothing. What HTTP cannot carry is an error,
    with its reason in the server's log. The connection ends each time."""
    found = ask(f"{url}/named/%ED%95%9C%2Fa")
    assert (found.status, found.body.decode()) == (200, "한/a")
    assert found.headers["X-Name"].encode("latin-1").decode() == "한/a"
    assert ask(f"{url}/status/404").status == 404
    for path in ("/status/0", "/status/101", "/status/999"):
        assert (ask(url + path).status, ask(url + path).json) == (
            502, {"message": "Internal server error"},
        )  # fmt: skip
    log = called.read("build/local/server.log")
    assert "local-url: GET /status/101: 502, because statusCode is no status: 101" in log
    assert ask(f"{url}/named/a%0Ab").status in (500, 502)


def test_bytes_go_through_as_they_are(url: str) -> None:
    kind = "application/octet-stream"
    answer = ask(f"{url}/turned", "POST", b"\x00\xff1", Content_Type=kind, Accept=kind)
    assert (answer.status, answer.body) == (200, b"1\xff\x00")


LIMIT = 6_291_456  # bytes of an event (AWS, "Lambda quotas"); 1 MB of one that is not waited for


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [
        ("RequestResponse", LIMIT, ""),
        (
            "RequestResponse",
            LIMIT + 1,
            f"must be smaller than {LIMIT} bytes for the InvokeFunction",
        ),
        ("Event", 1_048_576, ""),
        ("Event", 1_048_577, "1048577 byte payload is too large for the Event invocation type"),
    ],
)
def test_an_event_has_lambdas_limit(called: Project, kind: str, size: int, words: str) -> None:
    """The least that is over it is refused, as AWS refuses it."""
    client, payload = called.aws("lambda"), b'"' + b"x" * (size - 2) + b'"'
    if not words:
        client.invoke(FunctionName="shuking-local-plain", InvocationType=kind, Payload=payload)
        return
    with pytest.raises(ClientError, match=words) as caught:
        client.invoke(FunctionName="shuking-local-plain", InvocationType=kind, Payload=payload)
    assert caught.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_request_whose_event_is_too_long_for_lambda(url: str) -> None:
    """API Gateway itself takes more."""
    found = ask(f"{url}/items/a", "POST", b"x" * LIMIT, Content_Type="text/plain")
    assert (found.status, found.json) == (413, {"message": "Request Too Long"})


@pytest.mark.parametrize("said", ["\u00e9", "\ud55c", "a\nb"])
def test_a_clients_context_is_any_json(called: Project, said: str) -> None:
    """It goes to the function in a header."""
    context = base64.b64encode(json.dumps({"custom": {"a": said}}, ensure_ascii=False).encode())
    asked = {"FunctionName": "shuking-local-told", "Payload": b"{}"}
    answer = called.aws("lambda").invoke(ClientContext=context.decode(), **asked)
    assert json.load(answer["Payload"]) == {"a": said}
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        called.aws("lambda").invoke(ClientContext=base64.b64encode(b"{").decode(), **asked)


def test_guards_let_in_whom_they_should(called: Project, url: str) -> None:
    """The app's own authorizer, an API key, IAM, a user pool's token."""
    assert ask(f"{url}/inside").status == 401
    assert ask(f"{url}/inside", Authorization="stranger").status == 403
    assert ask(f"{url}/inside", Authorization="friend").json == {
        "principalId": "anna", "number": "7",
    }  # fmt: skip
    assert ask(f"{url}/keyed").status == 403
    assert ask(f"{url}/keyed", x_api_key="any").status == 200
    made = called.aws("apigateway").create_api_key(name="mine", enabled=True)
    assert ask(f"{url}/keyed", x_api_key="any").status == 403
    assert ask(f"{url}/keyed", x_api_key=made["value"]).status == 200
    assert ask(f"{url}/pooled", Authorization="e30.e30.e30").status == 401
    assert ask(f"{url}/signed").status == 403
    access = called.access()
    request = AWSRequest("GET", f"{url}/signed", headers={"host": url.removeprefix("http://")})
    keys = Credentials(access.key, access.secret)
    SigV4Auth(keys, "execute-api", "ap-northeast-2").add_auth(request)
    sent = {name: str(value) for name, value in request.headers.items()}
    assert ask(f"{url}/signed", "GET", None, **sent).status == 200


def test_a_preflight_is_answered_by_the_apps_cors(url: str) -> None:
    """Chalice's default, and settings of the app's own."""
    told = ask(f"{url}/open", "OPTIONS", Origin="https://a.example").headers
    assert told["Access-Control-Allow-Origin"] == "*"
    assert {*told["Access-Control-Allow-Methods"].split(",")} == {"GET", "PUT", "OPTIONS"}
    told = ask(f"{url}/shop", "OPTIONS", Origin="https://a.example").headers
    assert told["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "X-Cart" in told["Access-Control-Allow-Headers"]
    assert told["Access-Control-Max-Age"] == "7"
    assert ask(f"{url}/health", "OPTIONS").status == 403


def test_names_of_other_machines_are_not_answered(url: str) -> None:
    """A page whose name was made to mean 127.0.0.1 would be of the same origin."""
    port = url.rpartition(":")[2]
    assert ask(f"{url}/health", Host=f"evil.example:{port}").status == 421
    assert ask(f"{url}/health", Host=f"localhost:{port}").status == 200


PAGE = """<!doctype html><meta charset="utf-8"><title>shop</title><body><script>
const ask = (path, how) => fetch("%(url)s" + path, how)
  .then(async answer => [answer.status, await answer.json()], error => "refused");
(async () => {
  const json = {"Content-Type": "application/json"};
  const seen = {
    open: await ask("/open"),
    put: await ask("/open", {method: "PUT", headers: json, body: "{}"}),
    closed: await ask("/health"),
    other: await ask("/shop"),
  };
  await fetch("/__seen", {method: "POST", body: JSON.stringify(seen)});
})();
</script>"""


def test_a_browser_reads_what_the_apps_cors_allows(url: str, tmp_path: Path) -> None:
    """A page of another origin, in Chromium: with a preflight, too; not what is another's, nor a
    route without CORS."""
    seen = browser.told(tmp_path, PAGE % {"url": url})
    assert seen == {
        "open": [200, {"method": "GET"}], "put": [200, {"method": "PUT"}],
        "closed": "refused", "other": "refused",
    }  # fmt: skip


def test_a_port_that_is_taken_is_named(called: Project, url: str) -> None:
    """And the address that there was still answers; one that is free is served from then on."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = called.doit("local-url", f"port={port}")
    assert run.code == 1
    assert f"port {port} cannot be served: Address already in use" in run.output
    assert "→ choose another: port=NUMBER" in run.output
    assert ask(f"{url}/health").status == 200
    assert f"   {url}\n" in called.doit("local-url").output


def test_nothing_is_served_before_a_deploy(tmp_path: Path) -> None:
    made = small(tmp_path / "project")
    run = made.doit("local-url")
    made.doit("local-stop")
    assert run.code == 1
    assert (
        "stage local has no routes that could be served\n→ ./doitw deploy stage=local" in run.output
    )


# ---- invoke -------------------------------------------------------------------------------------


def test_a_file_is_the_event(called: Project) -> None:
    """As it is; its answer and its log are shown."""
    called.write("event.json", '{"hello": ["w", 1]}')
    run = called.doit("invoke", "name=plain", "event=event.json", "stage=local")
    assert run.code == 0, run.output
    assert "plain speaks" in run.output
    answer = run.output.partition("shuking-local-plain answers:\n")[2].partition("✓")[0]
    assert json.loads(answer) == {"hello": ["w", 1]}


def test_an_example_is_made_from_the_app(called: Project) -> None:
    """The only function of that kind, and its rule; a request for a route by name."""
    run = called.doit("invoke", "event=schedule", "stage=local")
    assert run.code == 0, run.output
    assert run.output.count("rule/shuking-local-hourly-event") == 2  # the event, the answer
    run = called.doit("-v", "1", "invoke", "event=schedule", "stage=local")
    assert run.output.count("rule/shuking-local-hourly-event") == 1
    run = called.doit("invoke", "path=POST /items/7", "stage=local")
    assert "shuking-local answers 200" in run.output
    assert '"item": "7"' in run.output


def test_a_function_that_fails_ends_with_1(called: Project) -> None:
    """With the line of the app; a request that is answered with 500, too."""
    run = called.doit("invoke", "name=failing", "stage=local")
    assert run.code == 1
    failed = "shuking-local-failing failed: KeyError: 'nothing'\n  --> app.py:"
    assert f"{failed}{APP.count(chr(10), 0, APP.index('nothing')) + 1}\n" in run.output
    run = called.doit("invoke", "path=/broken", "stage=local")
    assert run.code == 1
    assert "shuking-local answers 500\n→ its log says why: ./doitw logs" in run.output


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "name=plian",
            "has no function plian (did you mean plain?). It has: plain, told, failing, hourly",
        ),
        ("name=hourly event=sqs", "hourly takes schedule events, no sqs events"),
        ("name=plain event=none.json", "event=none.json is no file, and no kind of event (http"),
        ("name=plain event=bad.json", "bad.json is not JSON: Expecting"),
        ("event=sqs", "stage local has no function for sqs events. It has: plain"),
        ("stage=local", "stage local has several functions: plain"),
        ("path=health", "path=health is no path"),
    ],
)
def test_what_cannot_be_called_is_said(called: Project, typed: str, said: str) -> None:
    called.write("bad.json", '{"a": 1,\n "b": }\n')
    run = called.doit("invoke", *typed.split(), "stage=local")
    assert run.code in (1, 3)
    assert said in run.output
    assert "\n→ " in run.output
    assert "Traceback" not in run.output


def test_nothing_is_called_where_nothing_runs(tmp_path: Path) -> None:
    run = small(tmp_path / "project").doit("invoke", "stage=local")
    assert run.code == 1
    assert "the emulator is not running\n→ `./doitw deploy stage=local` starts it" in run.output


# ---- logs ---------------------------------------------------------------------------------------


def test_logs_of_one_function_and_of_all(called: Project) -> None:
    called.doit("invoke", "name=plain", "stage=local")
    one = called.doit("logs", "name=plain", "stage=local").output
    assert re.search(r"^   \d\d-\d\d [\d:]{8}  plain speaks$", one, re.M), one
    every = called.doit("logs", "stage=local").output
    assert re.search(r"  shuking-local-plain  plain speaks$", every, re.M), every
    assert "did you mean plain?" in called.doit("logs", "name=plian", "stage=local").output
    assert (
        "since=soon is no span of time such as 30s, 10m"
        in called.doit("logs", "since=soon", "stage=local").output
    )


def test_logs_are_followed_until_they_are_stopped(called: Project) -> None:
    """Each line once, as it comes."""
    words = [sys.executable, "-m", "tasks", "logs", "name=plain", "follow=1", "since=1s"]
    process = subprocess.Popen(
        [*words, "stage=local"], cwd=called.path, env=clean_environment() | called.environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    while "nothing since" not in process.stdout.readline():
        pass
    called.doit("invoke", "name=plain", "stage=local")
    while "plain speaks" not in process.stdout.readline():
        pass
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "plain speaks" not in rest
    assert "stopped" in rest


# ---- package ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cloudformation", "terraform"])
def test_a_template_names_the_layer(called: Project, kind: str) -> None:
    """Every function has its ARN, and none of its packages; nothing is deployed."""
    run = called.doit("package", f"format={kind}", "stage=local")
    assert run.code == 0, run.output
    assert "chalice-deploy" not in run.steps
    folder = called.path / "build/package/deps/local" / kind
    found = layers_of(folder)
    assert len(found) == 6
    assert all(each == called.layers() for each in found)
    with zipfile.ZipFile(folder / "deployment.zip") as package:
        assert "app.py" in package.namelist()
        assert [name for name in package.namelist() if name.startswith("six")] == []


def layers_of(folder: Path) -> list[list[str]]:
    """Those of each function of a template."""
    [template] = folder.glob("*.json")
    told = json.loads(template.read_text())
    if template.name == "sam.json":
        made = [each["Properties"] for each in told["Resources"].values()]
        return [each["Layers"] for each in made if "CodeUri" in each]
    return [each["layers"] for each in told["resource"]["aws_lambda_function"].values()]


def test_a_format_that_is_none_is_said(called: Project) -> None:
    assert "'terrafrom' is not a format (did you mean terraform?)" in called.doit(
        "package", "format=terrafrom", "stage=local"
    ).output  # fmt: skip
    said = called.doit("local-start", "format=terraform").output
    assert "format=terraform belongs to package" in said
