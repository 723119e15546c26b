"""rollback and patch-config against an AWS over HTTP: which version, and what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import config as chalice_config
from tasks.chalice_project import deploy
from tasks.commands import rollback
from tasks.context.arguments import Arguments
from tasks.context.connection import connect
from tasks.release.deployed import api as stage_api
from tasks.release.deployed.api import Answer
from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import RollbackRecord
from tasks.steps import patch_config, smoke
from tasks.util import files
from tasks.util.errors import AwsError, DeployError, InputError, LayerError
from tests import lambda_function
from tests.finished_layer import zipped
from tests.moto_server import ACCOUNT, REGION, Refusal, Server

FOREIGN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:extension:7"


def arn(number: int, layer: str = "deps") -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{layer}:{number}"


def publish(aws: Aws, layer: str = "deps", **more: Any) -> str:
    made_for = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    answer = aws.client("lambda").publish_layer_version(
        LayerName=layer, Content={"ZipFile": zipped("x")}, **(made_for | more)
    )
    return str(answer["LayerVersionArn"])


def configure(*arns: str, stage: str = "prod") -> None:
    chalice_config.write_layers(paths.CHALICE_CONFIG, stage, list(arns))


def configured(stage: str = "prod") -> list[str]:
    return chalice_config.layers(paths.CHALICE_CONFIG, stage)


def back(settings: Settings, **typed: str) -> list[str]:
    """What the stage uses after `doit rollback:config`."""
    said = Arguments(**typed)  # type: ignore[arg-type] # all are text
    rollback.check_typed(settings, said)
    rollback.configure(settings, said)
    return configured()


def refused(settings: Settings, **typed: str) -> str:
    """The error, when nothing was changed."""
    before = paths.CHALICE_CONFIG.read_bytes()
    with pytest.raises(InputError) as caught:
        back(settings, **typed)
    assert paths.CHALICE_CONFIG.read_bytes() == before
    assert not paths.stage_record(settings, "rollback").exists()
    return str(caught.value)


@pytest.fixture
def aws(aws: Aws) -> Aws:
    """With a bucket, as the stage's lock has made it."""
    s3.ensure_bucket(aws)
    return aws


@pytest.fixture
def three(aws: Aws) -> Settings:
    """Versions 1, 2, 3; the stage uses a foreign layer and version 3."""
    for _ in range(3):
        publish(aws)
    configure(FOREIGN, arn(3))
    return aws.settings


# ---- which version ------------------------------------------------------------------------------


def test_the_version_that_was_typed(three: Settings) -> None:
    """In its layer's place; other layers and stages stay."""
    assert back(three, version="1") == [FOREIGN, arn(1)]
    assert configured("dev") == []


def test_without_a_version_the_one_before(three: Settings) -> None:
    """And again the one before that."""
    assert back(three) == [FOREIGN, arn(2)]
    finish(three)
    assert back(three) == [FOREIGN, arn(1)]


def test_the_one_before_skips_what_does_not_run_here(aws: Aws) -> None:
    """Version 2 is another Python's, version 3 another architecture's."""
    publish(aws)
    publish(aws, CompatibleRuntimes=["python3.11"])
    publish(aws, CompatibleArchitectures=["arm64"])
    publish(aws)
    configure(arn(4))
    assert back(aws.settings) == [arn(1)]


def test_the_one_before_a_deleted_one(three: Settings, aws: Aws) -> None:
    """The stage may be configured for a version that is gone."""
    for number in (2, 3):
        aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=number)
    assert back(three) == [FOREIGN, arn(1)]


def test_explicit_arns_are_the_whole_list(three: Settings, aws: Aws) -> None:
    """The emergency path: several layers, of any name."""
    other = publish(aws, "other")
    assert back(three, arn=f"{arn(1)},{other}") == [arn(1), other]


def test_one_explicit_arn_takes_its_layers_place(three: Settings) -> None:
    """As in deploy."""
    assert back(three, arn=arn(2)) == [FOREIGN, arn(2)]


