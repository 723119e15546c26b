"""The whole pipeline as behaviour: touch one input, see which steps run and what AWS holds."""

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from itertools import takewhile
from pathlib import Path

import pytest

from tasks.chalice_project import api_event
from tests.project import AFTER_APP, SIX, Project, clean_environment, small

BUILD = ["install", "prune", "optimize", "zip", "verify"]
SHIP = ["upload", "publish", "patch-config", "chalice-deploy", "smoke"]
LOOK = ["preflight", "lookup", "smoke"]
ARN = re.compile(r"arn:aws:lambda:ap-northeast-2:\d{12}:layer:deps:(\d+)")


def ran(steps: list[str], *names: str) -> list[str]:
    """Those of the names that ran, in their order."""
    return [step for step in steps if step in names]


def numbers(project: Project, layer: str = "deps") -> list[int]:
    """The versions that AWS has, newest first."""
    answer = project.aws("lambda").list_layer_versions(LayerName=layer)
    return [version["Version"] for version in answer["LayerVersions"]]


def health(project: Project) -> dict[str, str]:
    """What the deployed function answers to GET /health, asked here and now."""
    event = json.dumps(api_event.event("/health"))
    answer = project.aws("lambda").invoke(FunctionName="shuking-local", Payload=event)
    body: dict[str, str] = json.loads(json.load(answer["Payload"])["body"])
    return body


# ---- the first deploy ----


def test_the_steps_run_in_the_order_of_the_picture(layer: Project) -> None:
    steps = layer.deploy().steps
    assert ran(steps, "preflight", "lookup", *BUILD, *SHIP) == [
        "preflight", "lookup", *BUILD, *SHIP,
    ]  # fmt: skip


def test_the_function_answers_out_of_the_layer(deployed: Project) -> None:
    answer = health(deployed)
    assert answer["six"] == "1.16.0"
    assert "/opt/python/" in answer["file"]


def test_s3_is_laid_out_as_the_seed_says(deployed: Project) -> None:
    listed = deployed.aws("s3").list_objects_v2(Bucket="shuking-lambda-layers", Prefix="layers/")
    keys = {each["Key"] for each in listed["Contents"]}
    assert (
        len([key for key in keys if re.fullmatch(r"layers/deps/\d{8}-\d{6}/deps\.zip", key)]) == 1
    )
    assert any(key.endswith("/manifest.json") for key in keys)


def test_the_layer_version_says_what_it_is(deployed: Project) -> None:
    (version,) = deployed.aws("lambda").list_layer_versions(LayerName="deps")["LayerVersions"]
    packed = json.loads(deployed.read("build/zip/deps/record.json"))
    assert version["CompatibleRuntimes"] == ["python3.12"]
    assert version["CompatibleArchitectures"] == ["x86_64"]
    assert packed["input"] in version["Description"]
    assert packed["sha256"] in version["Description"]


def test_the_arn_is_in_its_file_and_in_the_stage_alone(deployed: Project) -> None:
    arn = deployed.read(".layer-arn.txt").strip()
    assert ARN.fullmatch(arn)
    assert deployed.layers() == [arn]
    assert deployed.layers("prod") == []


def test_what_chalice_packs_holds_nothing_of_the_layer(deployed: Project) -> None:
    function = deployed.aws("lambda").get_function(FunctionName="shuking-local")
    assert [each["Arn"] for each in function["Configuration"]["Layers"]] == deployed.layers()
    assert function["Configuration"]["Runtime"] == "python3.12"


def test_status_finds_that_all_agree(deployed: Project) -> None:
    run = deployed.doit("status", "stage=local")
    assert run.code == 0
    assert "all agree: nothing to do" in run.output


# ---- again ----


def test_a_second_deploy_only_looks(layer: Project) -> None:
    layer.deploy()
    function = layer.aws("lambda").get_function(FunctionName="shuking-local")["Configuration"]
    assert layer.deploy().steps == LOOK
    again = layer.aws("lambda").get_function(FunctionName="shuking-local")["Configuration"]
    assert again["LastModified"] == function["LastModified"]
    assert numbers(layer) == [1]


def test_comments_order_and_blank_lines_change_nothing(layer: Project) -> None:
    layer.write("requirements-all.txt", "six==1.16.0\nidna==3.10\n")
    layer.deploy()
    layer.write("requirements-all.txt", "# why\n\nidna ==3.10   # names\n\nsix==1.16.0\n")
    assert layer.deploy().steps == LOOK
    assert numbers(layer) == [1]


def test_a_changed_app_is_deployed_and_nothing_is_built(layer: Project) -> None:
    layer.deploy()
    layer.write("app.py", layer.read("app.py") + "\n# another line\n")
    assert layer.deploy().steps == AFTER_APP
    assert numbers(layer) == [1]


