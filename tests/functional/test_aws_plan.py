"""plan: what a deploy would do and why, told without changing anything, here or in AWS."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws.client import Aws
from tasks.chalice_project import config as chalice_config
from tasks.commands import plan
from tasks.context.connection import connect
from tasks.layer import input_hash
from tasks.release.stage import store
from tasks.release.stage.deploy_plan import DeployPlan
from tasks.release.stage.rollback_pin import RollbackPin
from tasks.requirements import lockfile
from tasks.settings import paths, s3_keys
from tasks.settings.model import Settings
from tasks.settings.step_records import VerifyRecord
from tasks.steps import chalice_deploy, lookup, patch_config, publish, upload
from tasks.util import files
from tasks.util.errors import AwsError, DeployError, InputError, VerifyError
from tests import deployed_project, lambda_function, made_records
from tests.api_operations import operation
from tests.finished_layer import build
from tests.moto_server import ACCOUNT, REGION, Refusal, Server
from tests.project import Project

BUILD, APP = "build the layer and test it", "deploy the app with Chalice"
CONFIG = "write stage prod's layers to .chalice/config.json"
RECORD = Path("build/chalice-deploy/deps/prod.json")
READING = ("Get", "List", "Head", "Describe")


def publish_layer(aws: Aws, pins: dict[str, str], built: str = "20250102-030405") -> str:
    """A version of these requirements, and nothing of it left on this machine."""
    text = "".join(f"{name}=={version}\n" for name, version in pins.items())
    Path("requirements-all.txt").write_text(text, encoding="utf-8")
    build(aws.settings, text, built, pins)
    upload.run(aws)
    arn = str(publish.run(aws).arn)
    for path in (*paths.BUILD.rglob("*.json"), paths.LAYER_ARN):
        path.unlink()
    return arn


def configure(*arns: str) -> None:
    chalice_config.write_layers(paths.CHALICE_CONFIG, "prod", list(arns))


def want(text: str) -> None:
    Path("requirements-all.txt").write_text(text, encoding="utf-8")


def planned(settings: Settings) -> DeployPlan:
    return plan.make_plan(settings)


def whats(found: DeployPlan) -> list[str]:
    return [change.what for change in found.changes]


def why(found: DeployPlan, what: str) -> list[str]:
    return next(list(change.why) for change in found.changes if change.what.startswith(what))


def test_before_anything_was_published(aws: Aws) -> None:
    """Everything, version 1 by name, and the line that config.json gets."""
    found = planned(aws.settings)
    assert whats(found) == [BUILD, "publish version 1 of deps", CONFIG, APP]
    assert why(found, BUILD) == ["there is no version to compare with"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:deps:1"
    assert any(line.startswith("+ ") and arn in line for line in why(found, CONFIG))


def test_a_changed_pin_says_which(aws: Aws) -> None:
    """Against the version that the stage uses."""
    config = json.loads(paths.CHALICE_CONFIG.read_text(encoding="utf-8"))
    paths.CHALICE_CONFIG.write_text(json.dumps(config, indent=2), encoding="utf-8")
    configure(publish_layer(aws, {"six": "1.16.0", "idna": "3.10"}))
    publish_layer(aws, {"six": "1.15.0"}, "20250909-090909")
    want("six==1.17.0\ncertifi\n")
    found = planned(aws.settings)
    assert whats(found) == [BUILD, "publish version 3 of deps", CONFIG, APP]
    assert why(found, BUILD) == [
        "against version 1:",
        "requirements changed: certifi (added)",
        "requirements changed: idna (no longer asked for)",
        "requirements changed: six 1.16.0 → ==1.17.0",
    ]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:deps"
    assert why(found, CONFIG) == [f'- "{arn}:1"', f'+ "{arn}:3"']
    assert why(found, APP) == ["the function's layers change"]


def test_a_lock_says_it_exactly(aws: Aws) -> None:
    """Transitive packages, too."""
    publish_layer(aws, {"six": "1.16.0", "idna": "3.10"})
    want("six\n")
    lines = ["six==1.17.0 \\", "    --hash=sha256:" + "a" * 64, "certifi==2025.1.1"]
    text = lockfile.header(aws.settings) + "\n".join(lines) + "\n"
    Path("requirements-all.lock").write_text(text, encoding="utf-8")
    assert why(planned(aws.settings), BUILD) == [
        "against version 1:",
        "requirements changed: certifi 2025.1.1 (added)",
        "requirements changed: idna 3.10 (removed)",
        "requirements changed: six 1.16.0 → 1.17.0 (upgraded)",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipes": ("installers",)}, "prune rules changed: recipes [] → ['installers']"),
        ({"strip": False}, "strip True → False"),
        ({"bytecode": "none"}, "bytecode compile → none"),
        ({"architecture": "arm64"}, "architecture x86_64 → arm64"),
    ],
)
def test_a_changed_setting_says_which(aws: Aws, change: dict[str, Any], said: str) -> None:
    """And nothing of the requirements, which are the same."""
    publish_layer(aws, {"six": "1.17.0"})
    other = connect(replace(aws.settings, **change))
    assert why(planned(other.settings), "build the layer") == ["against version 1:", said]


def test_published_inputs_need_only_the_config(aws: Aws) -> None:
    """A fresh checkout, and the way back by changing the requirements back."""
    publish_layer(aws, {"six": "1.17.0"})
    found = planned(aws.settings)
    assert whats(found) == [CONFIG, APP]
    [note] = found.notes
    assert note.endswith("are published as version 1: nothing to build")


def test_what_is_built_here_is_not_built_again(aws: Aws) -> None:
    """Built and proven, not published."""
    build(aws.settings)
    assert whats(planned(aws.settings)) == ["publish version 1 of deps", CONFIG, APP]
    made_records.put(aws.settings, VerifyRecord, sha256="other")
    assert whats(planned(aws.settings))[0] == BUILD


def test_content_that_is_published_is_not_published_again(aws: Aws) -> None:
    """Other requirement lines made the same zip."""
    publish_layer(aws, {"six": "1.17.0"})
    want("six~=1.17.0\n")
    build(aws.settings, "six==1.17.0\n", "20250909-090909")
    found = planned(aws.settings)
    assert whats(found) == [CONFIG, APP]
    assert "version 1 holds exactly what is built here" in found.notes[0]


def test_a_deleted_versions_number_does_not_come_again(aws: Aws) -> None:
    """AWS counts on; the number is known from S3, and its zip while it is there."""
    publish_layer(aws, {"six": "1.16.0"})
    arn = publish_layer(aws, {"six": "1.17.0"}, "20250909-090909")
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=2)
    configure(arn)
    from_zip = "publish version 3 of deps from the zip of 20250909-090909"
    assert whats(planned(aws.settings)) == [from_zip, CONFIG, APP]
    key = s3_keys.zip_key("deps", "20250909-090909")
    aws.client("s3").delete_object(Bucket="deps-bucket", Key=key)
    found = planned(aws.settings)
    assert whats(found)[:2] == [BUILD, "publish version 3 of deps"]
    assert why(found, BUILD) == ["against version 2:"]


def test_what_a_deploy_would_refuse_is_an_error(aws: Aws, server: Server) -> None:
    """No plan is made of what cannot be done, or cannot be seen."""
    with pytest.raises(InputError, match="no stage 'prd'"):
        planned(replace(aws.settings, stage="prd"))
    want("")
    with pytest.raises(InputError, match="names no package"):
        planned(aws.settings)
    want("six\n")
    denied = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: denied if "/layers/" in request.path else None
    with pytest.raises(AwsError, match="no permission"):
        planned(aws.settings)


def test_what_is_published_and_does_not_fit_is_an_error(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As lookup would find, beside the stage's other layers; pinned or not."""
    first = publish_layer(aws, {"six": "1.17.0"})
    monkeypatch.setattr("tasks.settings.model.LAMBDA_LIMIT", 10)
    with pytest.raises(VerifyError, match="is over Lambda's 10 bytes"):
        planned(aws.settings)
    pinned(aws, first, input_hash.input_hash(aws.settings, "host"))
    with pytest.raises(VerifyError, match="is over Lambda's 10 bytes"):
        planned(aws.settings)


