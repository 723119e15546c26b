"""How people log in: MFA, web identity, `aws login`, a company's certificates."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks.aws import credentials
from tasks.context.connection import connect, connect_read_only
from tasks.release.deployed import api
from tasks.sandbox import host
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.ui import console
from tasks.util.errors import AwsError
from tests.moto_server import ACCOUNT, Server

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
    assert host._environment(ours, {})["SSL_CERT_FILE"] == str(bundle)  # type: ignore[arg-type] # enough of a job


@pytest.mark.usefixtures("server")
def test_a_ca_bundle_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(AwsError, match=r"/nowhere/bundle\.pem cannot be read: No such file"):
        connect(settings).tls()
