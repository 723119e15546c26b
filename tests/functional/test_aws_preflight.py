"""preflight against an AWS over HTTP: every problem in one error, nothing changed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.commands import plan, rollback
from tasks.context.arguments import Arguments
from tasks.release.stage import store
from tasks.release.stage.rollback_pin import RollbackPin
from tasks.requirements import lockfile
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import preflight
from tasks.util.errors import InputError, LayerError
from tests.moto_server import ACCOUNT, REGION, Refusal, Server


def config(**prod: object) -> None:
    text = json.dumps({"app_name": "shuking", "stages": {"prod": prod}})
    paths.CHALICE_CONFIG.write_text(text, encoding="utf-8")


def require(text: str) -> None:
    Path("requirements-all.txt").write_text(text, encoding="utf-8")


def problem(settings: Settings) -> str:
    with pytest.raises(LayerError) as caught:
        preflight.run(settings)
    return str(caught.value)


def test_all_problems_at_once(aws: Aws, server: Server) -> None:
    """Each with what to do."""
    Path("requirements-all.txt").write_text("six==1.17.0\nno good\n", encoding="utf-8")
    config(automatic_layer=True, layers=[f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:x:1"])
    server.refused = lambda request: Refusal(status=403, code="ExpiredToken")
    said = problem(replace(aws.settings, python="3.11"))
    for words in (
        "requirements-all.txt, line 2: 'no good' is not a requirement",
        "automatic_layer is true",
        "is in eu-west-1, the function in ap-northeast-2",
        "the layer is for Python 3.11",
        "AWS does not accept the credentials",
    ):
        assert said.count(words) == 1
    assert said.count("→") == 5


def test_one_cause_is_said_once(aws: Aws) -> None:
    """Two checks read config.json."""
    paths.CHALICE_CONFIG.write_text("{", encoding="utf-8")
    assert problem(aws.settings).count("is not JSON") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "config.json does not exist"),
        ("{", "is not JSON"),
        ("[]", "`stages` is not an object"),
        ('{"stages": []}', "`stages` is not an object"),
        ('{"stages": {"dev": {}}}', "has no stage 'prod'. It has: dev"),
        ('{"stages": {"prod": {"layers": "a"}}}', "layers is not a list of text"),
        ('{"stages": {"prod": {"layers": ["a"]}}}', "'a' is not the ARN of a layer version"),
        ('{"automatic_layer": true, "stages": {"prod": {}}}', "automatic_layer is true"),
    ],
)
def test_what_is_wrong_with_config_json(aws: Aws, text: str | None, words: str) -> None:
    """In one sentence."""
    paths.CHALICE_CONFIG.unlink()
    if text is not None:
        paths.CHALICE_CONFIG.write_text(text, encoding="utf-8")
    assert words in problem(aws.settings)


@pytest.mark.parametrize("where", ["app", "stage", "function"])
def test_names_that_lambda_reserves(aws: Aws, where: str) -> None:
    """With Lambda's reason and the line, before anything is built."""
    own: Any = {"environment_variables": {"TABLE": "t", "AWS_REGION": "eu-west-1", "_HANDLER": "x"}}
    stage: Any = {"lambda_functions": {"nightly": own}} if where == "function" else {}
    stage |= own if where == "stage" else {}
    app = own if where == "app" else {}
    text = json.dumps({"app_name": "shuking", **app, "stages": {"prod": stage}}, indent=2)
    paths.CHALICE_CONFIG.write_text(text, encoding="utf-8")
    said = problem(aws.settings)
    assert "contains reserved keys that are currently not supported for modification" in said
    assert "Reserved keys used in this request: AWS_REGION, _HANDLER" in said
    assert "TABLE" not in said.partition("→")[0].partition("Reserved")[2].splitlines()[0]


def test_a_stale_lock(aws: Aws) -> None:
    """Before anything is built from it."""
    Path("requirements-all.lock").write_text(f"{lockfile.MARK}0\nsix==1.16.0\n", encoding="utf-8")
    assert "run `./doitw lock`" in problem(aws.settings)


