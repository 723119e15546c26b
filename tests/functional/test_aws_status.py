"""status against an AWS over HTTP: every row, why a row is unknown, what to type."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import config as chalice_config
from tasks.chalice_project import deploy as chalice_deployment
from tasks.commands import rollback, status
from tasks.context.arguments import Arguments
from tasks.context.connection import connect
from tasks.release.stage import status as stage_status
from tasks.release.stage import store
from tasks.report import status_table
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import publish, upload
from tasks.ui.console import size
from tasks.util import files
from tasks.util.errors import DriftError
from tests import lambda_function
from tests.finished_layer import build, zipped
from tests.moto_server import ACCOUNT, REGION, Refusal, Server
from tests.project import small

FOREIGN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:extension:7"


def rows(settings: Settings) -> dict[str, str]:
    """The table as {what: state}, without what every test would have to repeat."""
    found = status_table.status_rows(status.gather_status(settings))
    return {what: state for what, state in found.items() if what not in ("layer", "storage")}


def advice(settings: Settings) -> str:
    return "\n".join(stage_status.advice(status.gather_status(settings)))


def shown(settings: Settings, capfd: pytest.CaptureFixture[str]) -> str:
    """What a person sees, in one line."""
    capfd.readouterr()
    status.show_status([settings], Arguments())
    return " ".join(capfd.readouterr().out.split())


def configure(*arns: str) -> None:
    chalice_config.write_layers(paths.CHALICE_CONFIG, "prod", list(arns))


def deploy(aws: Aws, *arns: str, name: str = "shuking-prod") -> None:
    """A function with these layers, and Chalice's record of it."""
    made = lambda_function.make(aws, name, *arns)
    resource = {"name": "api_handler", "resource_type": "lambda_function", "lambda_arn": made}
    files.write_record(chalice_deployment.deployed_file("prod"), {"resources": [resource]})


def publish_layer(aws: Aws, text: str = "x = 1\n", built: str = "20250102-030405") -> str:
    build(aws.settings, text, built)
    upload.run(aws)
    return str(publish.run(aws).arn)


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
    assert advice(aws.settings) == "nothing is deployed yet: ./doitw deploy stage=prod"


def test_after_a_deploy_all_agree(aws: Aws) -> None:
    """Each row says which version."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    found = rows(aws.settings)
    assert found["inputs"] == status.gather_status(aws.settings).wanted[:12]
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
    assert f"shuking-prod runs other layers than config says: {arn}: ./doitw" in advice(
        aws.settings
    )


def test_a_stage_behind_the_inputs(aws: Aws) -> None:
    """Published, not configured."""
    first = publish_layer(aws)
    configure(first)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    publish_layer(aws, "x = 2\n", "20250909-090909")
    assert "the stage uses version 1, these inputs are version 2: behind" in advice(aws.settings)


def test_a_rollback_is_called_one(aws: Aws) -> None:
    """By whom and when, and the way forward."""
    s3.ensure_bucket(aws)
    publish_layer(aws)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    configure(publish_layer(aws, "x = 2\n", "20250909-090909"))
    rollback.configure(aws.settings, Arguments(version="1"))
    said = advice(aws.settings)
    assert "rolled back to version 1 of deps by " in said
    assert "forward: ./doitw unpin stage=prod, then ./doitw deploy" in said


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
    aws: Aws, server: Server, capfd: pytest.CaptureFixture[str], path: str, row: str, action: str
) -> None:
    """The other rows are still there; nothing is advised from ignorance."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    server.refused = denied("GET", path)
    found = rows(aws.settings)
    assert {what for what, state in found.items() if state == "unknown"} == {row}
    said = shown(aws.settings, capfd)
    assert f"{row}: unknown: " in said
    assert f"allow {action} to this identity" in said
    assert "all agree" not in said
    assert "not published" not in said