def test_one_arn_of_a_layer_that_is_not_there_takes_the_place_of_ours(
    three: Settings, aws: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """Beside it the bad version would stay. One of a layer that is there takes that one's place."""
    other, newer = publish(aws, "other"), publish(aws, "other")
    assert back(three, arn=other) == [FOREIGN, other]
    assert "version 1 of other takes the place of version 3 of deps" in capfd.readouterr().out
    configure(FOREIGN, arn(3), other)
    assert back(three, arn=newer) == [FOREIGN, arn(3), newer]


def test_a_version_that_says_nothing_of_its_platform_may_run(aws: Aws) -> None:
    """Older tools published without runtimes."""
    publish(aws, CompatibleRuntimes=[], CompatibleArchitectures=[])
    publish(aws)
    configure(arn(2))
    assert back(aws.settings, version="1") == [arn(1)]


# ---- what is refused ----------------------------------------------------------------------------


def test_a_version_that_does_not_exist(three: Settings) -> None:
    """Those that do are named."""
    assert "has no version 999. There are: 3, 2, 1" in refused(three, version="999")


def test_a_deleted_version(three: Settings, aws: Aws) -> None:
    """It cannot be attached again, though a running function keeps it."""
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=2)
    assert "has no version 2. There are: 3, 1" in refused(three, version="2")
    assert f"{arn(2)} does not exist" in refused(three, arn=arn(2))


@pytest.mark.parametrize("typed", ["0", "abc", "-1", "1.5", "01"])
def test_what_is_no_version_number(three: Settings, typed: str) -> None:
    """Before AWS is asked."""
    assert f"version={typed} is not a layer version" in refused(three, version=typed)


@pytest.mark.parametrize(
    "more", [{"CompatibleRuntimes": ["python3.11"]}, {"CompatibleArchitectures": ["arm64"]}]
)
def test_a_version_for_another_platform(three: Settings, aws: Aws, more: dict[str, Any]) -> None:
    """By number and by ARN."""
    wrong = publish(aws, **more)
    assert "was built for" in refused(three, version="4")
    assert "was built for" in refused(three, arn=f"{wrong},{arn(1)}")


def test_both_ways_at_once(three: Settings) -> None:
    """It cannot be known which was meant."""
    assert "both given" in refused(three, version="1", arn=arn(1))


@pytest.mark.parametrize("typed", ["nonsense", ",", f"{FOREIGN}:8", "arn:aws:s3:::bucket"])
def test_what_is_no_arn(three: Settings, typed: str) -> None:
    """The pieces at fault are named."""
    assert "not the ARN of a layer version" in refused(three, arn=typed)


def test_the_first_version_has_none_before(aws: Aws) -> None:
    """And says what can be done."""
    publish(aws)
    configure(arn(1))
    assert "no version of deps before 1" in refused(aws.settings)


def test_a_stage_without_this_layer(three: Settings, server: Server) -> None:
    """There is no 'before', here or in AWS. Which stage has one is said, none is chosen; also where
    AWS cannot be asked."""
    configure(FOREIGN)
    said = refused(three)
    assert "stage prod uses no version of deps" in said
    assert said.endswith("./doitw rollback version=N")
    configure(arn(2), stage="dev")
    assert refused(three).endswith("or of which stage: ./doitw rollback stage=dev")
    server.refused = lambda request: Refusal(status=403, code="AccessDeniedException")
    with pytest.raises(AwsError) as caught:
        rollback.check_typed(three, Arguments())
    assert caught.value.fix.endswith("or of which stage: ./doitw rollback stage=dev")


def test_a_layer_without_versions(aws: Aws) -> None:
    """Nothing was ever deployed."""
    assert "has no versions yet" in refused(aws.settings, version="1")


# ---- interrupted, failing -----------------------------------------------------------------------


def finish(settings: Settings) -> None:
    """As rollback:smoke ends."""
    records.write(settings, replace(records.needed(settings, RollbackRecord), done=True))


def test_an_interrupted_rollback_is_continued(three: Settings) -> None:
    """Stopped after config.json was written: not one version more."""
    assert back(three) == [FOREIGN, arn(2)]
    assert back(three) == [FOREIGN, arn(2)]
    assert records.needed(three, RollbackRecord).before == [FOREIGN, arn(3)]


def test_a_rollback_stopped_before_config_json_starts_anew(three: Settings) -> None:
    """Its record stands, the config does not follow it yet."""
    back(three)
    configure(FOREIGN, arn(3))
    assert back(three) == [FOREIGN, arn(2)]


def test_a_typed_version_wins_over_an_interrupted_rollback(three: Settings) -> None:
    """Somebody thought again."""
    back(three)
    assert back(three, version="3") == [FOREIGN, arn(3)]


def test_a_failing_deploy_says_how_to_get_back(three: Settings) -> None:
    """What state things are in, and the command that restores the former."""

    def fail(aws: Aws) -> None:
        raise AwsError("chalice failed", fix="do this")

    back(three)
    with pytest.raises(DeployError) as caught:
        rollback.onward(three, fail)
    said = str(caught.value)
    assert f"stage prod is configured for {FOREIGN}, {arn(2)}. The rollback is not finished" in said
    assert "→ do this\n→ or go back to what was there before: " in said
    assert "./doitw rollback version=3 stage=prod" in said