def test_a_fresh_machine_builds_and_publishes_nothing(layer: Project) -> None:
    layer.deploy()
    for path in ("install", "prune", "optimize", "zip", "verify", "upload", "publish"):
        shutil.rmtree(layer.path / "build" / path)
    for path in (
        "build/deps.zip",
        ".doit.sqlite3",
        ".layer-arn.txt",
        ".chalice/deployed/local.json",
    ):
        (layer.path / path).unlink()
    config = layer.read(".chalice/config.json").replace(layer.layers()[0], "")
    layer.write(".chalice/config.json", config.replace('[\n        ""\n      ]', "[]"))
    steps = layer.deploy().steps
    assert ran(steps, *BUILD, "upload") == []
    assert numbers(layer) == [1]
    assert len(layer.aws("apigateway").get_rest_apis()["items"]) == 1


def test_a_changed_prune_setting_does_not_install_again(layer: Project) -> None:
    layer.deploy()
    layer.write("pyproject.toml", layer.read("pyproject.toml") + 'rules-off = ["metadata"]\n')
    steps = layer.deploy().steps
    assert ran(steps, *BUILD) == BUILD[1:]
    assert numbers(layer) == [2, 1]


def test_the_same_content_from_other_inputs_is_not_published_twice(layer: Project) -> None:
    layer.deploy()
    layer.write("requirements-all.txt", "six==1.16.0,!=1.15.0\n")
    assert "upload" in layer.deploy().steps
    assert numbers(layer) == [1]
    assert layer.deploy().steps == LOOK


# ---- one pin, and back ----


def test_a_changed_pin_is_a_new_version_and_rollback_undoes_it(layer: Project) -> None:
    layer.deploy()
    layer.write("requirements-all.txt", "six==1.17.0\n")
    steps = layer.deploy().steps
    assert ran(steps, *BUILD, *SHIP) == BUILD + SHIP
    assert (numbers(layer), health(layer)["six"]) == ([2, 1], "1.17.0")

    run = layer.doit("rollback", "version=1", "stage=local")
    assert run.code == 0, run.output
    assert ran(run.steps, *BUILD, "upload", "publish") == []
    assert [ARN.fullmatch(arn)[1] for arn in layer.layers()] == ["1"]  # type: ignore[index] # json
    assert health(layer)["six"] == "1.16.0"

    status = layer.doit("status", "stage=local").output
    assert "version 1" in status
    assert "rolled back to version 1 of deps by" in status

    run = layer.deploy()
    assert "it stays there: nothing is built" in run.output
    assert (run.steps, health(layer)["six"]) == (LOOK, "1.16.0")

    assert layer.doit("unpin", "stage=local").code == 0
    steps = layer.deploy().steps  # forward again: published already
    assert ran(steps, *BUILD, "upload") == []
    assert (numbers(layer), health(layer)["six"]) == ([2, 1], "1.17.0")


def test_rollback_alone_goes_to_the_version_before(layer: Project) -> None:
    layer.deploy()
    layer.write("requirements-all.txt", "six==1.17.0\n")
    layer.deploy()
    assert layer.doit("rollback", "stage=local").code == 0
    assert layer.layers()[0].endswith(":1")
    again = layer.doit("rollback", "stage=local")
    assert again.code != 0
    assert "there is no version of deps before 1" in again.output


def test_rollback_and_patch_config_take_explicit_arns(layer: Project) -> None:
    layer.deploy()
    content = {"ZipFile": (layer.path / "build/deps.zip").read_bytes()}
    other = layer.aws("lambda").publish_layer_version(LayerName="other", Content=content)
    both = [other["LayerVersionArn"], layer.layers()[0]]
    assert layer.doit("rollback", f"arn={','.join(both)}", "stage=local").code == 0
    assert layer.layers() == both
    function = layer.aws("lambda").get_function_configuration(FunctionName="shuking-local")
    assert [each["Arn"] for each in function["Layers"]] == both

    steps = layer.doit("patch-config", f"arn={both[1]}", "stage=local").steps
    assert ran(steps, *BUILD, "upload", "publish", "chalice-deploy", "smoke") == []
    assert layer.layers() == both  # this layer's version took its own place


# ---- stopped anywhere ----


LINES = ["▶ prune", "▶ upload", "▶ patch-config", "▶ chalice-deploy", "   Creating Rest API"]


@pytest.mark.parametrize(
    "line",
    ["▶ publish", "   Creating lambda function: shuking-local",
     *(pytest.param(each, marks=pytest.mark.long) for each in LINES)],
)  # fmt: skip
def test_a_killed_run_is_repeated_to_the_same_end(layer: Project, line: str) -> None:
    kill_at(layer, line)
    layer.deploy()
    assert numbers(layer) == [1]
    assert health(layer)["six"] == "1.16.0"
    assert len(layer.aws("apigateway").get_rest_apis()["items"]) == 1
    assert layer.deploy().steps == LOOK


