"""A stage's secret over HTTP, with real deploys: where its values are, and where they are not."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from tasks.aws import secrets_manager
from tasks.aws.client import Aws
from tasks.chalice_project import config
from tasks.settings import paths
from tasks.util.errors import AwsError
from tests import deployed_project, secret_leaks
from tests.moto_server import REGION, Refusal, Server, serving
from tests.project import ROOT, Project, Run

NAME = "shuking/local"
OLD, NEW = "hunter-two/ü\"'&<", "correct-horse/ü\"'&<"
# The app looks at its variables as it is imported, where Chalice runs as well as in Lambda; beside
# what it is there to see, it notes what other processes can see of the one that imports it.
APP = """import hashlib, json, os
from pathlib import Path
from chalice import Chalice, Response

app = Chalice(app_name="shuking")
WORD = os.environ["WORD"]
if folder := os.environ.get("SEEN"):
    for name in ("cmdline", "environ"):
        for pid in ("self", str(os.getppid())):
            Path(folder, f"{pid}-{name}").write_bytes(Path("/proc", pid, name).read_bytes())
if os.environ.get("FAIL"):
    os.write(1, b"caf\\xe9 in Latin-1\\n")
    raise RuntimeError(f"cannot log in with {WORD} or {WORD!r}")

@app.route("/health")
def health():
    return {"salted": hashlib.sha256(b"salt" + os.environ["WORD"].encode()).hexdigest()}

@app.route("/tells")
def tells():
    return Response(json.dumps({"word": WORD}, ensure_ascii=False))

@app.route("/raises")
def raises():
    raise RuntimeError(f"cannot log in with {WORD} or {WORD!r}")
"""
SETTINGS = f'[tool.lambda-layer.stages.local]\nsecret = "{NAME}"\n'


@dataclass(frozen=True, kw_only=True)
class Life:
    """A project whose stage has a secret, after its first deploy."""

    project: Project
    server: Server
    runs: list[Run]

    def doit(self, command: str, **environment: str) -> Run:
        run = self.project.doit(command, "stage=local", "builder=host", **environment)
        self.runs.append(run)
        return run

    def client(self, service: str) -> Any:
        session: Any = boto3.session.Session("local", "local", None, REGION)
        return session.client(service, endpoint_url=self.server.url)

    def put(self, **values: str | int) -> None:
        text = json.dumps(values)
        self.client("secretsmanager").put_secret_value(SecretId=NAME, SecretString=text)

    def variables(self) -> dict[str, str]:
        """What the deployed function has."""
        found = self.client("lambda").get_function_configuration(FunctionName="shuking-local")
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        copy = deployed_project.copy(tmp_path_factory.mktemp("secret") / "copy", server, patch)
        copy.write("app.py", APP)
        copy.write("pyproject.toml", SETTINGS)
        made = Life(project=copy, server=server, runs=[])
        text = json.dumps({"WORD": OLD, "ID": 7})
        made.client("secretsmanager").create_secret(Name=NAME, SecretString=text)
        seen = tmp_path_factory.mktemp("seen")
        run = made.doit("deploy", SEEN=str(seen))
        assert run.code == 0, run.output
        yield made


def forms(value: str) -> list[bytes]:
    """A value as it is and as it is commonly written."""
    plain = value.encode()
    quoted = [
        json.dumps(value)[1:-1].encode(),
        json.dumps(value, ensure_ascii=False)[1:-1].encode(),
    ]
    digests = [hashlib.new(kind, plain).hexdigest().encode() for kind in ("sha256", "sha1", "md5")]
    return [plain, *quoted, base64.b64encode(plain), *digests, plain.split(b"/")[0]]


def test_the_function_has_the_values(life: Life) -> None:
    """Numbers as text; beside what config.json sets."""
    assert life.variables() == {"WORD": OLD, "ID": "7"}


def holding(life: Life, *values: str) -> list[str]:
    """Every file of the project (doit's database and Chalice's caches, too; zips are looked into),
    every object in S3, all that was printed: where a value stands, or a bare hash of it, which
    could be guessed at."""
    s3 = life.client("s3")
    places = {"output": "".join(run.output for run in life.runs).encode()}
    files = [path for path in life.project.path.rglob("*") if path.is_file()]
    places |= {name: data for path in files for name, data in secret_leaks.contents(path)}
    for bucket in s3.list_buckets()["Buckets"]:
        for each in s3.list_objects_v2(Bucket=bucket["Name"])["Contents"]:
            body = s3.get_object(Bucket=bucket["Name"], Key=each["Key"])["Body"].read()
            places[f"s3://{each['Key']}"] = body
    assert len(places) > 40
    told = [form for value in values for form in forms(value)]
    return [place for place, data in places.items() for form in told if form in data]


def test_no_file_and_no_output_holds_a_value(life: Life) -> None:
    """After a deploy; what Chalice packed is among the files."""
    packed = list(life.project.path.glob(".chalice/deployments/*.zip"))
    assert any("app.py" in name for path in packed for name, _ in secret_leaks.contents(path))
    assert holding(life, OLD) == []


@pytest.mark.parametrize(("path", "code"), [("/tells", 0), ("/raises", 1)])
def test_what_the_function_says_is_shown_without_values(life: Life, path: str, code: int) -> None:
    """Its answer, which is recorded as well, and its log."""
    life.project.write("pyproject.toml", f'{SETTINGS}smoke-path = "{path}"\n')
    run = life.doit("smoke")
    life.project.write("pyproject.toml", SETTINGS)
    assert run.code == code, run.output
    assert ("cannot log in with ***" if code else '"word": "***"') in run.output
    assert holding(life, OLD, NEW) == []


def test_no_other_process_can_see_a_value(
    life: Life, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither in Chalice's arguments and environment nor in doit's, as /proc and ps show them."""
    folder = next(tmp_path_factory.getbasetemp().glob("seen*"))
    seen = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(seen) == 4
    assert b"chalice_project.runner" in seen["self-cmdline"]
    assert not any(form in data for data in seen.values() for form in forms(OLD))
    assert not any(b"WORD=" in data for data in seen.values())


