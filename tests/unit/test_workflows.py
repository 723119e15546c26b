"""The workflows: pinned actions, few permissions, one deploy at a time, the seed's order."""

import re
from pathlib import Path
from typing import Any

import pytest

from tasks.settings.model import Settings
from tests import ci_jobs

FOLDER = Path(__file__).parents[2] / ".github"
FILES = sorted(FOLDER.rglob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/actions/\w+")
JOBS = [
    ("deploy.yml", "build"), ("deploy.yml", "comment"), ("deploy.yml", "deploy"),
    ("rollback.yml", "rollback"),
]  # fmt: skip


def job(workflow: str, name: str) -> Any:
    return ci_jobs.load(f".github/workflows/{workflow}")["jobs"][name]


def used(step: dict[str, Any]) -> str:
    """What a step is: its command, or its action's name."""
    return str(step.get("run") or step["uses"].partition("@")[0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """With the version as a comment."""
    found = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert found
    assert [each for each in found if not PINNED.fullmatch(each)] == []


def test_every_job_is_known_here() -> None:
    """So that a new one gets its permissions looked at."""
    names = [(file, name) for file in ("deploy.yml", "rollback.yml")
             for name in ci_jobs.load(f".github/workflows/{file}")["jobs"]]  # fmt: skip
    assert names == JOBS


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        (JOBS[0], {"contents": "read"}),
        (JOBS[1], {"pull-requests": "write"}),
        (JOBS[2], {"contents": "read", "id-token": "write"}),
        (JOBS[3], {"contents": "read", "id-token": "write"}),
    ],
)
def test_permissions_are_each_jobs_own(where: tuple[str, str], allowed: dict[str, str]) -> None:
    """Nothing for all of them; what builds a pull request can write nowhere."""
    assert ci_jobs.load(f".github/workflows/{where[0]}")["permissions"] == {}
    assert job(*where)["permissions"] == allowed


def test_what_writes_a_comment_runs_nothing_of_the_pull_requests() -> None:
    """No checkout, and not for forks."""
    comment = job("deploy.yml", "comment")
    [step] = comment["steps"]
    assert step["run"].startswith("gh pr comment ")
    assert "head.repo.full_name == github.repository" in comment["if"]


@pytest.mark.parametrize("where", JOBS)
def test_nothing_is_pasted_into_a_command(where: tuple[str, str]) -> None:
    """What people or pull requests say reaches it as a variable."""
    commands = [step["run"] for step in job(*where)["steps"] if "run" in step]
    assert commands
    assert [command for command in commands if "${{" in command] == []


def test_a_stage_is_deployed_by_one_job_at_a_time() -> None:
    """By rollbacks neither, and none is broken off; in GitLab, too."""
    deploy, back = job("deploy.yml", "deploy"), job("rollback.yml", "rollback")
    stage = "${{ inputs.stage }}"
    assert deploy["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": False}
    assert back["concurrency"] == {"group": f"deploy-{stage}", "cancel-in-progress": False}
    assert (deploy["environment"], back["environment"]) == ("prod", stage)
    assert ci_jobs.load("docs/gitlab-ci.yml")[".aws"]["resource_group"] == "deploy-prod"


def test_main_is_deployed_in_the_seeds_order() -> None:
    """Python and dependencies, credentials, layer and config, Chalice (with the stage's secret)."""
    assert [used(step) for step in job("deploy.yml", "deploy")["steps"]] == [
        "actions/checkout",
        "./.github/actions/prepare",
        "aws-actions/configure-aws-credentials",
        "./doitw patch-config stage=prod",
        "./doitw deploy stage=prod",
    ]


def test_no_job_has_the_functions_secrets_in_its_environment() -> None:
    """Every program of it would have them; the setting `secret` gives them to Chalice alone."""
    for path in FOLDER.glob("*.yml"):
        text = path.read_text(encoding="utf-8").lower()
        assert "secretsmanager" not in text
        assert "secret-ids" not in text


def test_the_cache_knows_machine_python_and_locks() -> None:
    """Another system, architecture or Python never meets what this one built."""
    [cache] = [
        step["with"]
        for step in ci_jobs.load(".github/actions/prepare/action.yml")["runs"]["steps"]
        if "actions/cache@" in step["uses"]
    ]
    assert cache["path"].split() == ["build", ".doit.sqlite3"]
    machine = "layer-${{ runner.os }}-${{ runner.arch }}-py${{ steps.python.outputs.python-version"
    assert cache["key"].startswith(machine)
    assert cache["restore-keys"].startswith(machine)
    assert {"'doitw.lock'", "'requirements*'"} <= set(re.findall(r"'[^']+'", cache["key"]))


def test_gitlabs_cache_knows_them_as_well() -> None:
    """Its key has no expressions, so what the image and its runner are stands there in words."""
    document = ci_jobs.load("docs/gitlab-ci.yml")
    [layer] = [each for each in document.values() if isinstance(each, dict) and "cache" in each]
    python = Settings().python
    assert layer["cache"]["key"] == {
        "files": ["doitw.lock", "requirements-all.lock"],
        "prefix": f"layer-linux-x86_64-py{python}",
    }
    assert layer["cache"]["paths"] == ["build", ".doit.sqlite3"]
    assert f"python:{python}" in layer["image"]


def test_the_readme_names_the_gitlab_example() -> None:
    """Where people look first."""
    text = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert "(docs/gitlab-ci.yml)" in text


def test_gitlabs_pipeline_by_hand_goes_back_and_does_not_deploy() -> None:
    """One job or the other; the form asks for what the job reads."""
    jobs = ci_jobs.load("docs/gitlab-ci.yml")
    assert jobs["deploy"]["rules"][0] == {"if": "$ROLLBACK_VERSION", "when": "never"}
    [rule] = jobs["rollback"]["rules"]
    assert rule["if"].endswith(" && $ROLLBACK_VERSION")
    [script] = jobs["rollback"]["script"]
    assert set(re.findall(r"ROLLBACK_\w+", script)) == set(jobs["variables"])
