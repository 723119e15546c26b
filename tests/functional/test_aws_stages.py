"""Stages in accounts of their own, over HTTP: who asks, in which role, and who is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.credentials import RefreshableCredentials

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.aws.credentials import Identity
from tasks.context import connection
from tasks.context.connection import connect
from tasks.release import listing
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import preflight
from tasks.util import files
from tasks.util.errors import AwsError, InputError
from tests import deployed_project
from tests.moto_server import ACCOUNT, REGION, Refusal, Request, Server
from tests.project import Project, small

OTHER = "111122223333"
ROLE = f"arn:aws:iam::{OTHER}:role/company/deployer"
IN_ROLE = f"arn:aws:sts::{OTHER}:assumed-role/deployer/doit-lambda-layer"


@pytest.fixture
def staged(settings: Settings, server: Server) -> Settings:
    """Stage prod is another account's, reached through a role."""
    return replace(settings, account=OTHER, role=ROLE)


def calls(server: Server) -> list[str]:
    """What was asked of STS."""
    forms = [parse_qs(seen.form) for seen in server.seen if seen.form]
    return [form["Action"][0] for form in forms]


def test_all_is_done_in_the_role(staged: Settings, server: Server) -> None:
    """One assumption for every client; what is made is the role's account's."""
    there = connect(staged)
    assert (there.account, there.identity.arn) == (OTHER, IN_ROLE)
    s3.ensure_bucket(there)
    listing.versions(there)
    assert calls(server) == ["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]
    keys = {seen.headers["authorization"].split("/")[0] for seen in server.seen if not seen.form}
    assert len(keys) == 1
    assert "testing" not in keys.pop()


def test_the_identity_is_said(
    staged: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before anything is done with it; and that AWS_REGION is not what counts."""
    table = f'[tool.lambda-layer.stages.prod]\nregion = "{staged.region}"\n'
    Path("pyproject.toml").write_text(table, encoding="utf-8")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    preflight.check_aws(staged)
    place = f"stage prod: {OTHER}, {staged.region}"
    who = "as assumed-role/deployer/doit-lambda-layer"
    said = capfd.readouterr().out
    assert f"{place}, {who}\n" in said
    assert "note: AWS_REGION is us-east-1, but [tool.lambda-layer.stages.prod]" in said


def test_credentials_that_are_the_roles_already(
    staged: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in CI: a role need not be allowed to assume itself."""
    for name, value in connect(staged).exported().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    connect.cache_clear()
    server.seen.clear()
    assert connect(staged).account == OTHER
    assert "AssumeRole" not in calls(server)


def test_another_program_gets_the_roles_credentials(staged: Settings) -> None:
    """`chalice deploy`, which knows no stages' roles."""
    exported = connect(staged).exported()
    assert exported["AWS_ACCESS_KEY_ID"] != "testing"
    assert exported["AWS_SESSION_TOKEN"]
    assert exported["AWS_REGION"] == staged.region


def test_a_role_is_assumed_again_before_its_session_ends(
    staged: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may last longer than the hour that AWS gives; an hour passes."""
    there = connect(staged)
    first = there.exported()["AWS_ACCESS_KEY_ID"]
    later = datetime.now(UTC) + timedelta(minutes=50)
    credentials = there.session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    monkeypatch.setattr(credentials, "_time_fetcher", lambda: later)
    assert there.exported()["AWS_ACCESS_KEY_ID"] != first
    assert calls(server).count("AssumeRole") == 2


def test_a_role_that_may_not_be_assumed(staged: Settings, server: Server) -> None:
    """Named, with the permission that is missing."""

    def refuse(request: Request) -> Refusal | None:
        return Refusal(status=403, code="AccessDenied") if "AssumeRole" in request.form else None

    server.refused = refuse
    with pytest.raises(AwsError, match=f"assuming {ROLE}: no permission") as caught:
        connect(staged)
    assert "allow sts:AssumeRole to this identity" in caught.value.fix


def test_the_wrong_account_is_refused(settings: Settings, server: Server) -> None:
    """Before anything else is asked of it; `status` just looks, and is refused as well."""
    prod = replace(settings, account=OTHER)
    for connecting in (connect, connection.connect_read_only):
        server.seen.clear()
        with pytest.raises(AwsError, match=f"stage prod belongs to account {OTHER}") as caught:
            connecting(prod)
        assert f"is of account {ACCOUNT}" in caught.value.problem
        assert "log in to that account" in caught.value.fix
        assert calls(server) == ["GetCallerIdentity"]
        assert len(server.seen) == 1


def test_the_right_account(settings: Settings, server: Server) -> None:
    """Nothing is said."""
    assert connect(replace(settings, account=ACCOUNT)).account == ACCOUNT


@pytest.mark.parametrize("missing", ["", OTHER])
def test_the_embedded_aws_has_one_account(aws: Aws, missing: str) -> None:
    """What stands in the table for all stages does not hold there."""
    local = replace(aws.settings, stage="local", account=missing, role=ROLE, profile="company")
    there = connect(local)
    assert there.account == ACCOUNT
    assert there.exported().items() >= there.environ.items()
    assert there.exported()["AWS_ACCESS_KEY_ID"] == there.environ["AWS_ACCESS_KEY_ID"]
    assert "AWS_PROFILE" not in there.environ


# ---- profiles -----------------------------------------------------------------------------------


@pytest.fixture
def profiles(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's machine: no keys in the environment."""
    text = "[company]\naws_access_key_id = companys\naws_secret_access_key = key\n"
    (tmp_path / "credentials").write_text(text, encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


def test_the_stages_profile_is_used(profiles: None, settings: Settings, server: Server) -> None:
    """By us, and by Chalice."""
    there = connect(replace(settings, profile="company"))
    listing.versions(there)
    assert "Credential=companys/" in server.seen[-1].headers["authorization"]
    assert there.exported()["AWS_PROFILE"] == "company"


def test_keys_in_the_environment_win_over_it(settings: Settings, server: Server) -> None:
    """CI has no profiles, and the same pyproject.toml."""
    there = connect(replace(settings, profile="company"))
    listing.versions(there)
    assert "Credential=testing/" in server.seen[-1].headers["authorization"]
    assert "AWS_PROFILE" not in there.environ


def test_a_profile_that_is_not_there(profiles: None, settings: Settings) -> None:
    """Named, with what to do."""
    with pytest.raises(AwsError, match="nobody") as caught:
        connect(replace(settings, profile="nobody", account=ACCOUNT))
    assert "AWS_PROFILE" in caught.value.fix


# ---- what a person types ------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path: Path, server: Server) -> Project:
    """Stage prod names an account that the credentials are not of."""
    made = small(tmp_path / "guarded")
    made.environment.update(server.environment())
    table = f'[tool.lambda-layer.stages.prod]\naccount = "{OTHER}"\n'
    made.write("pyproject.toml", made.read("pyproject.toml") + table)
    return made


@pytest.mark.parametrize(
    "command", [["deploy"], ["rollback", "version=1"], ["patch-config"], ["chalice-deploy"]]
)
def test_nothing_is_built_or_changed_in_the_wrong_account(
    guarded: Project, server: Server, command: list[str]
) -> None:
    """Credentials of dev while deploying prod."""
    before = guarded.read(".chalice/config.json")
    server.seen.clear()
    run = guarded.doit(*command, "stage=prod")
    assert run.code != 0
    assert f"stage prod belongs to account {OTHER}" in run.output
    assert run.output.count("→") == 1
    assert guarded.read(".chalice/config.json") == before
    assert {"install", "zip", "upload"}.isdisjoint(run.steps)
    assert set(calls(server)) == {"GetCallerIdentity"}
    assert len(server.seen) == len(calls(server))


def test_a_whole_deploy_in_a_role(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layer, function and API are the role's account's; nothing is left in one's own."""
    deployed_project.adjust(monkeypatch, server)
    made = small(tmp_path / "in-a-role")
    monkeypatch.chdir(made.path)  # moto runs the function in this process
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
    made.environment.update(server.environment())
    table = f'[tool.lambda-layer.stages.prod]\naccount = "{OTHER}"\nrole = "{ROLE}"\n'
    made.write("pyproject.toml", made.read("pyproject.toml") + table)
    run = made.doit("deploy", "stage=prod")
    assert run.code == 0, run.output
    assert "as assumed-role/deployer/doit-lambda-layer" in run.output
    assert f":{OTHER}:layer:deps:1" in made.layers("prod")[0]
    there = connect(Settings(role=ROLE, region=REGION))
    assert lambda_functions.configuration(there, "shuking-prod")
    here = connect(Settings(region=REGION))
    assert lambda_functions.configuration(here, "shuking-prod") is None
    assert here.client("s3").list_buckets()["Buckets"] == []


def test_another_stage_of_the_same_app_is_free(guarded: Project) -> None:
    """Only a stage that names its account is guarded."""
    assert "belongs to" not in guarded.doit("preflight", "stage=dev").output


def test_a_misspelt_stage_table_is_an_error(settings: Settings) -> None:
    """Its account would guard nothing."""
    table = f'[tool.lambda-layer.stages.prdo]\naccount = "{OTHER}"\n'
    Path("pyproject.toml").write_text(table, encoding="utf-8")
    with pytest.raises(InputError, match=r"for stage 'prdo', which .* \(did you mean prod\?\)"):
        preflight.check_stage(settings)


# ---- pure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arn", "is_in"),
    [
        (IN_ROLE, True),
        (IN_ROLE.replace(OTHER, ACCOUNT), False),
        (IN_ROLE.replace("deployer", "deployers"), False),
        (f"arn:aws:iam::{OTHER}:user/deployer", False),
    ],
)
def test_whose_session_it_is(arn: str, is_in: bool) -> None:
    """A role's path does not stand in its sessions' ARNs."""
    found: Any = Identity(account=arn.split(":")[4], arn=arn)
    assert found.is_in(ROLE) is is_in
