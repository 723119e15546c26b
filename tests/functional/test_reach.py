"""What of an app with several functions a rollback moves and what it leaves, as plan says it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.aws.client import Aws
from tasks.commands import plan
from tasks.release.undo import reach
from tasks.settings import paths
from tasks.settings.model import Settings

APP = """from chalice import Chalice
app = Chalice(app_name="shuking")

@app.route("/health")
def health(): return {}

@app.lambda_function()
def render(event, context): return 1

@app.schedule("rate(1 hour)")
def nightly(event): return 1
"""


@pytest.fixture
def said(settings: Settings) -> Any:
    """Of these functions, with this in stage prod's table."""

    def sentences(functions: list[str], **table: object) -> list[str]:
        config = json.loads(paths.CHALICE_CONFIG.read_text())
        config["stages"]["prod"] |= table
        paths.CHALICE_CONFIG.write_text(json.dumps(config))
        return reach.sentences(settings, functions)

    return sentences


def test_one_function_and_nothing_beside_it(said: Any) -> None:
    """What everybody expects needs no words."""
    assert said([]) == []


def test_layers_of_their_own(said: Any) -> None:
    own = {"render": {"layers": ["arn:x"]}, "bare": {"layers": []}}
    moved, kept, none = said(["render", "bare"], lambda_functions=own)
    assert moved.startswith("back: rollback version=N moves this layer in api_handler, render; ")
    assert kept.startswith("back: render keep the other `layers` of their own; rollback arn=A,B")
    assert none == "back: bare have no layer, by an empty `layers`, and stay so"


def test_a_network(said: Any) -> None:
    """The stage's, or a single function's."""
    own = {"render": {"subnet_ids": ["s"], "security_group_ids": ["g"]}}
    _, alone = said(["render"], lambda_functions=own)
    assert alone.startswith("back: render stay in the VPC that .chalice/config.json names; ")
    assert "brings back subnets and security groups" in alone
    [_, both] = said(["render"], subnet_ids=["s"], security_group_ids=["g"])
    assert both.startswith("back: api_handler, render stay in the VPC")


def test_a_custom_domain(said: Any) -> None:
    domain = {"domain_name": "api.example.com", "certificate_arn": "arn:x"}
    [line] = said([], api_gateway_custom_domain=domain)
    assert line.startswith("back: domain api.example.com is left as it is, and answers with")


def test_plan_says_it_last(aws: Aws) -> None:
    """Of the functions that app.py has."""
    Path("app.py").write_text(APP)
    lines = [*plan.make_plan(aws.settings).lines()]
    assert lines[-1].startswith(
        "back: rollback version=N moves this layer in api_handler, nightly, render; "
    ) or lines[-1].startswith(
        "back: rollback version=N moves this layer in api_handler, render, nightly; "
    )
