"""The workflows: pinned actions, few permissions, one deploy at a time, the pipeline's order."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # no stubs

from tasks.adopt import files
from tasks.adopt import workflow as workflows
from tasks.adopt.tool_origin import Origin
from tasks.adopt.workflow import Place
from tasks.settings.model import Settings
from tests import ci_jobs

FOLDER = Path(__file__).parents[2] / ".github"
FILES = sorted({*FOLDER.rglob("*.yml")} - {FOLDER / "dependabot.yml"})
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\$/\.github/actions/\w+")
JOBS = [
    ("deploy.yml", "build"), ("deploy.yml", "comment"), ("deploy.yml", "deploy"),
    ("rollback.yml", "rollback"), ("unpin.yml", "unpin"),
]  # fmt: skip
OWN = ("deploy.yml", "rollback.yml", "unpin.yml")
ORIGIN = Origin(requirement="./tools/tool.whl", told="the wheel that init came from")


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
    names = [(file, name) for file in OWN
             for name in ci_jobs.load(f".github/workflows/{file}")["jobs"]]  # fmt: skip
    assert names == JOBS


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        (JOBS[0], {"contents": "read"}),
        (JOBS[1], {"pull-requests": "write"}),
        (JOBS[2], {"contents": "read", "id-token": "write"}),
        (JOBS[3], {"contents": "read", "id-token": "write"}),
        (JOBS[4], {"contents": "read", "id-token": "write"}),
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
    assert {line.split()[0] for line in re.findall(r"gh .*", step["run"])} == {"gh"}
    assert "head.repo.full_name == github.repository" in comment["if"]


@pytest.mark.parametrize("where", JOBS)
def test_nothing_is_pasted_into_a_command(where: tuple[str, str]) -> None:
    """What people or pull requests say reaches it as a variable."""
    commands = [step["run"] for step in job(*where)["steps"] if "run" in step]
    assert commands
    assert [command for command in commands if "${{" in command] == []


def test_deploys_of_a_stage_wait_in_turn_and_a_way_back_waits_for_none_of_them() -> None:
    """None is dropped or broken off; between the two groups the lock in S3 decides. GitLab, too."""
    stage, groups = "${{ inputs.stage }}", {}
    for where in JOBS[2:]:
        found = job(*where)["concurrency"]
        groups[where[1]] = found.pop("group")
        assert found == {"cancel-in-progress": False, "queue": "max"}
    assert groups == {
        "deploy": "deploy-prod", "rollback": f"rollback-{stage}", "unpin": f"deploy-{stage}",
    }  # fmt: skip
    assert [job(*where)["environment"] for where in JOBS[2:]] == ["prod", stage, stage]
    gitlab = ci_jobs.load("docs/gitlab-ci.yml")
    assert gitlab[".aws"]["resource_group"] == "deploy-prod"
    assert gitlab["rollback"]["resource_group"] == "rollback-prod"
    assert "resource_group" not in gitlab["deploy"] | gitlab["unpin"]


@pytest.mark.parametrize("workflow", ["rollback.yml", "unpin.yml"])
def test_a_stage_is_chosen_of_those_there_are(workflow: str) -> None:
    """Typed, it would be an environment that GitHub makes on the spot."""
    inputs = ci_jobs.load(f".github/workflows/{workflow}")[True]["workflow_dispatch"]["inputs"]
    config = json.loads((FOLDER.parent / ".chalice/config.json").read_text(encoding="utf-8"))
    assert inputs["stage"]["type"] == "choice"
    assert inputs["stage"]["options"] == [each for each in config["stages"] if each != "local"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_checkout_leaves_its_credentials_behind(path: Path) -> None:
    """For a later step, or an artifact."""
    text = path.read_text(encoding="utf-8")
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_dependabot_looks_at_every_folder_with_pinned_actions() -> None:
    """Those of the workflows, and of our own action."""
    [actions] = ci_jobs.load(".github/dependabot.yml")["updates"]
    assert actions["package-ecosystem"] == "github-actions"
    assert actions["directories"] == ["/", "/.github/actions/*"]


@pytest.mark.parametrize("command", [["actionlint"], ["zizmor", "--offline", "--quiet", ".github"]])
def test_the_linters_find_nothing(command: list[str], tmp_path: Path) -> None:
    """Neither here nor in what init writes for an app. actionlint wants a repository."""
    ours, written = tmp_path / "ours", tmp_path / "written"
    shutil.copytree(FOLDER, ours / ".github")
    (written / ".github/workflows").mkdir(parents=True)
    stages = ["dev", "prod", "local"]
    for place in (Place(), Place(folder=Path("services/my app"), watched=["uv.lock"])):
        text = workflows.workflow({"stage": "dev"}, ORIGIN, stages, place)
        (written / place.file).write_text(text)
    (written / ".github/dependabot.yml").write_text(files.DEPENDABOT)
    for folder in (ours, written):
        (folder / ".git").mkdir()
        program = str(Path(sys.executable).with_name(command[0]))
        done = subprocess.run(
            [program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_linters_are_at_work(tmp_path: Path) -> None:
    """So that an empty answer means something."""
    written = tmp_path / ".github/workflows/a.yml"
    written.parent.mkdir(parents=True)
    written.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
                       "      - uses: actions/checkout@v5\n      - run: echo ${{ inputs.x }}\n"
                       "        shel: bash\n")  # fmt: skip
    (tmp_path / ".git").mkdir()
    for command, found in ((["actionlint"], '"shel"'), (["zizmor", "--offline", "."], "unpinned")):
        program = str(Path(sys.executable).with_name(command[0]))
        done = subprocess.run(
            [program, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert found in done.stdout


def test_inits_workflow_lets_a_person_choose_the_stage() -> None:
    """Of the app's, the one that main is deployed to first; not the embedded one."""
    text = workflows.workflow({"stage": "dev"}, ORIGIN, ["prod", "dev", "local"])
    inputs = yaml.safe_load(text)[True]["workflow_dispatch"]["inputs"]
    assert inputs["stage"]["options"] == ["dev", "prod"]
    assert inputs["action"]["options"] == ["rollback", "unpin"]
    assert list(yaml.safe_load(text)["jobs"]) == ["lock", "build", "deploy", "rollback", "unpin"]