def test_no_credentials(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nowhere in the chain."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    said = problem(replace(aws.settings, layer="other"))
    assert "there are no AWS credentials" in said
    assert "AWS_PROFILE" in said


def test_a_profile_that_is_not_there(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, without a traceback."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "nobody" in problem(replace(aws.settings, layer="other"))


def test_a_local_stage_with_problems_starts_no_server(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And asks none."""
    monkeypatch.delenv("LAYER_LOCAL_AWS")
    local = replace(aws.settings, stage="local")
    server.seen.clear()
    assert "has no stage 'local'" in problem(local)
    assert [*paths.LOCAL_AWS.iterdir()] == [paths.LOCAL_RUNTIME]  # the test's own
    assert server.seen == []


def test_nothing_is_written(aws: Aws, server: Server) -> None:
    """Neither here nor there."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    preflight.run(aws.settings)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    who, state = server.seen
    assert who.form.startswith("Action=GetCallerIdentity&")
    assert state.method == "GET"  # what Chalice has deployed of the stage
    assert REGION in server.seen[0].headers["authorization"]


def test_five_other_layers_leave_no_place(aws: Aws) -> None:
    """Lambda's maximum; known before anything is built. Four, or five with ours, are fine."""
    others = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:x{number}:1" for number in range(5)]
    config(layers=others)
    with pytest.raises(
        LayerError, match="5 layers are there already, and Lambda allows 5"
    ) as caught:
        preflight.check_layers(aws.settings)
    assert "take out those that this layer replaces" in caught.value.fix
    config(layers=[*others[:4], f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:deps:1"])
    preflight.check_layers(aws.settings)


def test_the_layers_of_single_functions_are_looked_at(aws: Aws) -> None:
    """Too many, or another region's, with their place."""
    others = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:x{number}:1" for number in range(5)]
    config(layers=[], lambda_functions={"f": {"layers": others}})
    with pytest.raises(
        LayerError, match=r"stages\.prod\.lambda_functions\.f\.layers: 5 layers are"
    ):
        preflight.check_layers(aws.settings)
    elsewhere = others[0].replace(REGION, "eu-west-1")
    config(layers=[], lambda_functions={"f": {"layers": [elsewhere]}})
    with pytest.raises(LayerError, match=f"is in eu-west-1, the function in {REGION}"):
        preflight.check_layers(aws.settings)
    config(layers=[], lambda_functions={"f": {"layers": others[:4]}, "g": {"layers": []}})
    preflight.check_layers(aws.settings)


def test_a_layer_of_another_account_is_fine(aws: Aws) -> None:
    """A public or a company's one; only another region's cannot be attached."""
    config(layers=[f"arn:aws:lambda:{REGION}:999999999999:layer:x:1"])
    preflight.check_layers(aws.settings)


@pytest.mark.parametrize("whole_app", [True, False])
def test_automatic_layer_is_refused_with_the_reason(aws: Aws, whole_app: bool) -> None:
    """Of the stage, or of the app; a stage that switches it off has it off."""
    app: dict[str, object] = {"app_name": "shuking", "stages": {"prod": {}}}
    (app if whole_app else {}).update(automatic_layer=True)
    if not whole_app:
        app["stages"] = {"prod": {"automatic_layer": True}}
    paths.CHALICE_CONFIG.write_text(json.dumps(app), encoding="utf-8")
    with pytest.raises(LayerError, match="Chalice would add a layer of its own"):
        preflight.check_stage(aws.settings)
    off = {
        "app_name": "shuking",
        "automatic_layer": True,
        "stages": {"prod": {"automatic_layer": False}},
    }
    paths.CHALICE_CONFIG.write_text(json.dumps(off), encoding="utf-8")
    preflight.check_stage(aws.settings)


def test_a_chalice_without_architectures_is_refused_for_arm64(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would pass over the key and deploy for x86_64; ours reads it, and all is well."""
    from chalice.config import Config

    preflight.run(replace(aws.settings, architecture="arm64"))
    monkeypatch.delattr(Config, "lambda_architecture")
    said = problem(replace(aws.settings, architecture="arm64"))
    assert "deploys functions for x86_64 alone" in said
    assert "install chalice 1.34 or newer" in said
    preflight.run(aws.settings)


@pytest.mark.parametrize("elsewhere", [REGION, "eu-west-1"])
def test_this_layer_of_another_account_or_region_is_refused(aws: Aws, elsewhere: str) -> None:
    """A fork, or a stage that moved: both would stay in. The line is named, nothing is made."""
    strange = f"arn:aws:lambda:{elsewhere}:999999999999:layer:deps:3"
    stage = {"layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:x:1", strange]}
    text = json.dumps({"app_name": "shuking", "stages": {"prod": stage}}, indent=2)
    paths.CHALICE_CONFIG.write_text(text, encoding="utf-8")
    said = problem(aws.settings)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if strange in each)
    assert f"{strange} is not the layer deps of account {ACCOUNT}, {REGION}" in said
    assert f"--> .chalice/config.json:{line}" in said
    assert "take it out there" in said
    assert aws.client("s3").list_buckets()["Buckets"] == []
    with pytest.raises(LayerError, match=r"is not the layer deps of|is in eu-west-1"):
        plan.make_plan(aws.settings)
    with pytest.raises(LayerError, match="is not the layer deps of"):
        rollback.configure(aws.settings, Arguments())


def test_of_a_single_function_too(aws: Aws) -> None:
    """Chalice gives it its own list."""
    strange = f"arn:aws:lambda:{REGION}:999999999999:layer:deps:3"
    config(layers=[], lambda_functions={"f": {"layers": [strange]}})
    assert f"stages.prod.lambda_functions.f.layers: {strange} is not" in problem(aws.settings)


def test_one_that_the_stage_is_pinned_to_is_meant(aws: Aws) -> None:
    """`rollback arn=` may name any layer; it stays allowed until the pin has ended."""
    strange = f"arn:aws:lambda:{REGION}:999999999999:layer:deps:3"
    config(layers=[strange])
    pin = RollbackPin(arns=[strange], by="anna", at="now", reason="", inputs=[])
    s3.ensure_bucket(aws)
    store.put_pin(aws, pin)
    preflight.check_places(aws)
    store.put_pin(aws, pin.lift("by bob"))
    with pytest.raises(LayerError, match="is not the layer deps of"):
        preflight.check_places(aws)


# ---- what would hide the layer ------------------------------------------------------------------


def test_vendored_code_is_looked_at_before_anything_is_done(aws: Aws) -> None:
    """plan refuses it as deploy does; not what the layer drops, or has on other machines alone."""
    require("six==1.16.0\nFoo-Bar==1; sys_platform == 'win32'\n")
    for name in ("six.py", "foo_bar.py"):
        Path("vendor").mkdir(exist_ok=True)
        Path("vendor", name).write_text("", encoding="utf-8")
    told = r"modules of the layer: six \(vendor/\), of requirements-all.txt, line 1: six==1.16.0\n"
    with pytest.raises(InputError, match=told):
        preflight.run(aws.settings)
    with pytest.raises(InputError, match=told):
        plan.make_plan(aws.settings)
    preflight.run(aws.settings, deploys=False)
    preflight.run(replace(aws.settings, drop=("six.py",)))


def test_a_line_chalice_of_the_layer_is_refused(aws: Aws) -> None:
    """Chalice packs its own; a `pip freeze` has what it needs, too."""
    require("sqlalchemy==2.0.0\nchalice==1.30.0\nbotocore==1.35.0\nPyYAML==6.0.1\n")
    with pytest.raises(InputError) as caught:
        preflight.run(aws.settings)
    told = "chalice (Chalice packs its own), of requirements-all.txt, line 2: chalice==1.30.0"
    assert told in str(caught.value)
    assert caught.value.fix.endswith("needs what else only Chalice asks for: botocore, pyyaml")
    preflight.run(replace(aws.settings, drop=("chalice",)))


def test_outside_of_the_stages_it_is_said(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the stage has `layers`, and of functions, which Chalice reads in a stage alone."""
    strange = f"arn:aws:lambda:{REGION}:210987654321:layer:deps:7"
    outer = {"layers": [strange], "lambda_functions": {"render": {"layers": [strange]}}}
    whole = {"app_name": "shuking", **outer, "stages": {"prod": {"layers": []}}}
    paths.CHALICE_CONFIG.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    lines: list[str] = []
    monkeypatch.setattr(preflight, "say", lines.append)
    preflight.run(aws.settings)
    said = "\n".join(lines)
    for where in ("layers", "lambda_functions.render.layers"):
        assert f"config.json, {where}: {strange} is not the layer deps of account" in said
