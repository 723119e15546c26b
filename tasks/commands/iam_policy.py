"""`doit iam-policy`: the smallest policies for a stage, printed and as files for the AWS CLI."""

import json
import re

from ..aws.iam import policies, statements
from ..aws.iam.policies import Policy
from ..aws.iam.resources import Scope
from ..chalice_project import config
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import say
from ..util import files, subprocesses
from ..util.errors import AwsError, InputError

OWNER = "OWNER/REPOSITORY"  # stands in for a repository that nobody named
REMOTE = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def task_iam_policy() -> dict[str, object]:
    """Print the smallest IAM policy for each kind of command on a stage."""
    settings, typed = current(), arguments.current()
    return {
        "basename": "iam-policy",
        "actions": [action(lambda: write_policies(scope(settings), typed))],
    }


def write_policies(within: Scope, typed: Arguments) -> None:
    """Print and write every policy. InputError without an account."""
    repository = typed.repository or _origin() or OWNER
    for name, (purpose, policy) in all_of(within, repository, typed.branch).items():
        path = paths.iam_policy(within.settings, name)
        text = json.dumps(policy, indent=2, ensure_ascii=False)
        files.write_atomic(path, text.encode() + b"\n")
        say(f"{path}: {purpose}")
        for line in text.splitlines():
            say(line)
    if repository == OWNER:
        say("trust: say repository=OWNER/REPOSITORY, as GitHub writes it")
    if "@" not in repository:
        say("trust: GitHub's tokens name a repository made or renamed since July 15, 2026 with its")
        say("IDs: repository=OWNER@ID/REPOSITORY@ID")
    say(f"what each statement is for: {paths.IAM}")


def all_of(within: Scope, repository: str, branch: str) -> dict[str, tuple[str, Policy]]:
    """{name: (what it is for, policy)}"""
    found = {
        name: (purpose, policies.policy(name, within))
        for name, purpose in statements.PURPOSES.items()
    }
    if within.settings.role:
        found["assume"] = ("who starts the run, to take the stage's role", policies.assume(within))
    stage = within.settings.stage
    who = f"the role's trust policy: {repository} on GitHub, branch {branch}, environment {stage}"
    return found | {"trust": (who, policies.trust(within, repository, branch))}


def scope(settings: Settings) -> Scope:
    """What config.json and the settings name. AWS is asked for the account only where no setting
    says it."""
    app, stage = config.load_config(paths.CHALICE_CONFIG), settings.stage
    return Scope(
        settings=settings,
        account=account(settings),
        app=str(app.get("app_name", "app")),
        roles=tuple(config.roles(paths.CHALICE_CONFIG, stage)),
        others=tuple(size_limit.others(settings)),
    )


def account(settings: Settings) -> str:
    """The stage's. InputError where nobody knows it."""
    if settings.account or settings.role:
        return settings.account or settings.role.split(":")[4]
    try:
        return connection.connect_read_only(settings).account
    except AwsError as error:
        unknown = f"whose account is stage {settings.stage}'s? {error.problem}"
        fix = "write `account` into pyproject.toml, or log in"
        raise InputError(unknown, fix=fix) from None


def _origin() -> str:
    """The checkout's repository on GitHub; '' for none."""
    found = REMOTE.search(subprocesses.origin())
    return found[1] if found else ""