def test_inits_workflow_locks_again_after_dependabot() -> None:
    """What writes is not what builds, and not for forks; what is built is what was locked."""
    jobs = yaml.safe_load(workflows.workflow({"stage": "dev"}, ORIGIN, ["dev"]))["jobs"]
    lock, build = jobs["lock"], jobs["build"]
    assert "user.login == 'dependabot[bot]'" in lock["if"]
    assert "head.repo.full_name == github.repository" in lock["if"]
    assert (lock["permissions"], build["permissions"]) == (
        {"contents": "write"},
        {"contents": "read"},
    )
    commands = [step["run"] for step in lock["steps"] if "run" in step]
    assert [each for each in commands if "${{" in each or each == "doit"] == []
    assert build["needs"] == "lock"
    assert "needs.lock.outputs.commit" in build["steps"][0]["with"]["ref"]


COMMENTER = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in *--paginate*) cat "$THERE" ;; esac
"""


@pytest.mark.parametrize("there", ["", "7\n8\n"])
def test_our_comment_is_found_by_its_marker(there: str, tmp_path: Path) -> None:
    """The last comment of the same bot may be another workflow's."""
    [step] = job("deploy.yml", "comment")["steps"]
    assert "--edit-last" not in step["run"]
    (tmp_path / "gh").write_text(COMMENTER)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "there").write_text(there)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls"),
        "THERE": str(tmp_path / "there"), "GITHUB_REPOSITORY": "o/r", "NUMBER": "3",
        "MARKER": step["env"]["MARKER"], "SIZES": "six",
    }  # fmt: skip
    ci_jobs.shell(step["run"], tmp_path, environment)
    looked, *wrote = (tmp_path / "calls").read_text().splitlines()
    assert "repos/o/r/issues/3/comments" in looked
    assert "startswith(env.MARKER)" in looked
    place = "PATCH repos/o/r/issues/comments/7" if there else "POST repos/o/r/issues/3/comments"
    assert place in wrote[0]
    assert f"body={step['env']['MARKER']}" in wrote[0]
    assert wrote[1] == "six"


def test_main_is_deployed_in_the_pipelines_order() -> None:
    """Python and dependencies, credentials, layer and config, Chalice (with the stage's secret)."""
    assert [used(step) for step in job("deploy.yml", "deploy")["steps"]] == [
        "actions/checkout",
        "$/.github/actions/prepare",
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
    assert cache["path"].split() == ["build", ".doit.sqlite3", "~/.cache/doit-lambda-layer"]
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
    assert layer["variables"]["LAYER_STORE"] == "build"  # a cache's paths lie in the checkout
    assert f"python:{python}" in layer["image"]


def test_the_readme_names_the_gitlab_example() -> None:
    """Where people look first."""
    text = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert "(docs/gitlab-ci.yml)" in text


def test_gitlabs_pipeline_by_hand_goes_back_or_forward_and_does_not_deploy() -> None:
    """One job or another; the form asks for what the jobs read."""
    jobs = ci_jobs.load("docs/gitlab-ci.yml")
    by_hand = "$ROLLBACK_VERSION || $ROLLBACK_ARN || $UNPIN"
    assert jobs["deploy"]["rules"][0] == {"if": by_hand, "when": "never"}
    [rule] = jobs["rollback"]["rules"]
    assert rule["if"].endswith(" && ($ROLLBACK_VERSION || $ROLLBACK_ARN)")
    assert jobs["unpin"]["rules"][0]["if"].endswith(" && $UNPIN")
    read = " ".join([by_hand, *jobs["rollback"]["script"], *jobs["unpin"]["script"]])
    assert set(re.findall(r"ROLLBACK_\w+|UNPIN|REASON", read)) == set(jobs["variables"])