def test_the_programs_that_chalice_starts_do_not_get_it() -> None:
    """pip, when the app has requirements of its own."""
    code = (
        "import os; from tasks.chalice_project import runner; "
        "from chalice.deploy.packager import SubprocessPip; os.environ.update(REST='y'); "
        "runner.apply({'WORD': 'x', 'REST': 'z'}); os.environ.update(WORD='x'); "
        "print(SubprocessPip().main([], "
        'shim=\'import os; print(os.environ.get("WORD"), os.environ["REST"], flush=True);'
        " os._exit(0);'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == rb"(0, b'None y\n', b'')"


def test_status_and_output_name_the_variables(life: Life) -> None:
    """And where they come from."""
    assert f"variables out of secret {NAME}: ID, WORD" in life.runs[0].output
    status = life.doit("status")
    assert f"{NAME}: ID, WORD" in status.output
    assert "all agree" in status.output


def test_a_change_is_seen_and_deployed_once(life: Life) -> None:
    """By its version, before as after; a repeated deploy changes nothing."""
    life.put(WORD=NEW, ID=8)
    assert f"secret {NAME} has changed since the last deploy" in life.doit("plan").output
    assert f"secret {NAME} is not the one that was deployed" in life.doit("status").output
    run = life.doit("deploy")
    assert (run.code, "chalice-deploy" in run.steps) == (0, True), run.output
    assert life.variables() == {"WORD": NEW, "ID": "8"}
    assert "chalice-deploy" not in life.doit("deploy").steps
    assert not any(form in run.output.encode() for run in life.runs for form in forms(NEW)[:4])


def test_what_chalice_says_is_shown_without_values(life: Life) -> None:
    """Here the app's own error; AWS, too, repeats variables that are too large. What is no text
    of this machine's is shown as far as it can be."""
    life.project.write("app.py", APP + "# changed\n")
    run = life.doit("deploy", FAIL="1")
    assert run.code == 1
    assert "RuntimeError: cannot log in with *** or" in run.output
    assert "caf\N{REPLACEMENT CHARACTER} in Latin-1" in run.output
    assert "UnicodeDecodeError" not in run.output
    assert not any(form in run.output.encode() for form in (*forms(OLD), *forms(NEW)))


# ---- what is wrong with it ----------------------------------------------------------------------


@pytest.fixture
def named(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Stage prod has a secret that is not there yet."""
    monkeypatch.setattr(aws, "settings", replace(aws.settings, secret="shuking/prod"))  # noqa: S106 - its name
    return aws


def create(aws: Aws, **content: str | bytes) -> None:
    aws.client("secretsmanager").create_secret(Name="shuking/prod", **content)


def read_secret(aws: Aws) -> secrets_manager.Secret | None:
    """With what config.json sets, as preflight and chalice-deploy read it."""
    configured = config.variables(paths.CHALICE_CONFIG, aws.settings.stage)
    return secrets_manager.read_secret(aws, configured)


def test_a_missing_secret(named: Aws) -> None:
    """Named, with the place where it was looked for."""
    for ask in (read_secret, secrets_manager.version):
        with pytest.raises(AwsError, match=f"shuking/prod is not in account .* region {REGION}"):
            ask(named)


def test_a_secret_that_is_deleted(named: Aws) -> None:
    """As AWS says it."""
    create(named, SecretString="{}")
    named.client("secretsmanager").delete_secret(SecretId="shuking/prod")
    with pytest.raises(AwsError, match=r"deleted|deletion"):
        read_secret(named)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"SecretString": "just-a-password"}, "is not a JSON object"),
        ({"SecretBinary": b"{}"}, "is binary"),
        ({"SecretString": '{"list": [1]}'}, "list is neither text nor a number"),
        ({"SecretString": json.dumps({"BIG": "x" * 4096})}, r"Lambda allows 4096"),
    ],
)
def test_a_secret_that_cannot_be_used(named: Aws, content: dict[str, Any], problem: str) -> None:
    """Before anything is built or changed."""
    create(named, **content)
    with pytest.raises(AwsError, match=problem):
        read_secret(named)


def test_the_largest_functions_variables_count(named: Aws) -> None:
    """A function may have more of its own in config.json."""
    own = {"lambda_functions": {"nightly": {"environment_variables": {"MORE": "x" * 4000}}}}
    config = {"app_name": "shuking", "stages": {"prod": own}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    create(named, SecretString=json.dumps({"WORD": "y" * 100}))
    with pytest.raises(AwsError, match="function nightly: "):
        read_secret(named)


def test_it_is_looked_at_before_anything_is_built(life: Life) -> None:
    """After preflight; where a stage has none, no such step is shown."""
    steps = life.runs[0].steps
    assert steps[:2] == ["preflight", "secret"]
    life.project.write(
        "pyproject.toml", '[tool.lambda-layer]\nlayer = "other"\nsecret = "no/such"\n'
    )
    run = life.doit("deploy")
    assert run.steps == ["preflight", "secret"]
    assert "secret no/such is not in account" in run.output


def test_no_permission(named: Aws, server: Server) -> None:
    """The action is named."""
    server.refused = lambda request: (
        Refusal(status=400, code="AccessDeniedException") if request.method == "POST" else None
    )
    for ask, action in (
        (read_secret, "GetSecretValue"),
        (secrets_manager.version, "DescribeSecret"),
    ):
        with pytest.raises(AwsError) as caught:
            ask(named)
        assert f"allow secretsmanager:{action}" in caught.value.fix


def test_without_a_secret_nothing_is_asked(aws: Aws, server: Server) -> None:
    server.seen.clear()
    assert (read_secret(aws), secrets_manager.version(aws)) == (None, "")
    assert server.seen == []
