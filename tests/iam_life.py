"""A stage's life by identities of moto's IAM, each with what `doit iam-policy` prints, or with one
statement less."""

import io
import json
import sys
import uuid
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain

import dodo
from tasks.aws.iam import policies
from tasks.aws.iam.policies import Policy
from tasks.commands import iam_policy
from tasks.context import arguments, settings
from tasks.context.connection import connect
from tasks.settings import paths
from tasks.ui import console
from tasks.util import files
from tests.enforced_iam import Enforcement
from tests.moto_server import ACCOUNT, REGION, Server
from tests.project import Project

ASSUME = "assume"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123"


@dataclass(kw_only=True)
class Life:
    """`said`: {(purpose, statement left out, or ''): (exit status, output)}; `alone`: the same of
    {command, with its whole policy}."""

    project: Project
    server: Server
    patch: pytest.MonkeyPatch
    guard: Enforcement = field(default_factory=lambda: Enforcement(key=KEY))
    said: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    gone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    alone: dict[str, tuple[int, str]] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The test's own, which may do anything."""
        session: Any = boto3.session.Session("testing", "testing", None, REGION)
        return session.client(service, endpoint_url=self.server.url)

    def begin(self, pyproject: str, builder: str) -> None:
        """This process works in the project from now on, and the server is its only AWS."""
        self.project.write("pyproject.toml", pyproject)
        self.patch.chdir(self.project.path)
        for name, value in self.server.environment().items():
            self.patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
            self.patch.delenv(name, raising=False)
        files.write_record(paths.LOCAL_RUNTIME, {"builder": builder})

    def doit(
        self, *arguments: str, keys: Sequence[str] = ("testing", "testing")
    ) -> tuple[int, str]:
        """`./doitw …` in this process: (exit status, output)."""
        self.patch.setenv("AWS_ACCESS_KEY_ID", keys[0])
        self.patch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
        self.patch.setattr(sys, "argv", ["doit", *arguments])
        out = io.StringIO()
        self.patch.setattr(sys, "__stdout__", out)
        for cached in (settings.current, settings_of, connect, console.console):
            cached.cache_clear()
        with redirect_stdout(out):
            code = DoitMain(ModuleTaskLoader(dodo), config_filenames=()).run(list(arguments))
        return code, out.getvalue()

    def user(self, policy: Policy) -> Sequence[str]:
        """The keys of a new one who has this policy."""
        iam, name = self.client("iam"), uuid.uuid4().hex
        iam.create_user(UserName=name)
        if policy["Statement"]:  # IAM takes no empty policy
            iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def run(self, purpose: str, *arguments: str, without: str = "", beside: str = "") -> None:
        """By a new user with the policy (and the one `beside`), a statement (`A+B`: two) left
        out."""
        policy, gone = printed(purpose), without.split("+")
        policy["Statement"] += printed(beside)["Statement"] if beside else []
        policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] not in gone]
        keys = self.user(policy)
        self.server.refused = self.guard
        try:
            done = self.doit(*arguments, "stage=prod", keys=keys)
        finally:
            self.server.refused = lambda request: None
        self.said[purpose, gone[0]] = done
        self.gone[purpose, gone[0]] = gone
        if not without:
            self.alone[" ".join(arguments)] = done

    def dropping(self, purpose: str, statements: str, *arguments: str) -> None:
        for sid in statements.split():
            self.run(purpose, *arguments, without=sid)


settings_of = arguments.current


def printed(purpose: str) -> Policy:
    """What `iam-policy` says for the stage as it is configured now."""
    within = iam_policy.scope(settings.load_settings(Path(), {}, {"stage": "prod"}), KEY)
    return policies.assume(within) if purpose == ASSUME else policies.policy(purpose, within)


def put(life: Life, name: str, data: bytes) -> None:
    key = f"chalice/shuking/prod/{name}"
    life.client("s3").put_object(Bucket="deps-bucket", Key=key, Body=data)


def configure(made: Project, **prod: object) -> None:
    config = json.loads(made.read(".chalice/config.json"))
    config["stages"]["prod"].update(prod)
    made.write(".chalice/config.json", json.dumps(config))