def kill_at(project: Project, last: str) -> None:
    """`doit deploy`, killed without warning when it prints that line."""
    command = [sys.executable, "-m", "tasks", "deploy", "stage=local"]
    process = subprocess.Popen(
        command, cwd=project.path, env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout
        seen = list(takewhile(lambda line: line != f"{last}\n", process.stdout))
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "".join(seen)


# ---- the emulator ----


def test_a_restarted_aws_has_forgotten_and_stale_arns_are_cleared(layer: Project) -> None:
    layer.deploy()
    assert layer.doit("local-stop").code == 0
    run = layer.deploy()
    assert "what the last one knew is cleared" in run.output
    assert numbers(layer) == [1]
    assert health(layer)["six"] == "1.16.0"


def test_a_server_of_ones_own_is_used_and_none_is_started(layer: Project, tmp_path: Path) -> None:
    other = small(tmp_path / "other")
    other.write("build/local/runtime.json", '{"builder": "host"}')  # what its functions run in
    assert other.doit("local-start").code == 0
    own = {"LAYER_LOCAL_AWS": other.local_aws}
    try:
        layer.deploy(**own)
        assert layer.deploy(**own).steps == LOOK
        assert not (layer.path / "build/local/server.json").exists()
        assert numbers(other) == [1]
    finally:
        other.doit("local-stop")


# ---- more than one layer ----


def test_two_layers_side_by_side_keep_their_own_results(layer: Project) -> None:
    layer.write("others.txt", "idna==3.10\n")
    layer.deploy()
    layer.deploy("layer=other", "requirements=others.txt")
    assert [arn.rpartition(":layer:")[2] for arn in layer.layers()] == ["deps:1", "other:1"]
    steps = layer.deploy().steps
    assert ran(steps, *BUILD, "upload") == []
    assert (numbers(layer), numbers(layer, "other")) == ([1], [1])
    assert health(layer)["six"] == "1.16.0"


def test_the_stages_other_layers_count_toward_the_limit(layer: Project) -> None:
    layer.deploy()
    before = layer.layers()
    config = layer.read(".chalice/config.json")
    heavy = publish_zeros(layer, "heavy", 262_144_000)
    layer.write(".chalice/config.json", config.replace(before[0], f'{heavy}", "{before[0]}'))
    run = layer.doit("deploy", "stage=local")
    assert run.code != 0
    assert "is over Lambda's 262.1 MB" in run.output
    assert f"262.1 MB  {heavy}" in run.output


def publish_zeros(project: Project, name: str, size: int) -> str:
    """The ARN of a layer of that many bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", bytes(size))
    answer = project.aws("lambda").publish_layer_version(
        LayerName=name, Content={"ZipFile": made.getvalue()}
    )
    return str(answer["LayerVersionArn"])


def test_another_stage_takes_the_version_that_is_there(layer: Project) -> None:
    """Any stage of config.json, by its name; nothing of the first one changes."""
    layer.deploy()
    config = json.loads(layer.read(".chalice/config.json"))
    config["stages"]["dev"] = {"api_gateway_stage": "api"}
    layer.write(".chalice/config.json", json.dumps(config, indent=2))
    exports = layer.doit("local-start", "format=env").output
    run = layer.doit("deploy", "stage=dev", **dict(re.findall(r"export (AWS_\w+)=(\S+)", exports)))
    assert run.code == 0, run.output
    assert ran(run.steps, *BUILD, *SHIP) == ["patch-config", "chalice-deploy", "smoke"]
    assert layer.layers("dev") == layer.layers("local")
    function = layer.aws("lambda").get_function_configuration(FunctionName="shuking-dev")
    assert [each["Arn"] for each in function["Layers"]] == layer.layers("dev")
    assert layer.deploy().steps == LOOK


# ---- building without AWS ----


def test_build_needs_no_aws_and_runs_once(layer: Project) -> None:
    first = layer.doit()
    assert first.code == 0, first.output
    assert ran(first.steps, *BUILD) == BUILD
    assert layer.doit().steps == []
    assert not (layer.path / "build/local/server.json").exists()


def test_two_builds_give_the_same_bytes(layer: Project, tmp_path: Path) -> None:
    other = small(tmp_path / "elsewhere" / "project")
    other.write("requirements-all.txt", f"# the same\n{SIX}")
    assert (layer.doit().code, other.doit().code) == (0, 0)
    zips = [(each.path / "build/deps.zip").read_bytes() for each in (layer, other)]
    assert zips[0] == zips[1]


def test_a_missing_result_is_made_again(layer: Project) -> None:
    layer.doit()
    (layer.path / "build/deps.zip").unlink()
    assert ran(layer.doit().steps, *BUILD) == ["zip"]