def test_without_credentials_the_local_rows_are_there(
    aws: Aws, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """Both AWS rows are unknown, and one line says why."""
    configure(publish_layer(aws))
    connect.cache_clear()  # as in a new run
    server.refused = lambda request: Refusal(status=403, code="ExpiredToken")
    found = rows(aws.settings)
    assert (found["published"], found["deployed"]) == ("unknown", "unknown")
    assert found["configured"].startswith("version 1 ")
    assert found["built"].endswith("from these inputs")
    said = shown(aws.settings, capfd)
    assert "AWS: unknown: asking who you are: AWS does not accept the credentials" in said


def test_without_a_config_the_rest_is_there(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """A layer can be built and published without a Chalice app."""
    publish_layer(aws)
    paths.CHALICE_CONFIG.unlink()
    found = rows(aws.settings)
    assert found["configured"] == "unknown"
    assert found["published"] == "versions 1; these inputs: version 1"
    assert "config.json does not exist" in shown(aws.settings, capfd)


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
    status.gather_status(aws.settings)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert {seen.method for seen in server.seen if seen.path != "/"} == {"GET"}


# ---- drift --------------------------------------------------------------------------------------


def two(aws: Aws) -> tuple[str, str]:
    """Versions 1 and 2; the requirements are version 2's."""
    first = publish_layer(aws)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    return first, publish_layer(aws, "x = 2\n", "20250909-090909")


def checked(settings: Settings) -> str:
    """The error of `check=1`."""
    with pytest.raises(DriftError) as caught:
        status.show_status([settings], Arguments(check=True))
    return caught.value.problem


def test_drift_is_said_in_words(aws: Aws) -> None:
    """Which function, what it runs, what config.json says."""
    first, second = two(aws)
    configure(second)
    deploy(aws, first)
    assert advice(aws.settings).startswith(
        "function shuking-prod runs version 1; config says 2: ./doitw deploy stage=prod"
    )
    assert checked(aws.settings) == "stage prod has drifted"


def test_a_layer_that_was_taken_away_is_drift(aws: Aws) -> None:
    """By hand, in the console."""
    configure(publish_layer(aws))
    deploy(aws)
    assert "shuking-prod runs no version; config says 1" in advice(aws.settings)


def test_a_configured_version_that_was_deleted_is_drift(aws: Aws) -> None:
    """The next deploy would be refused by Lambda."""
    first, second = two(aws)
    configure(first)
    deploy(aws, first)
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    said = advice(aws.settings)
    assert "config says version 1, which AWS does not have (any more)" in said
    assert second.endswith(":2")


def test_another_accounts_layer_of_this_name_is_not_looked_for(aws: Aws) -> None:
    """Its versions are not ours to list."""
    configure(publish_layer(aws).replace(ACCOUNT, "210987654321").replace(":deps:1", ":deps:7"))
    assert "AWS does not have" not in advice(aws.settings)


def test_a_function_that_is_gone_is_drift(aws: Aws) -> None:
    """Chalice's state says that it was deployed."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    aws.client("lambda").delete_function(FunctionName="shuking-prod")
    assert "function shuking-prod was deployed and is gone from AWS" in advice(aws.settings)
    assert rows(aws.settings)["deployed"] == "shuking-prod: gone"


def test_no_drift_passes_the_check(aws: Aws) -> None:
    """Nor does a stage to which nothing was ever deployed fail it."""
    status.show_status([aws.settings], Arguments(check=True))
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    status.show_status([aws.settings], Arguments(check=True))


def test_what_cannot_be_seen_fails_the_check(aws: Aws, server: Server) -> None:
    """CI must not be green because it may not look; the figures alone may be missing."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    server.refused = denied("GET", "/functions/")
    assert checked(aws.settings) == "not all of stage prod could be seen"
    refusal = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: refusal if "list-type" in request.query else None
    status.show_status([aws.settings], Arguments(check=True))


def test_a_fresh_machine_sees_the_same(aws: Aws) -> None:
    """Chalice's state is in S3; without any, the function's name is known all the same."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    known = rows(aws.settings)["deployed"]
    local = chalice_deployment.deployed_file("prod")
    key = store.key(aws.settings, "deployed.json")
    s3.put_bytes(aws, key, local.read_bytes())
    local.unlink()
    assert rows(aws.settings)["deployed"] == known
    aws.client("s3").delete_object(Bucket="deps-bucket", Key=key)
    assert rows(aws.settings)["deployed"] == known
    assert not local.exists()


def test_a_function_with_layers_of_its_own_is_held_to_those(aws: Aws) -> None:
    """Chalice gives it these, not the stage's."""
    arn = publish_layer(aws)
    config = {"app_name": "shuking", "stages": {"prod": {
        "layers": [arn], "lambda_functions": {"api_handler": {"layers": [FOREIGN]}}}}}  # fmt: skip
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    foreign = aws.client("lambda").publish_layer_version(
        LayerName="extension", Content={"ZipFile": zipped("x")}
    )["LayerVersionArn"]
    paths.CHALICE_CONFIG.write_text(json.dumps(config).replace(FOREIGN, foreign), encoding="utf-8")
    deploy(aws, foreign)
    assert advice(aws.settings) == "all agree: nothing to do"


def test_the_figures_of_the_seeds_monitoring(aws: Aws) -> None:
    """Layer size, S3 usage, the function's layers."""
    arn = publish_layer(aws)
    configure(arn)
    deploy(aws, arn)
    found = status_table.status_rows(status.gather_status(aws.settings))
    assert found["layer"] == "version 1: 130 bytes zipped, 6 bytes unzipped (0% of Lambda's limit)"
    stored = aws.client("s3").list_objects_v2(Bucket="deps-bucket", Prefix="layers/deps/")
    total = sum(each["Size"] for each in stored["Contents"])
    assert found["storage"] == f"{size(total)} in S3, zips: 1 (s3://deps-bucket/layers/deps/)"
    assert arn in found["deployed"]


def test_the_size_of_a_version_by_hand_is_known_to_aws(aws: Aws) -> None:
    """Its zip's."""
    arn = aws.client("lambda").publish_layer_version(
        LayerName="deps", Content={"ZipFile": zipped("x")}
    )["LayerVersionArn"]
    configure(arn)
    found = status_table.status_rows(status.gather_status(aws.settings))
    assert found["layer"] == f"version 1: {len(zipped('x'))} bytes zipped"


# ---- several stages, as typed -------------------------------------------------------------------


def test_every_stage_of_config_is_shown_and_one_that_is_typed_alone(
    tmp_path: Path, server: Server
) -> None:
    """`local` lives on this machine and is not among the others; the exit status is doit's 1."""
    copy = small(tmp_path / "copy")
    copy.environment.update(server.environment())
    config = json.loads(copy.read(".chalice/config.json"))
    gone = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:deps:7"
    config["stages"]["dev"] = {"layers": [gone]}
    copy.write(".chalice/config.json", json.dumps(config))
    both = copy.doit("status", "check=1")
    assert both.code == 1
    assert [name for name in ("prod", "dev", "local") if f"stage {name}: layer" in both.output] == [
        "prod", "dev",
    ]  # fmt: skip
    assert "config says version 7, which AWS does not have (any more)" in both.output
    assert "stage dev has drifted\n→ each sentence above says what to do" in both.output
    assert copy.doit("status").code == 0
    one = copy.doit("status", "stage=prod", "check=1")
    assert one.code == 0, one.output
    assert "stage dev" not in one.output
    local = copy.doit("status", "stage=local", LAYER_LOCAL_AWS="")
    assert "AWS: unknown: the emulator is not running" in local.output