def test_an_architecture_that_chalice_cannot_deploy_is_an_error(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before AWS is asked."""
    monkeypatch.setattr("tasks.chalice_project.deploy.knows_architecture", lambda: False)
    with pytest.raises(InputError, match="the layer is for arm64"):
        planned(replace(aws.settings, architecture="arm64"))


# ---- pins, and what another machine did ---------------------------------------------------------


def pinned(aws: Aws, arn: str, *inputs: str) -> RollbackPin:
    pin = RollbackPin(arns=[arn], by="anna", at="2025-01-02", reason="numpy crashes", inputs=inputs)
    store.put_pin(aws, pin)
    return pin


def test_a_pinned_stage_stays(aws: Aws) -> None:
    """Though its requirements are another version's; with who, when, why."""
    first = publish_layer(aws, {"six": "1.16.0"})
    second = publish_layer(aws, {"six": "1.17.0"}, "20250909-090909")
    configure(second)
    pin = pinned(aws, first, input_hash.input_hash(aws.settings, "host"))
    found = planned(aws.settings)
    assert whats(found) == [CONFIG, APP]
    assert why(found, CONFIG)[1].count(":layer:deps:1") == 1
    until = "until ./doitw unpin stage=prod, or until requirements or settings change"
    assert found.notes == [f"the stage was {pin}; it stays there {until}"]
    configure(first)
    assert whats(planned(aws.settings)) == [APP]


def test_other_requirements_lift_a_pin(aws: Aws) -> None:
    """The plan says so beforehand."""
    first = publish_layer(aws, {"six": "1.16.0"})
    configure(first)
    pin = pinned(aws, first, "a" * 64)
    want("six==1.17.0\n")
    found = planned(aws.settings)
    assert whats(found)[:2] == [BUILD, "publish version 2 of deps"]
    assert found.notes == [
        f"the stage was {pin}; requirements or settings have changed since: "
        "the deploy ends that pin"
    ]


def test_a_pin_to_a_deleted_version_is_an_error(aws: Aws) -> None:
    """As the deploy would find."""
    first = publish_layer(aws, {"six": "1.16.0"})
    pinned(aws, first, input_hash.input_hash(aws.settings, "host"))
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    with pytest.raises(InputError, match="deps:1 does not exist"):
        planned(aws.settings)


def test_a_stage_that_runs_and_is_on_no_record_is_an_error(aws: Aws) -> None:
    """The deploy would refuse to make a second API."""
    lambda_function.make(aws, "shuking-prod")
    with pytest.raises(DeployError, match="stage prod is running already") as caught:
        planned(aws.settings)
    assert "./doitw adopt-state" in caught.value.fix


# ---- as typed: a plan, the deploy it speaks of, and nothing else --------------------------------


def snapshot(copy: Project) -> dict[str, bytes]:
    """Every file of the checkout, but doit's own database and Python's caches."""
    return {
        path.relative_to(copy.path).as_posix(): path.read_bytes()
        for path in copy.path.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".doit" not in path.name
    }


def unchanging(copy: Project, server: Server) -> tuple[int, str]:
    """`doit plan`'s exit status and output, when it changed nothing here or in AWS."""
    before = snapshot(copy)
    server.seen.clear()
    done = copy.doit("plan", "stage=local", "builder=host")
    asked = {operation(seen)[1] for seen in server.seen}
    assert [name for name in asked if not name.startswith(READING)] == []
    assert snapshot(copy) == before
    return done.code, done.output


def test_a_plan_is_what_the_deploy_then_does(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2 while there is something to do, 0 when there is nothing, and the deploy agrees."""
    copy = deployed_project.copy(tmp_path / "copy", server, monkeypatch)
    code, said = unchanging(copy, server)
    assert (code, "publish version 1" in said, "● plan: 4 things to do" in said) == (2, True, True)
    assert "failed" not in said
    copy.deploy("builder=host")
    code, said = unchanging(copy, server)
    assert (code, "nothing to do" in said) == (0, True), said

    copy.write("app.py", copy.read("app.py") + "\n# another line\n")
    code, said = unchanging(copy, server)
    assert (code, "● plan: 1 thing to do" in said) == (2, True)
    assert "the app or its configuration has changed since the last deploy" in said
    assert copy.deploy("builder=host").steps[-2:] == ["chalice-deploy", "smoke"]
    assert unchanging(copy, server)[0] == 0

    other = deployed_project.copy(tmp_path / "other", server, monkeypatch)
    other.write("app.py", copy.read("app.py"))
    code, said = unchanging(other, server)
    assert (code, "nothing to do" in said) == (0, True), said  # a file of this checkout alone
    assert "all of it runs; a deploy would write stage local's layers to .chalice" in said
    other.write(".chalice/config.json", copy.read(".chalice/config.json"))
    code, said = unchanging(other, server)
    assert (code, "nothing to do" in said) == (0, True), said

    copy.write("requirements-all.txt", "six==1.17.0\n")
    code, said = unchanging(copy, server)
    assert code == 2
    assert "requirements changed: six 1.16.0 → ==1.17.0" in said
    assert "publish version 2 of shuking-deps-layer" in said
    copy.write("requirements-all.txt", "six===not a version\n")
    assert unchanging(copy, server)[0] == 1


def test_without_the_embedded_aws_everything_would_be_done(layer: Project) -> None:
    """It is not started for a plan."""
    done = layer.doit("plan", "stage=local")
    assert done.code == 2
    assert "the emulator is not running: it would be started, and is empty then" in done.output
    assert not (layer.path / "build").exists()


def test_another_architecture_is_said(aws: Aws) -> None:
    """What patch-config would write, and the deploy that follows is the planned one."""
    settings = replace(aws.settings, architecture="arm64")
    arn = publish_layer(connect(settings), {"six": "1.17.0"})
    configure(arn)
    assert any('"lambda_architecture": "arm64"' in line for line in why(planned(settings), CONFIG))
    would_be = chalice_deploy.fingerprint(
        settings, [arn], more=[((), "lambda_architecture", "arm64")]
    )
    assert chalice_deploy.fingerprint(settings) != would_be
    files.write_record(
        RECORD, {"fingerprint": chalice_deploy.fingerprint(settings), "functions": {"f": 1}}
    )
    assert why(planned(settings), APP) == ["the function's architecture becomes arm64"]
    patch_config.run(settings, [arn], [arn])
    assert CONFIG not in whats(planned(settings))
    assert chalice_deploy.fingerprint(settings) == would_be


def test_a_function_that_lacks_the_layer_is_said(aws: Aws) -> None:
    """It has `layers` of its own; the deploy that follows is the planned one."""
    arn = publish_layer(aws, {"six": "1.17.0"})
    foreign = arn.replace(":deps:", ":extension:")
    stage = {"layers": [arn], "lambda_functions": {"job": {"layers": [foreign]}}}
    config = {"app_name": "shuking", "stages": {"prod": stage}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config, indent=2), encoding="utf-8")
    files.write_record(RECORD, {"fingerprint": "other", "functions": {"f": 1}})
    found = planned(aws.settings)
    assert f'+ "{arn}"' in why(found, CONFIG)
    assert why(found, APP) == ["the function's layers change"]
    more = patch_config.beside(aws.settings, [arn])
    would_be = chalice_deploy.fingerprint(aws.settings, [arn], more=more)
    patch_config.run(aws.settings, [arn], [arn])
    assert CONFIG not in whats(planned(aws.settings))
    assert chalice_deploy.fingerprint(aws.settings) == would_be


def test_a_vendored_module_of_another_name_than_its_package_is_an_error(aws: Aws) -> None:
    """By what is published: nobody builds it again to know."""
    arn = publish_layer(aws, {"python-dateutil": "2.9.0"})
    configure(arn)
    Path("vendor").mkdir()
    Path("vendor/six.py").write_text("", encoding="utf-8")
    for look in (planned, lambda settings: lookup.run(connect(settings), "host")):
        with pytest.raises(DeployError, match=r"hide modules of the layer: six \(vendor/\)"):
            look(aws.settings)
