"""tasks/adopt/files.py: each file of the app, text in, text out; twice is the same as once."""

import json
import re
from pathlib import Path

import pytest
import tomli
import yaml  # type: ignore[import-untyped] # no stubs

from tasks.adopt import files, workflow
from tasks.adopt.tool_origin import Origin
from tasks.chalice_project.app import App
from tasks.settings.model import SPECS, option
from tasks.util.errors import InputError

GITHUB = Path(__file__).parents[3] / ".github"
SHOP = App(name="My shop!", stages=["dev"], asked=["/"])
TABLE = files.proposals(SHOP, "123456789012", "eu-west-1")


def test_three_lines() -> None:
    """And no more, however often."""
    made = files.dodo(None)
    assert len(made.splitlines()) == 3
    assert files.dodo(made) == made


def test_a_dodo_that_is_there_keeps_its_tasks() -> None:
    """One import more, after the others."""
    text = '"""Ours."""\n\nimport os\n\n\ndef task_x():\n    return None\n'
    made = files.dodo(text)
    assert [line for line in made.splitlines() if line not in text.splitlines()] == [
        "from tasks import DOIT_CONFIG, commands  # noqa: F401"
    ]
    assert made.index("import os") < made.index("from tasks") < made.index("def task_x")
    assert files.dodo(made) == made


def test_a_dodo_with_a_task_of_our_name_is_refused() -> None:
    """doit would refuse it in every command."""
    text = "def task_lint(): ...\ndef task_chalice_deploy(): ...\n"
    with pytest.raises(InputError, match="a chalice-deploy of its own") as caught:
        files.dodo(text, ["deploy", "chalice-deploy"])
    assert "give task_chalice_deploy in dodo.py another name" in caught.value.fix
    assert "task_lint" in files.dodo(text, ["deploy"])


def test_names_are_what_aws_takes() -> None:
    """And every key is a setting."""
    assert TABLE == {
        "layer": "My-shop-deps", "bucket": "my-shop-lambda-layers-123456789012",
        "region": "eu-west-1", "stage": "dev", "smoke-path": "/",
    }  # fmt: skip
    assert set(TABLE) <= {option(name) for name in SPECS}
    for app in ("x" * 200, "_", "Ü-1"):
        named = files.proposals(App(name=app, stages=[]), "1" * 12, "")
        for key in ("layer", "bucket"):
            assert re.fullmatch(SPECS[key].metadata["pattern"], named[key]), named


@pytest.mark.parametrize("text", [None, "", "# ours\n[project]\nname = 'x' # y\n\n[tool.a]\nb=1"])
def test_pyproject_gets_one_table(text: str | None) -> None:
    """At its end; every other byte stays."""
    made = files.pyproject(text, TABLE)
    assert made.startswith(text or "")
    assert tomli.loads(made)["tool"]["lambda-layer"] == TABLE
    assert files.pyproject(made, {"layer": "other"}) == made


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_config_json(indent: int | str | None) -> None:
    """automatic_layer off where it was on; a stage more; the order and style of the rest."""
    config = {"app_name": "x", "automatic_layer": True, "stages": {
        "dev": {"api_gateway_stage": "api", "automatic_layer": True, "layers": ["a"]}}}  # fmt: skip
    made = files.config(json.dumps(config, indent=indent), SHOP)
    assert made == json.dumps(
        {"app_name": "x", "automatic_layer": False, "stages": {
            "dev": {"api_gateway_stage": "api", "automatic_layer": False, "layers": ["a"]},
            "local": {"api_gateway_stage": "api", "layers": []}}},
        indent=indent,
    )  # fmt: skip
    assert files.config(made, SHOP) == made


def test_single_functions_in_stage_local() -> None:
    """What they have of their own – but no layers: those are an account's."""
    own = {"a": {"layers": ["arn"], "lambda_timeout": 9, "subnet_ids": ["s"]},
           "b": {"layers": []}, "c": {"layers": ["arn"]}}  # fmt: skip
    text = json.dumps({"stages": {"dev": {"lambda_functions": own}}})
    assert json.loads(files.config(text, SHOP))["stages"]["local"] == {
        "lambda_functions": {"a": {"lambda_timeout": 9}, "b": {"layers": []}}, "layers": [],
    }  # fmt: skip


@pytest.mark.parametrize("text", [None, "", "*.log\nbuild/\n", "*.log", "/build/\n"])
def test_gitignore(text: str | None) -> None:
    """Lines that are missing, once."""
    made = files.gitignore(text)
    assert made.startswith((text or "").strip())
    lines = [line.lstrip("/") for line in made.splitlines()]
    assert all(lines.count(line.lstrip("/")) == 1 for line in files.IGNORED)
    assert files.gitignore(made) == made


def test_the_workflow_is_ours_for_another_app() -> None:
    """The same pinned actions, each job's own permissions, the app's stage and region."""
    text = workflow.workflow(TABLE, Origin(requirement="x @ https://e.org/x", told="here"))
    ours = {use for path in GITHUB.rglob("*.yml") for use in _used(path.read_text())}
    assert set(_used(text)) <= ours
    assert not re.search(r"<\w+>", text)
    document = yaml.safe_load(text)
    assert document["permissions"] == {}
    assert document["env"] == {"TOOL": "x @ https://e.org/x", "CHALICE": "chalice"}
    jobs = document["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "lock": {"contents": "write"},
        "build": {"contents": "read"},
        "deploy": {"contents": "read", "id-token": "write"},
        "rollback": {"contents": "read", "id-token": "write"},
        "unpin": {"contents": "read", "id-token": "write"},
    }
    assert jobs["deploy"]["concurrency"]["group"] == "deploy-dev"
    assert "doit deploy stage=dev" in text
    assert "aws-region: eu-west-1" in text
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [command for command in commands if "${{" in command] == []


def _used(text: str) -> list[str]:
    return re.findall(r"uses: ([\w./-]+@.+)", text)


@pytest.mark.parametrize(
    ("text", "said"), [("DOIT_CONFIG = {}\n", "DOIT_CONFIG"), ("def\n", "not Python")]
)
def test_a_dodo_with_other_plans_is_refused(text: str, said: str) -> None:
    """With what to do."""
    with pytest.raises(InputError, match=said):
        files.dodo(text)
