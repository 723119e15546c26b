"""`doit doctor`: each thing that a deploy needs, over HTTP; nothing is changed by looking."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.aws.iam import simulate
from tasks.commands import iam_policy
from tasks.commands.doctor import aws_checks, command
from tasks.context.connection import connect
from tasks.release.stage import lease
from tasks.release.stage import lock as stage_lock
from tasks.requirements import lockfile
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.ui.finding import BAD, GOOD, NOTE, Finding
from tests.aws_proxy import proxying
from tests.finished_layer import zipped
from tests.moto_server import ACCOUNT, Refusal, Request, Server
from tests.project import Project

REGION = "ap-northeast-2"


def looked(settings: Settings) -> dict[str, Finding]:
    return {each.what: each for each in command.check_everything(settings)}


def marks(found: dict[str, Finding], mark: str) -> list[str]:
    return [name for name, each in found.items() if each.mark == mark]


@dataclass(frozen=True, kw_only=True)
class Simulated(Refusal):
    """What IAM's policy simulator answers (moto has none): these actions are denied."""

    denied: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""

    def answer(self, request: Request, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        names = [pair.split("=")[1] for pair in self.asked.split("&") if "ActionNames" in pair]
        members = "".join(self._member(name.replace("%3A", ":")) for name in names)
        results = f"<EvaluationResults>{members}</EvaluationResults>"
        call = "SimulatePrincipalPolicy"
        body = f"<{call}Result>{results}</{call}Result>"
        return [f"<{call}Response>{body}</{call}Response>".encode()]

    def _member(self, name: str) -> str:
        decision = "implicitDeny" if name in self.denied else "allowed"
        inside = f"<EvalActionName>{name}</EvalActionName><EvalDecision>{decision}</EvalDecision>"
        key = self.conditions.get(name, "")
        if key and key.replace(":", "%3A") not in self.asked:
            inside += f"<MissingContextValues><member>{key}</member></MissingContextValues>"
        return f"<member>{inside}</member>"


def no_simulator(request: Request) -> Refusal | None:
    """Most identities may not ask it."""
    asked = "SimulatePrincipalPolicy" in request.form
    return Refusal(status=403, code="AccessDenied") if asked else None


@pytest.fixture(autouse=True)
def without_simulator(server: Server) -> None:
    server.refused = no_simulator


def simulator(*denied: str, **conditions: str) -> Callable[[Request], Refusal | None]:
    def answer(request: Request) -> Refusal | None:
        if "SimulatePrincipalPolicy" not in request.form:
            return None
        asked = {name.replace("_", ":"): key for name, key in conditions.items()}
        return Simulated(status=200, code="", denied=denied, conditions=asked, asked=request.form)

    return answer


@pytest.fixture
def person(aws: Aws) -> Aws:
    """Asked for once, so that a test may then spoil every other call."""
    assert aws.account == ACCOUNT
    return aws


def test_a_stage_that_is_ready(aws: Aws, server: Server) -> None:
    """Nothing deployed, no bucket yet: a deploy can work. Every thing has its line."""
    server.refused = simulator()
    found = looked(aws.settings)
    assert marks(found, BAD) == []
    assert list(found) == [
        "Python", "requirements", "requirements.txt", "Chalice", "builder", "disk", "clock",
        "region", "credentials", "bucket", "permissions", "other layers", "state", "functions",
        "lock",
    ]  # fmt: skip
    assert found["bucket"].found == "deps-bucket is not there; the deploy makes it"
    wanted = simulate.needed(iam_policy.scope(aws.settings), bucket=False)
    count = len(simulate.actions_of(wanted))
    assert f"all {count} that a deploy needs" in found["permissions"].found
    assert f"account {ACCOUNT}" in found["credentials"].found


def test_nothing_is_changed(aws: Aws, server: Server) -> None:
    """Neither here nor there."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    looked(aws.settings)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    changing = [seen for seen in server.seen if seen.method in ("PUT", "DELETE", "PATCH")]
    posts = [seen.form or seen.path for seen in server.seen if seen.method == "POST"]
    assert changing == []
    assert {post.split("&")[0] for post in posts} <= {
        "Action=GetCallerIdentity", "Action=SimulatePrincipalPolicy", "Action=GetUser",
        "Action=GetRole", "/2015-03-31/functions/shuking-prod/invocations",
    }  # fmt: skip


def test_what_the_simulator_denies_is_named(aws: Aws, server: Server) -> None:
    server.refused = simulator("s3:PutObject", "lambda:PublishLayerVersion")
    found = looked(aws.settings)["permissions"]
    assert found.mark == BAD
    assert found.found == "not allowed: lambda:PublishLayerVersion, s3:PutObject"
    assert "iam-policy" in found.fix


def test_a_condition_that_nobody_can_judge_here_is_unknown(aws: Aws, server: Server) -> None:
    """The region and the service that gets a role are told to IAM; whence the call comes, not.
    Allowed or denied, it is neither."""
    known = {"iam_PassRole": "iam:PassedToService", "lambda_GetFunction": "aws:RequestedRegion"}
    server.refused = simulator(**known)
    assert looked(aws.settings)["permissions"].mark == GOOD
    asked = {"s3_PutObject": "aws:SourceIp", "iam_CreateRole": "aws:MultiFactorAuthPresent"}
    server.refused = simulator("iam:CreateRole", **asked, **known)
    found = looked(aws.settings)["permissions"]
    assert found.mark == NOTE
    assert found.found == (
        "unknown for iam:CreateRole, s3:PutObject: your policies have conditions on "
        "aws:MultiFactorAuthPresent, aws:SourceIp"
    )
    server.refused = simulator("iam:CreateRole", "s3:GetObject", **asked)
    assert looked(aws.settings)["permissions"].found == "not allowed: s3:GetObject"


def test_without_the_simulator_harmless_calls_are_tried(aws: Aws, server: Server) -> None:
    """What changes something is not tried, and that is said."""
    found = looked(aws.settings)["permissions"]
    assert found.mark == NOTE
    assert "tried and allowed" in found.found
    assert "were not tried" in found.found
    assert "iam:SimulatePrincipalPolicy" in found.fix


def test_a_harmless_call_that_is_refused_is_named(person: Aws, server: Server) -> None:
    def refused(request: Request) -> Refusal | None:
        if "/layers/" not in request.path:
            return no_simulator(request)
        return Refusal(status=403, code="AccessDeniedException")

    server.refused = refused
    found = list(aws_checks.check_aws(person))
    [said] = [each for each in found if each.what == "permissions"]
    assert said.mark == BAD
    assert said.found == "not allowed: lambda:ListLayerVersions, lambda:GetLayerVersion"


def test_no_credentials(aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends on them is called unseen; the rest is looked at."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    found = looked(aws.settings)
    assert marks(found, BAD) == ["credentials"]
    assert "aws sso login" in found["credentials"].fix
    assert found["clock"].mark == GOOD
    assert "not seen without credentials" in found["AWS"].found


def test_another_account(aws: Aws) -> None:
    """Than the stage's."""
    found = looked(replace(aws.settings, account="999999999999"))
    assert marks(found, BAD) == ["credentials"]
    assert "belongs to account 999999999999" in found["credentials"].found


@pytest.mark.parametrize(("hours", "words"), [(1, "behind AWS's"), (-1, "ahead of AWS's")])
def test_a_clock_that_is_wrong(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch, hours: int, words: str
) -> None:
    """AWS would refuse what is signed by it; every answer has its time."""
    with proxying(server.url) as proxy:
        proxy.ahead = timedelta(hours=hours, seconds=30 * hours)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        found = looked(aws.settings)["clock"]
    assert found.mark == BAD
    assert "this machine's clock is 60 min " in found.found
    assert words in found.found
    assert "NTP" in found.fix


def test_a_python_that_is_not_the_layers(aws: Aws) -> None:
    """Chalice would deploy another runtime."""
    found = looked(replace(aws.settings, python="3.10"))["Python"]
    assert found.mark == BAD
    assert "the layer is for Python 3.10" in found.found


def test_a_config_that_works_against_the_layer(aws: Aws) -> None:
    config = {"app_name": "shuking", "stages": {"prod": {"automatic_layer": True}}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    found = looked(aws.settings)["Chalice"]
    assert found.mark == BAD
    assert "automatic_layer is true" in found.found
    assert found.fix == 'set "automatic_layer": false'


def test_requirements_are_locked_or_not(aws: Aws) -> None:
    """Without a lock a deploy can work; with one that is older than the requirements it cannot."""
    missing = looked(aws.settings)["requirements"]
    assert missing.mark == GOOD
    assert missing.found == "1 in requirements-all.txt, not locked: see `./doitw help lock`"
    lock = Path("requirements-all.lock")
    lock.write_text(f"{lockfile.MARK}0\nsix==1.16.0\n", encoding="utf-8")
    stale = looked(aws.settings)["requirements"]
    assert stale.mark == BAD
    assert "run `./doitw lock`" in stale.fix


def test_a_region_that_nobody_knows(aws: Aws) -> None:
    """A typing error, or newer than boto3."""
    found = looked(replace(aws.settings, region="ap-northwest-7"))
    assert found["region"].mark == NOTE


def test_a_bucket_of_somebody_elses(person: Aws, server: Server) -> None:
    server.refused = lambda request: (
        Refusal(status=403, code="") if request.method == "HEAD" else no_simulator(request)
    )
    [found] = [each for each in aws_checks.check_aws(person) if each.what == "bucket"]
    assert found.mark == BAD
    assert "another account's" in found.found


def test_a_bucket_in_another_region(aws: Aws) -> None:
    """Lambda would not read from it."""
    s3.ensure_bucket(connect(replace(aws.settings, region="eu-west-1")))
    found = looked(aws.settings)["bucket"]
    assert found.mark == BAD
    assert "bucket deps-bucket is in eu-west-1, the layer in ap-northeast-2" in found.found


def test_a_layer_that_is_gone(aws: Aws) -> None:
    """One of the stage's others."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:theirs:1"
    config = {"app_name": "shuking", "stages": {"prod": {"layers": [arn]}}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    found = looked(aws.settings)["other layers"]
    assert found.mark == BAD
    assert found.found == f"{arn} does not exist"


def test_an_app_whose_state_is_lost(person: Aws) -> None:
    """A deploy would refuse; so it is said before."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = person.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]
    person.client("lambda").create_function(
        FunctionName="shuking-prod", Runtime="python3.12", Role=role["Arn"], Handler="app.app",
        Code={"ZipFile": zipped("x")},
    )  # fmt: skip
    [found] = [each for each in aws_checks.stage(person) if each.what == "state"]
    assert found.mark == BAD
    assert "adopt-state" in found.fix


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (90, r"held by anna@desk.* \(1 min (29|3\d) s\), until "),
        (3630, r"left by anna@desk.* \(60 min (29|3\d) s ago\), expired at "),
    ],
)
def test_a_lock_says_whose_and_how_old(aws: Aws, age: int, words: str) -> None:
    """A living one is waited for, a dead one taken over."""
    held = lease.taken("anna@desk", datetime.now(UTC) - timedelta(seconds=age))
    s3.ensure_bucket(aws)
    s3.put_bytes(aws, stage_lock.key(aws.settings), held.written())
    found = looked(aws.settings)["lock"]
    assert found.mark == NOTE
    assert re.match(words, found.found)


