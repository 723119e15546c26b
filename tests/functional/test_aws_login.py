"""How people log in: MFA, web identity, `aws login`, a company's certificates."""

import hashlib
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from tasks.aws import credentials
from tasks.context import open_team_store
from tasks.context.connection import connect, connect_read_only
from tasks.layer.team_store.patience import Patience
from tasks.release.deployed import api
from tasks.sandbox import host
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.ui import console
from tasks.util.errors import AwsError
from tests.installed_wheel import uv
from tests.moto_server import ACCOUNT, Refusal, Server
from tests.project import ROOT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
CONFIG = f"""
[profile work]
role_arn = {ROLE}
source_profile = me
mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/me
region = eu-west-1

[profile me]
aws_access_key_id = testing
aws_secret_access_key = testing

[profile signed-in]
login_session = arn:aws:iam::{ACCOUNT}:user/me
region = eu-west-1

[profile odd]
credential_process = /nowhere/tool
"""


@pytest.fixture
def profiles(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys in the environment."""
    path = tmp_path / "config"
    path.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(credentials, "_ASSUMED", {})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person was asked on the terminal."""
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "123456"

    monkeypatch.setattr(console, "ask_hidden", ask)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    return prompts


@pytest.mark.usefixtures("profiles")
def test_mfa_is_asked_for_once(settings: Settings, server: Server, asked: list[str]) -> None:
    """Whatever looks at AWS in this run, for another stage, too; Chalice gets the session."""
    mine = replace(settings, profile="work")
    aws = connect(mine)
    assert "assumed-role/deployer" in aws.identity.arn
    assert connect_read_only(mine).account == connect(replace(mine, stage="dev")).account
    handed = aws.exported()
    assert len(asked) == 1
    assert "mfa/me" in asked[0]
    [sent] = [seen.form for seen in server.seen if "Action=AssumeRole&" in seen.form]
    assert "TokenCode=123456" in sent
    assert handed["AWS_SESSION_TOKEN"]
    known = {name: handed[name] for name in handed if name.startswith("AWS_")}
    script = "import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()))"
    told = subprocess.run(
        [sys.executable, "-c", script], env={"PATH": "/usr/bin", **known}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout)["Arn"] == aws.identity.arn


@pytest.mark.usefixtures("profiles")
def test_mfa_where_nobody_can_be_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI: one sentence, and what to do."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(AwsError, match="wants a code of MFA, and nobody is here") as caught:
        _ = connect(replace(settings, profile="work")).account
    assert "run it on a terminal" in caught.value.fix


@pytest.mark.usefixtures("profiles")
def test_the_teams_store_asks_for_no_code(settings: Settings, asked: list[str]) -> None:
    """It is opened in the background, and a build does without. Who was asked before has it."""
    mine = replace(settings, profile="work", team_store="read", account="")
    with pytest.raises(AwsError, match="wants a code of MFA"):
        open_team_store._open(mine, Patience())
    assert asked == []
    connect.cache_clear()
    assert connect(replace(mine, stage="dev")).account == ACCOUNT
    assert open_team_store._open(mine, Patience()).writer == "deployer"
    assert len(asked) == 1


@pytest.mark.parametrize("mode", ["read", "read-write"])
def test_a_reader_takes_no_role(settings: Settings, server: Server, mode: str) -> None:
    """The stage's is for who deploys, and lets nobody else in. Its name says whose work counts."""
    role = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy-prod"
    no = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: no if "Action=AssumeRole" in request.form else None
    stage = replace(settings, role=role, team_store=mode)
    if mode == "read":
        store = open_team_store._open(stage, Patience())
        assert (store.writer, [*store.trusted], store.writes) == (
            "deploy-prod",
            ["deploy-prod"],
            False,
        )
    else:
        with pytest.raises(AwsError, match="no permission"):
            open_team_store._open(stage, Patience())


def test_keys_of_the_environment_are_left_as_they_are(aws: object, settings: Settings) -> None:
    """Every process finds them by itself."""
    exported = connect(settings).exported()
    assert "AWS_SESSION_TOKEN" not in exported
    assert exported["AWS_ACCESS_KEY_ID"] == "testing"


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("variables", "said", "fix"),
    [
        ({"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"},
         "No such file or directory (/nowhere/token)", "aws configure list"),
        ({"AWS_PROFILE": "odd"}, "/nowhere/tool", ""),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found", "aws login"),
        ({"AWS_CONFIG_FILE": "/proc/self/exe"}, "Unable to parse config file", "aws configure"),
        ({"AWS_PROFILE": "signed-in"}, "`aws login` sessions need botocore's CRT extra",
         f"{sys.executable} -m pip install 'botocore[crt]'"),
        ({}, "there are no AWS credentials", "aws login"),
    ],
)  # fmt: skip
def test_a_login_that_is_not_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str,
    fix: str,
) -> None:  # fmt: skip
    """Never a traceback: what is wrong, and what to do."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AwsError) as caught:
        _ = connect(replace(settings, profile=variables.get("AWS_PROFILE", ""))).account
    assert said in caught.value.problem
    assert fix in caught.value.fix


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that only the company's own certificates vouch for: (its address, the bundle)."""
    folder = tmp_path_factory.mktemp("company")
    key, bundle = folder / "key.pem", folder / "bundle.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", bundle, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip

    class Fine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"fine")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Fine)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", bundle
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("server")
def test_aws_ca_bundle_alone(
    company: tuple[str, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the SDK is not: smoke's request, a layer's zip, the installer."""
    address, bundle = company
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    request = Request(path="/health")
    refused = api.by_address(address, request, {}, connect(settings).tls())
    assert "certificate" in refused.body.lower()
    connect.cache_clear()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    answer = api.by_address(address, request, {}, connect(settings).tls())
    assert (answer.status, answer.body) == (200, "fine")
    ours = SimpleNamespace(kind=SimpleNamespace(is_ours=True), environment={})
    found = host._environment(ours, {}, isolated=False)  # type: ignore[arg-type] # enough of a job
    assert found["SSL_CERT_FILE"] == str(bundle)


@pytest.mark.usefixtures("server")
def test_a_ca_bundle_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(AwsError, match=r"/nowhere/bundle\.pem cannot be read: No such file"):
        connect(settings).tls()


SIGNED_IN = f"arn:aws:iam::{ACCOUNT}:user/me"
CONNECTED = """
import json
from tasks.context.connection import connect
from tasks.settings.model import Settings
from tasks.util.errors import AwsError
aws = connect(Settings(profile="signed-in", region="eu-west-1"))
try:
    print(json.dumps({"account": aws.account, **aws.exported()}))
except AwsError as error:
    print(json.dumps({"problem": error.problem, "fix": error.fix}))
"""


@pytest.fixture(scope="module")
def crt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """botocore's CRT extra, where only one process finds it."""
    folder = tmp_path_factory.mktemp("crt")
    uv("pip", "install", "--target", str(folder), "awscrt==0.38.0")
    return folder


class SignIn(BaseHTTPRequestHandler):
    """AWS's service of that name: it gives new keys for a refresh token, once."""

    asked: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({**body, "DPoP": self.headers["DPoP"]})
        keys = {"accessKeyId": "AKIANEW", "secretAccessKey": "new", "sessionToken": "renewed"}
        answer = {"accessToken": keys, "tokenType": "aws_sigv4", "expiresIn": 900,
                  "refreshToken": "second"}  # fmt: skip
        fine = body["refreshToken"] == "first"
        self.send_response(200 if fine else 403)
        self.send_header("Content-Type", "application/json")
        if not fine:
            self.send_header("x-amzn-errortype", "AccessDeniedException")
        self.end_headers()
        refused = {"error": "TOKEN_EXPIRED", "message": "expired"}
        self.wfile.write(json.dumps(answer if fine else refused).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sign_in() -> Iterator[str]:
    SignIn.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), SignIn)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def signed_in(home: Path, *, minutes: int, refresh: str = "first") -> None:
    """What `aws login` leaves: the keys, until when they are good, and the key that renews them."""
    key = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    keys = {"accessKeyId": "AKIAOLD", "secretAccessKey": "old", "sessionToken": "first session",
            "accountId": ACCOUNT, "expiresAt": f"{until:%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
    token = {"accessToken": keys, "refreshToken": refresh, "dpopKey": key, "clientId": "arn:x",
             "tokenType": "aws_sigv4"}  # fmt: skip
    path = home / ".aws/login/cache" / f"{hashlib.sha256(SIGNED_IN.encode()).hexdigest()}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(token))


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("minutes", "refresh", "found"),
    [
        (30, "first", {"AWS_SESSION_TOKEN": "first session"}),
        (-5, "first", {"AWS_SESSION_TOKEN": "renewed"}),
        (-5, "spent", {"fix": "run `aws login`, then run the command again"}),
    ],
)
def test_a_session_of_aws_login(
    crt: Path, sign_in: str, server: Server, tmp_path: Path, minutes: int, refresh: str,
    found: dict[str, str],
) -> None:  # fmt: skip
    """It is used, renewed when its time is over, and handed to Chalice, whose boto3 may be older
    than `aws login`. One that cannot be renewed is said, with what to do."""
    signed_in(tmp_path, minutes=minutes, refresh=refresh)
    clean = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"}
    told = subprocess.run(
        [sys.executable, "-c", CONNECTED], cwd=ROOT, capture_output=True, text=True, check=True,
        env=clean | {"PYTHONPATH": str(crt), "AWS_ENDPOINT_URL_SIGNIN": sign_in},
    )  # fmt: skip
    said = json.loads(told.stdout)
    assert {name: said.get(name) for name in found} == found, said
    assert len(SignIn.asked) == (1 if minutes < 0 else 0)
    assert said.get("account", ACCOUNT) == ACCOUNT