def test_a_rollback_to_what_is_bad_as_well_says_how_to_go_on(
    three: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bare `rollback` would only continue this one: a number is what leads further back."""
    back(three)
    files.write_record(
        deploy.deployed_file("prod"),
        deploy.state_of({"api_handler": "arn:aws:lambda:x:1:function:shuking-prod"}, []),
    )
    monkeypatch.setattr(stage_api, "by_event", lambda *_: Answer(status=500, body="no"))
    with pytest.raises(DeployError, match="answered 500") as caught:
        rollback.finish(three)
    way = "go further back with ./doitw rollback version=N stage=prod"
    assert caught.value.fix.startswith(f"{way}, or correct the app")
    back(three)
    assert f"note: continuing the rollback that was not finished; {way}" in capfd.readouterr().out


def test_the_way_back_from_a_bad_deploy_names_its_stage(
    three: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bare command would roll back the stage of pyproject.toml."""
    with pytest.raises(DeployError, match="stage prod has no function to look at") as caught:
        smoke.run(connect(three))
    assert caught.value.fix.startswith("run ./doitw deploy stage=prod, then")
    files.write_record(
        deploy.deployed_file("prod"),
        deploy.state_of({"api_handler": "arn:aws:lambda:x:1:function:shuking-prod"}, []),
    )
    monkeypatch.setattr(stage_api, "by_event", lambda *_: Answer(status=500, body="no"))
    with pytest.raises(DeployError, match="answered 500") as caught:
        smoke.run(connect(three))
    assert caught.value.fix.startswith("go back with ./doitw rollback stage=prod, or correct")


@pytest.mark.parametrize(
    ("wanted", "now", "way"),
    [
        ([arn(3)], [arn(2)], "./doitw rollback version=3 stage=prod"),
        ([arn(3), FOREIGN], [arn(2)], f"./doitw rollback arn={arn(3)},{FOREIGN} stage=prod"),
        ([FOREIGN], [arn(2)], f'stages.prod.layers = ["{FOREIGN}"]'),
        ([], [arn(2)], "stages.prod.layers = []"),
    ],
)
def test_the_way_back_restores_exactly_what_was(
    aws: Aws, wanted: list[str], now: list[str], way: str
) -> None:
    """One command where there is one; else the file, the pin, and the stage by its name."""
    said = rollback.way_to(wanted, now, aws.settings)
    assert way in said
    by_hand = "then ./doitw unpin stage=prod && chalice deploy --stage prod"
    assert said.endswith("stage=prod" if "./doitw rollback" in said else by_hand)


def test_no_permission_changes_nothing(three: Settings, server: Server) -> None:
    """The action that is missing is named."""
    denied = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: denied if "/layers/" in request.path else None
    before = paths.CHALICE_CONFIG.read_bytes()
    with pytest.raises(AwsError, match="no permission") as caught:
        back(three, version="1")
    assert "lambda:ListLayerVersions" in caught.value.fix
    assert paths.CHALICE_CONFIG.read_bytes() == before


# ---- patch-config -------------------------------------------------------------------------------


def patch(settings: Settings, arn: str = "") -> list[str]:
    wanted = patch_config.wanted_layers(settings, arn)
    patch_config.run(settings, wanted, patch_config.before(settings, arn))
    return configured(settings.stage)


def test_the_published_arn_replaces_its_layers_older_one(three: Settings) -> None:
    """A foreign layer keeps its place, and the file is backed up."""
    files.write_atomic(paths.LAYER_ARN, f"{arn(2)}\n".encode())
    assert not patch_config.is_patched(three)
    assert patch(three) == [FOREIGN, arn(2)]
    assert patch_config.is_patched(three)
    backups = [json.loads(path.read_text()) for path in paths.CHALICE_CONFIG.parent.glob("*.bak*")]
    assert [FOREIGN, arn(3)] in [backup["stages"]["prod"]["layers"] for backup in backups]


def test_the_architecture_goes_with_the_layer(
    three: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Functions of another one could not load it. Back on the default, it is written as well."""
    arm = replace(three, architecture="arm64")
    assert patch(arm, arn(3)) == [FOREIGN, arn(3)]  # the ARNs are as they were
    assert "runs on arm64 from now on" in capfd.readouterr().out
    prod = chalice_config.stage(paths.CHALICE_CONFIG, "prod")
    assert prod["lambda_architecture"] == "arm64"
    patch(three, arn(3))
    assert chalice_config.architecture(paths.CHALICE_CONFIG, "prod") == "x86_64"


def own(**lists: list[str]) -> None:
    """Functions of stage prod with `layers` of their own."""
    config = json.loads(paths.CHALICE_CONFIG.read_text(encoding="utf-8"))
    config["stages"]["prod"]["lambda_functions"] = {
        name: {"lambda_timeout": 3, "layers": arns} for name, arns in lists.items()
    }
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")


def owned() -> dict[str, list[str]]:
    return chalice_config.own_layers(paths.CHALICE_CONFIG, "prod")


def test_it_goes_into_the_layers_of_single_functions(
    three: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Which Chalice gives them instead of the stage's: last, or in its older version's place. An
    empty list is a function that wants none."""
    own(render=[FOREIGN], api_handler=[arn(1), FOREIGN], bare=[])
    assert patch(three, arn(3)) == [FOREIGN, arn(3)]  # the stage's own list was so
    now = {"render": [FOREIGN, arn(3)], "api_handler": [arn(3), FOREIGN], "bare": []}
    assert owned() == now
    assert "function render uses it, too" in capfd.readouterr().out
    files.write_atomic(paths.LAYER_ARN, f"{arn(3)}\n".encode())
    assert patch_config.is_patched(three)
    own(render=[FOREIGN], api_handler=[arn(1), FOREIGN], bare=[])
    assert not patch_config.is_patched(three)


def test_a_rollback_moves_them_too(three: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """By number; layers of others in the stage's place leave them as they are."""
    own(render=[FOREIGN, arn(3)])
    assert back(three) == [FOREIGN, arn(2)]
    assert owned() == {"render": [FOREIGN, arn(2)]}
    others = [arn(1, "a"), arn(1, "b")]
    assert patch(three, ",".join(others)) == others
    assert "note: function render keeps the `layers` of its own" in capfd.readouterr().out
    assert owned() == {"render": [FOREIGN, arn(2)]}


def test_a_fresh_clone_goes_back_from_what_such_a_function_runs(aws: Aws) -> None:
    """config.json was committed before the first deploy. One that wants no layer has no say."""
    foreign, [first, second, _] = publish(aws, "extension"), [publish(aws) for _ in range(3)]
    own(render=[foreign], bare=[])
    lambda_function.make(aws, "shuking-prod-render", foreign, second)
    bare = lambda_function.make(aws, "shuking-prod-bare", arn(3))
    render = bare.replace("bare", "render")
    state = deploy.state_of({"bare": bare, "render": render}, [])
    files.write_record(deploy.deployed_file("prod"), state)
    assert back(aws.settings) == [first]
    assert owned() == {"render": [foreign, first], "bare": []}


def test_a_function_that_would_have_too_many(three: Settings) -> None:
    """Is named, and nothing is written."""
    own(render=[arn(1, f"layer{number}") for number in range(5)])
    before = paths.CHALICE_CONFIG.read_bytes()
    with pytest.raises(
        InputError, match="function render would have 6 layers, and Lambda"
    ) as caught:
        patch(three, arn(1))
    assert "stages.prod.lambda_functions.render.layers in .chalice/config.json" in caught.value.fix
    assert paths.CHALICE_CONFIG.read_bytes() == before


def test_a_typed_arn_needs_nothing_published(three: Settings) -> None:
    """A manual update."""
    assert patch(three, arn(1)) == [FOREIGN, arn(1)]


def test_a_stage_without_layers_gets_the_list(three: Settings) -> None:
    """Only that stage's."""
    assert patch(replace(three, stage="dev"), arn(1)) == [arn(1)]
    assert configured() == [FOREIGN, arn(3)]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (
            ",".join(arn(1, f"layer{n}") for n in range(6)),
            "would have 6 layers, and Lambda allows 5",
        ),
        (arn(1).replace(REGION, "eu-west-1"), "is in eu-west-1, the function in ap-northeast-2"),
        ("deps:1", "not the ARN of a layer version"),
    ],
)
def test_what_lambda_would_refuse_is_not_written(three: Settings, typed: str, problem: str) -> None:
    """Before the file is touched."""
    before = paths.CHALICE_CONFIG.read_bytes()
    with pytest.raises(LayerError, match=problem):
        patch(three, typed)
    assert paths.CHALICE_CONFIG.read_bytes() == before


def test_nothing_published_and_nothing_typed(three: Settings) -> None:
    """Says both ways out."""
    with pytest.raises(InputError, match="nothing is published") as caught:
        patch(three)
    assert "patch-config arn=" in caught.value.fix


def test_an_unknown_stage_names_the_nearest(three: Settings) -> None:
    """A typing error."""
    with pytest.raises(InputError, match=r"no stage 'prd' \(did you mean prod\?\)"):
        patch(replace(three, stage="prd"), arn(1))