def test_a_full_disk(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a build meets it."""
    monkeypatch.setattr("tasks.commands.doctor.machine_checks.TREES", 10**9)
    found = looked(aws.settings)["disk"]
    assert found.mark == BAD
    assert "free some disk space" in found.fix


def test_no_docker(layer: Project) -> None:
    """In the way of every stage but `local`, which builds without."""
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    wanted = layer.doit("doctor", "stage=local", "builder=docker", **nowhere)
    assert wanted.code == 1
    assert "✗ Docker         no Docker engine answers" in wanted.output
    assert "→ start Docker" in wanted.output
    local = layer.doit("doctor", "stage=local", "builder=auto", **nowhere)
    assert local.code == 0, local.output
    assert "stage=local builds without" in local.output
    assert "✓ builder" in local.output


def test_the_exit_status_says_whether_a_deploy_can_work(layer: Project) -> None:
    """0 and 1, typed as a person does; the emulator is not started."""
    good = layer.doit("doctor", "stage=local")
    assert good.code == 0, good.output
    assert "a deploy to stage local can work" in good.output
    assert not (layer.path / "build/local/server.json").exists()
    layer.write("requirements-all.txt", "no good\n")
    wrong = layer.doit("doctor", "stage=local")
    assert wrong.code == 1
    assert "✗ requirements   requirements-all.txt, line 1: 'no good'" in wrong.output
    assert "a deploy to stage local cannot work: requirements" in wrong.output
