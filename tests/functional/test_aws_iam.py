"""Every API call of the pipeline and of Chalice, recorded, against core/iam.py and docs/iam.md."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.clients import layers, objects, rest_apis, s3
from tasks.clients.aws import Aws, connect
from tasks.core import iam
from tasks.core.settings import SPECS
from tests import deployed
from tests.aws import ACCOUNT, Server, serving
from tests.built import zipped
from tests.operations import operation

DOCUMENT = Path(__file__).parents[2] / "docs" / "iam.md"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
Operations = set[tuple[str, str]]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two deploys of two versions, a rollback, a look, gc's plan: all that was asked of AWS."""
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        copy = deployed.copy(tmp_path_factory.mktemp("life") / "copy", server, patch)
        for command in ("deploy", "deploy", "rollback", "patch-config", "status", "history", "gc"):
            done = copy.doit(command, "stage=local", "builder=host")
            assert done.code == 0, done.output
            copy.write("requirements-all.txt", "six==1.17.0\n")
        yield server


def called(server: Server, agent: str) -> Operations:
    """What one of the two programs called."""
    mine = [seen for seen in server.seen if agent in seen.headers.get("user-agent", "")]
    return {operation(seen) for seen in mine}


def policy(heading: str) -> list[dict[str, Any]]:
    """The statements of the JSON block under a heading of docs/iam.md."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    block = re.search(r"```json\n(.*?)```", section, re.S)
    assert block
    statements: list[dict[str, Any]] = json.loads(block[1])["Statement"]
    return statements


def actions(heading: str) -> set[str]:
    lists = [each["Action"] for each in policy(heading)]
    return {name for each in lists for name in ([each] if isinstance(each, str) else each)}


def test_exactly_the_known_operations_are_called(life: Server, server: Server, aws: Aws) -> None:
    """None that core/iam.py does not know, none that nothing calls. A good deploy never withdraws
    a version nor looks for a lost API, and here nothing is old enough to be deleted."""
    aws.client("lambda").publish_layer_version(LayerName="deps", Content={"ZipFile": zipped("x")})
    aws.client("apigateway").create_rest_api(name="shuking")
    server.seen.clear()
    assert connect(replace(aws.settings, role=ROLE)).account == ACCOUNT
    assert layers.withdraw(aws, 1)
    assert s3.ensure_bucket(aws)
    s3.put_bytes(aws, "layers/a", b"")
    objects.delete(aws, objects.under(aws, "layers/"))
    assert s3.objects(aws, "layers/") == {}
    assert rest_apis.of_function(aws, "shuking", "shuking-prod") == []
    seen = called(life, "doit-lambda-layer") | called(server, "doit-lambda-layer")
    assert {name for _, name in seen} == {*iam.ACTIONS, *iam.COLLECTING, *iam.ASSUMING, *iam.FREE}


def test_the_policy_for_the_layer_allows_exactly_these() -> None:
    """Least privilege, and never less."""
    assert actions("The layer") == {*iam.ACTIONS.values(), *iam.ON_OUR_BEHALF}


def test_the_policy_for_chalice_allows_what_it_calls(life: Server) -> None:
    """API Gateway's actions are HTTP methods."""
    seen = called(life, "aws-chalice")
    needed = {f"{service}:{name}" for service, name in seen if service != "apigateway"}
    rest = [each for each in life.seen if "/apigateway/" in each.headers.get("authorization", "")]
    needed |= {f"apigateway:{each.method}" for each in rest} | {"iam:PassRole"}
    assert {"iam:CreateRole", "lambda:CreateFunction", "apigateway:POST"} <= needed
    assert needed - actions("Chalice") == set()


@pytest.mark.parametrize(
    ("heading", "everywhere"),
    [
        ("The layer", [["lambda:ListFunctions", "lambda:ListLayerVersions"]]),
        ("Chalice", []),
        ("Cleaning up", []),
    ],
)
def test_nothing_is_allowed_everywhere_without_need(
    heading: str, everywhere: list[list[str]]
) -> None:
    """The lists cannot be narrowed (AWS: they have no resource type)."""
    wide = [each["Action"] for each in policy(heading) if each["Resource"] == "*"]
    assert wide == everywhere
    assert not any("*" in action for action in actions(heading))


def test_the_policy_for_cleaning_up_allows_what_it_calls() -> None:
    """S3 asks for DeleteObject where a bucket keeps no versions."""
    assert actions("Cleaning up") == {*iam.COLLECTING.values(), "s3:DeleteObject"}


def test_a_stages_role_is_one_that_may_be_assumed() -> None:
    """By the identity that starts the run, and no other role."""
    [statement] = policy("A stage's role")
    assert {statement["Action"]} == set(iam.ASSUMING.values())
    assert re.fullmatch(SPECS["role"].metadata["pattern"], statement["Resource"])


def test_githubs_role_is_one_repositorys_and_one_environments() -> None:
    """Without a condition on `sub`, any repository of GitHub could take the role."""
    [statement] = policy("GitHub's role")
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = "token.actions.githubusercontent.com"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": "repo:OWNER/REPOSITORY:environment:prod",
        }
    }


def test_the_readme_links_the_policies() -> None:
    """Where people look first."""
    readme = DOCUMENT.parents[1] / "README.md"
    assert "(docs/iam.md)" in readme.read_text(encoding="utf-8")
