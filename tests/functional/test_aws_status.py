"""status against an AWS over HTTP: every row, why a row is unknown, what to type."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tasks.clients import chalice_app
from tasks.clients.aws import Aws
from tasks.commands import rollback, status
from tasks.core import chalice_config, paths, records
from tasks.core.arguments import Arguments
from tasks.core.settings import Settings
from tasks.steps import publish, upload
from tests.aws import ACCOUNT, REGION, Refusal, Server
from tests.built import build, zipped

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
FOREIGN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:extension:7"


def rows(settings: Settings) -> dict[str, str]:
    """The table as {what: state}."""
    table = status.table(settings, status.look(settings))
    what, state = ([str(cell) for cell in column.cells] for column in table.columns)
    return dict(zip(what, state, strict=True))


def advice(settings: Settings) -> str:
    return "\n".join(status.advice(settings, status.look(settings)))


def shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a person sees."""
    seen = Console(record=True, width=200, file=Path("seen").open("w"))  # noqa: SIM115 - the console keeps it
    monkeypatch.setattr(status, "console", lambda: seen)
    monkeypatch.setattr(status, "say", lambda line: seen.print(line, markup=False))
    status.run(settings)
    seen.file.close()
    return seen.export_text()


def configure(*arns: str) -> None:
    chalice_config.write_layers(paths.CHALICE_CONFIG, "prod", list(arns))


def deploy(aws: Aws, *arns: str, name: str = "shuking-prod") -> None:
    """A function with these layers, and Chalice's record of it."""
    iam = aws.client("iam")
    iam.create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    made = aws.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Role=ROLE, Handler="app.app", Layers=list(arns),
        Code={"ZipFile": zipped("x")},
    )  # fmt: skip
    resource = {"name": "api_handler", "resource_type": "lambda_function",
                "lambda_arn": made["FunctionArn"]}  # fmt: skip
    records.write(chalice_app.deployed_file("prod"), {"resources": [resource]})


def publish_layer(aws: Aws, text: str = "x = 1\n", built: str = "20250102-030405") -> str:
    build(aws.settings, text, built)
    upload.run(aws)
    return str(publish.run(aws)["arn"])


def test_before_anything_was_done(aws: Aws) -> None:
    """Nothing is an answer too."""
    found = rows(aws.settings)
    assert found.pop("inputs")
    assert found == {
        "built": "nothing",
        "published": "no versions",
        "configured": "no layers",
        "deployed": "nothing that is known here",
    }
    assert advice(aws.settings) == "these inputs are not published: ./doitw deploy stage=prod"


def test_after_a_deploy_all_agree(aws: Aws) -> None:
    """Each row says which version."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    found = rows(aws.settings)
    assert found["inputs"] == status.look(aws.settings).wanted[:12]
    assert found["built"].endswith("from these inputs")
    assert found["published"] == "versions 1; these inputs: version 1"
    assert found["configured"] == f"version 1 ({arn})"
    assert found["deployed"] == f"shuking-prod: version 1 ({arn})"
    assert advice(aws.settings) == "all agree: nothing to do"


def test_changed_requirements_are_seen_everywhere(aws: Aws) -> None:
    """The zip is of other inputs, and these are not published."""
    configure(publish_layer(aws))
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    found = rows(aws.settings)
    assert found["built"].endswith("from other inputs")
    assert found["published"] == "versions 1"
    assert "not published: ./doitw deploy stage=prod" in advice(aws.settings)


def test_a_function_with_other_layers_than_configured(aws: Aws) -> None:
    """Somebody changed config.json or the function by hand."""
    arn = publish_layer(aws)
    configure(FOREIGN, arn)
    deploy(aws, arn)
    assert "shuking-prod runs other layers than configured" in advice(aws.settings)


def test_a_stage_behind_the_inputs(aws: Aws) -> None:
    """Published, not configured."""
    first = publish_layer(aws)
    configure(first)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    publish_layer(aws, "x = 2\n", "20250909-090909")
    assert "stage=prod uses version 1, these inputs are version 2: behind" in advice(aws.settings)


def test_a_rollback_is_called_one(aws: Aws) -> None:
    """With its date, and the way forward."""
    publish_layer(aws)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    configure(publish_layer(aws, "x = 2\n", "20250909-090909"))
    rollback.configure(aws.settings, Arguments(version="1"))
    said = advice(aws.settings)
    assert "stage=prod uses version 1, these inputs are version 2: rolled back on 20" in said
    assert "forward: ./doitw deploy stage=prod" in said


def test_many_versions_are_cut(aws: Aws) -> None:
    """The newest ten."""
    for number in range(12):
        aws.client("lambda").publish_layer_version(
            LayerName="deps", Content={"ZipFile": zipped(str(number))}
        )
    assert rows(aws.settings)["published"] == "versions 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, …"


def denied(method: str, path: str) -> Callable[[Any], Refusal | None]:
    refusal = Refusal(status=403, code="AccessDeniedException")
    return lambda request: refusal if request.method == method and path in request.path else None


@pytest.mark.parametrize(
    ("path", "row", "action"),
    [
        ("/layers/", "published", "lambda:ListLayerVersions"),
        ("/functions/", "deployed", "lambda:GetFunctionConfiguration"),
    ],
)
def test_what_may_not_be_seen_says_why(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch, path: str, row: str, action: str
) -> None:
    """The other rows are still there; nothing is advised from ignorance."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    server.refused = denied("GET", path)
    found = rows(aws.settings)
    assert {what for what, state in found.items() if state == "unknown"} == {row}
    said = shown(aws.settings, monkeypatch)
    assert f"{row}: unknown: " in said
    assert f"allow {action} to this identity" in said
    assert "all agree" not in said
    assert "not published" not in said


def test_without_credentials_the_local_rows_are_there(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both AWS rows are unknown, and one line says why."""
    configure(publish_layer(aws))
    server.refused = lambda request: Refusal(status=403, code="ExpiredToken")
    found = rows(aws.settings)
    assert (found["published"], found["deployed"]) == ("unknown", "unknown")
    assert found["configured"].startswith("version 1 ")
    assert found["built"].endswith("from these inputs")
    said = shown(aws.settings, monkeypatch)
    assert "AWS: unknown: asking who you are: AWS does not accept the credentials" in said


def test_without_a_config_the_rest_is_there(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer can be built and published without a Chalice app."""
    publish_layer(aws)
    paths.CHALICE_CONFIG.unlink()
    found = rows(aws.settings)
    assert found["configured"] == "unknown"
    assert found["published"] == "versions 1; these inputs: version 1"
    assert "config.json does not exist" in shown(aws.settings, monkeypatch)


def test_without_requirements_the_rest_is_there(aws: Aws) -> None:
    """The inputs are unknown, so nothing is said of them."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    Path("requirements-all.txt").unlink()
    found = rows(aws.settings)
    assert found["inputs"] == "unknown"
    assert "inputs" not in found["built"]
    assert found["published"] == "versions 1"
    assert advice(aws.settings) == ""


def test_looking_changes_nothing(aws: Aws, server: Server) -> None:
    """Neither here nor there."""
    publish_layer(aws)
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    server.seen.clear()
    status.look(aws.settings)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert {seen.method for seen in server.seen if seen.path != "/"} == {"GET"}
