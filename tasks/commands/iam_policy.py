"""`doit iam-policy`: the smallest policies for a stage, printed and as files for the AWS CLI."""

import json
import re
from collections.abc import Iterator

from ..aws.iam import needed_actions, policies
from ..aws.iam.policies import Policy
from ..aws.iam.resources import Scope
from ..chalice_project import config
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..layer.team_store import origins
from ..settings import paths
from ..settings.model import Settings
from ..ui import streams
from ..ui.console import say, step_aside
from ..util import files, subprocesses
from ..util.errors import AwsError, InputError

UNKNOWN = "ACCOUNT_ID"  # IAM refuses a policy that still has it
NO_ROLE = "ROLE_NAME"  # a prefix of the team's store that nobody uses
OWNER = "OWNER/REPOSITORY"  # stands in for a repository that nobody named
REMOTE = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def task_iam_policy() -> dict[str, object]:
    """Print the permissions each command needs."""
    settings, typed = current(), arguments.current()
    if typed.for_:
        step_aside()
    return {
        "basename": "iam-policy",
        "actions": [action(lambda: write_policies(scope(settings, typed.key), typed))],
    }


def write_policies(within: Scope, typed: Arguments) -> None:
    """Print and write every policy, or the one that is asked for. InputError where the stage has
    no such one."""
    repository = typed.repository or _origin() or OWNER
    made = all_of(within, repository, typed.branch or subprocesses.default_branch() or "main")
    if typed.for_ and typed.for_ not in made:
        problem = f"stage {within.settings.stage} has no `role`, so nobody assumes one"
        raise InputError(problem, fix="write `role` into pyproject.toml, or take for=deploy")
    for name, (purpose, policy) in made.items():
        path = paths.iam_policy(within.settings, name)
        text = json.dumps(policy, indent=2, ensure_ascii=False)
        files.write_atomic(path, text.encode() + b"\n")
        if typed.for_:
            if name == typed.for_:
                streams.tell_program(text)
            continue
        say(f"{path}: {purpose}")
        for line in text.splitlines():
            say(line)
    shown = [policy for name, (_, policy) in made.items() if typed.for_ in ("", name)]
    for note in _notes(within, repository, typed.for_, json.dumps(shown)):
        say(note)


def _notes(within: Scope, repository: str, wanted: str, shown: str) -> Iterator[str]:
    """`shown`: the policies."""
    if UNKNOWN in shown:
        yield f"note: {UNKNOWN} stands for the account's number, which nothing here names"
        yield "→ write `account` into pyproject.toml, or log in"
    if NO_ROLE in shown:
        yield f"note: {NO_ROLE} stands for the name of the role that publishes"
        yield "→ write `store-writer` into pyproject.toml"
    if wanted in ("", "trust") and repository == OWNER:
        yield "trust: say repository=OWNER/REPOSITORY, as GitHub writes it"
    if wanted in ("", "trust") and "@" not in repository:
        yield "trust: GitHub's tokens name a repository made or renamed since July 15, 2026"
        yield "with its IDs: repository=OWNER@ID/REPOSITORY@ID"
    if not wanted:
        yield f"what each statement is for: {paths.IAM}"


def all_of(within: Scope, repository: str, branch: str) -> dict[str, tuple[str, Policy]]:
    """{name: (what it is for, policy)}"""
    found = {
        name: (purpose, policies.policy(name, within))
        for name, purpose in needed_actions.PURPOSES.items()
    }
    if within.settings.role:
        found["assume"] = ("who starts the run, to take the stage's role", policies.assume(within))
    stage = within.settings.stage
    who = f"the role's trust policy: {repository} on GitHub, branch {branch}, environment {stage}"
    found["trust"] = (who, policies.trust(within, repository, branch))
    return found | {"bucket": ("the bucket's own policy", policies.of_bucket(within))}


def scope(settings: Settings, key: str = "") -> Scope:
    """What config.json and the settings name. AWS is asked for the account only where no setting
    says it."""
    app, stage = config.load_config(paths.CHALICE_CONFIG), settings.stage
    return Scope(
        settings=settings,
        account=account(settings),
        app=str(app.get("app_name", "app")),
        roles=tuple(config.roles(paths.CHALICE_CONFIG, stage)),
        others=tuple(size_limit.others(settings)),
        keys=(key,) if key else (),
        keeps_logs=config.keeps_logs(paths.CHALICE_CONFIG, stage),
        writer=origins.named_writer(settings) or NO_ROLE,
    )


def account(settings: Settings) -> str:
    """The stage's. A word in its place where nobody knows it."""
    if settings.account or settings.role:
        return settings.account or settings.role.split(":")[4]
    try:
        return connection.connect_read_only(settings).account
    except AwsError:
        return UNKNOWN


def _origin() -> str:
    """The checkout's repository on GitHub. '' for none."""
    found = REMOTE.search(subprocesses.origin())
    return found[1] if found else ""
