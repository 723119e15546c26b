"""Pins against an AWS over HTTP: what is noted, what holds, what lifts; deleted versions."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws import arn as arns
from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import config, deploy
from tasks.commands import plan, rollback, rollback_target, unpin
from tasks.context.arguments import Arguments
from tasks.layer import input_hash
from tasks.release import listing, registry, wishes
from tasks.release.stage import attached_layers, deploy_plan_layer, rollback_pin, store
from tasks.release.stage.rollback_pin import RollbackPin
from tasks.settings import paths, s3_keys
from tasks.settings.model import Settings
from tasks.steps import chalice_deploy, lookup, patch_config, publish, upload
from tasks.util import files
from tasks.util.errors import AwsError, DeployError, InputError
from tests import lambda_function
from tests.finished_layer import build, zipped
from tests.moto_server import ACCOUNT, REGION

OWN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer"
STRANGER = OWN.replace(ACCOUNT, "210987654321") + ":deps:1"


def require(text: str) -> None:
    Path("requirements-all.txt").write_text(text, encoding="utf-8")


def release(aws: Aws, text: str, built: str) -> str:
    """The ARN of a version made from these requirements; the stage is configured for it."""
    require(text)
    build(aws.settings, text, built)
    upload.run(aws)
    arn = str(publish.run(aws).arn)
    config.write_layers(paths.CHALICE_CONFIG, "prod", [arn])
    return arn


@pytest.fixture
def two(aws: Aws) -> Aws:
    """Versions 1 and 2, requirements and config are version 2's."""
    release(aws, "six==1.16.0\n", "20250102-030405")
    release(aws, "six==1.17.0\n", "20250102-030406")
    return aws


def back(aws: Aws, **typed: str) -> RollbackPin:
    """What `doit rollback:config` pins."""
    rollback.configure(aws.settings, Arguments(**typed))  # type: ignore[arg-type] # text only
    return pinned(aws)


def pinned(aws: Aws) -> RollbackPin:
    pin = store.pin(aws)
    assert pin
    return pin


def wanted(settings: Settings) -> str:
    return input_hash.input_hash(settings, "host")


def looked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """What lookup tells a person; .layer-arn.txt follows it."""
    lines: list[str] = []
    monkeypatch.setattr(lookup, "say", lines.append)
    lookup.run(aws, "host")
    return "\n".join(lines)


def number(aws: Aws) -> int:
    """The version that the next step would configure."""
    return arns.number_of(patch_config.wanted_layers(aws.settings, "")[0])


def test_a_rollback_is_noted(two: Aws) -> None:
    """Who, when, why, which ARNs, against which inputs."""
    pin = back(two, version="1", reason="numpy crashes")
    assert [arns.number_of(arn) for arn in pin.arns] == [1]
    assert pin.holds(wishes.of(two.settings), "")
    assert pin.holds([], wanted(two.settings))
    assert str(pin).startswith("rolled back to version 1 of deps by ")
    assert str(pin).endswith(" UTC: numpy crashes")


def test_a_pinned_stage_stays(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another machine, too: its config.json still says 2. In plain words."""
    pin = back(two, version="1", reason="numpy crashes")
    config.write_layers(paths.CHALICE_CONFIG, "prod", [pin.arns[0][:-1] + "2"])
    said = looked(two, monkeypatch)
    assert f"stage prod was {pin}" in said
    assert "./doitw unpin stage=prod ends that, and so do changed requirements" in said
    assert number(two) == 1


def test_the_pinned_versions_own_requirements_do_not_lift_it(
    two: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They ask for nothing else."""
    back(two, version="1")
    require("six==1.16.0\n")
    assert "it stays there" in looked(two, monkeypatch)


def test_it_holds_against_what_was_configured(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback from a checkout with requirements of its own: CI's are held all the same."""
    require("six==1.15.0\n")
    back(two, version="1")
    require("six==1.17.0\n")
    assert "it stays there" in looked(two, monkeypatch)


def test_it_holds_against_other_words_for_the_same(
    two: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI's requirements are not the ones that version 2 was made from, and make the same."""
    require("six~=1.17.0\n")
    build(two.settings, "six==1.17.0\n", "20250102-030407")
    assert str(upload.run(two).arn).endswith(":2")
    require("six==1.15.0\n")
    back(two, version="1")
    require("six~=1.17.0\n")
    assert "it stays there" in looked(two, monkeypatch)


def test_a_second_rollback_holds_against_what_the_first_did(
    two: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3, 2, 1 from a checkout of its own: CI's requirements are still version 3's."""
    release(two, "six==1.18.0\n", "20250102-030407")
    require("six==1.15.0\n")
    for earlier in ("2", "1"):
        back(two, version=earlier)
    require("six==1.18.0\n")
    assert "it stays there" in looked(two, monkeypatch)


@pytest.mark.parametrize("arn", [STRANGER, f"{OWN}:extension:1"])
def test_a_pin_that_somebody_wrote_to_s3_brings_no_strange_code(two: Aws, arn: str) -> None:
    """Another account's layer, or another of ours: only where config.json or the function has it,
    beside the rollback that put it there."""
    pin = replace(back(two, version="1"), arns=[arn])
    store.put_pin(two, pin)
    paths.LAYER_ARN.unlink()
    for look in (lambda: lookup.run(two, "host"), lambda: deploy_plan_layer.plan_layer(two)):
        with pytest.raises(AwsError, match=f"runs names {arn}, which is not layer deps") as caught:
            look()
        assert "./doitw unpin stage=prod ends it" in caught.value.fix
        assert f"./doitw patch-config arn={arn} stage=prod" in caught.value.fix
    assert not paths.LAYER_ARN.exists()
    attached_layers.check_pinned_layers(two, replace(pin, arns=[f"{OWN}:deps:1"]))
    config.write_layers(paths.CHALICE_CONFIG, "prod", [arn])
    attached_layers.check_pinned_layers(two, pin)


def test_a_pin_to_others_layers_that_run_is_followed(two: Aws) -> None:
    """`rollback arn=A,B` on one machine, deploy on another whose config.json does not know B."""
    content = {"ZipFile": zipped("x")}
    made = two.client("lambda").publish_layer_version(LayerName="extension", Content=content)
    both = [f"{OWN}:deps:1", str(made["LayerVersionArn"])]
    back(two, arn=",".join(both))
    lambda_function.make(two, "shuking-prod", *both)
    config.write_layers(paths.CHALICE_CONFIG, "prod", [])
    assert lookup.run(two, "host").arn == ",".join(both)


def test_a_rollback_does_not_need_readable_requirements(two: Aws) -> None:
    """In an emergency."""
    Path("requirements-all.txt").unlink()
    assert back(two, version="1").inputs


def test_changed_requirements_go_on(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said."""
    back(two, version="1")
    require("six==1.18.0\n")
    assert "this deploy goes on and ends that pin" in looked(two, monkeypatch)


def test_a_pin_is_lifted_though_nothing_else_is_to_do(two: Aws) -> None:
    """Other requirements, which turn out to make just what the stage was pinned to."""
    settings, pin = two.settings, back(two, version="1")
    made = lambda_function.make(two, "shuking-prod", *pin.arns)
    state = deploy.state_of({"api_handler": made}, [])
    files.write_record(deploy.deployed_file("prod"), state)
    deployed = {"fingerprint": chalice_deploy.fingerprint(settings)}
    running = {"functions": chalice_deploy.observed(two, ["shuking-prod"])}
    files.write_record(paths.stage_record(settings, "chalice-deploy"), deployed | running)
    require("six~=1.16.0\n")
    registry.note(two, wanted(settings), pin.arns[0], wishes.of(settings))
    assert lookup.run(two, "host").arn == pin.arns[0]
    assert not chalice_deploy.is_deployed(settings)
    [change] = plan.make_plan(settings).changes
    assert list(change.why) == ["a deploy ends that pin"]
    unpin.remove_pin(two, "")
    lookup.run(two, "host")
    assert chalice_deploy.is_deployed(settings)
    assert not plan.make_plan(settings).changes


def test_unpin_lifts(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """For good; twice is once."""
    lines: list[str] = []
    monkeypatch.setattr(unpin, "say", lines.append)
    pin = back(two, version="1", reason="numpy crashes")
    unpin.remove_pin(two, "numpy 2.1 works")
    unpin.remove_pin(two, "")
    assert lines[0] == f"unpinned; stage prod was {pin}"
    assert "stage prod is not pinned: unpinned by " in lines[-1]
    assert lines[-1].endswith(": numpy 2.1 works")
    assert "are version 2 already" in looked(two, monkeypatch)
    assert number(two) == 2


def test_unpin_without_a_pin(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens."""
    lines: list[str] = []
    monkeypatch.setattr(unpin, "say", lines.append)
    unpin.remove_pin(aws, "")
    assert lines == ["stage prod is not pinned"]


def test_a_pin_is_one_stages_and_one_layers(two: Aws) -> None:
    """Others go on."""
    back(two, version="1")
    for other in (replace(two.settings, stage="dev"), replace(two.settings, layer="other")):
        assert store.pin(Aws(other, two.environ)) is None


def test_a_pin_set_while_a_deploy_was_under_way(two: Aws) -> None:
    """That deploy does not overrule it."""
    lookup.run(two, "host")
    back(two, version="1", reason="numpy crashes")
    with pytest.raises(DeployError, match="was changed while this deploy was under way") as caught:
        chalice_deploy.deploy(two)
    assert "numpy crashes" in str(caught.value)


def test_several_arns_are_pinned_as_the_whole_list(two: Aws) -> None:
    """As they were typed."""
    both = [version.arn for version in listing.versions(two)]
    assert list(back(two, arn=",".join(both)).arns) == both


def test_what_is_no_pin(aws: Aws) -> None:
    """Somebody wrote there by hand."""
    s3.ensure_bucket(aws)
    for text in (b"", b"{", b"[]", b'{"arns": []}'):
        assert rollback_pin.from_json(text) is None


# ---- deleted versions ---------------------------------------------------------------------------


def delete(aws: Aws, number: int) -> None:
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=number)


def numbers(aws: Aws) -> list[int]:
    return [version.number for version in listing.versions(aws)]


def test_a_deleted_version_is_published_again(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its zip, under a new number; known by its hashes."""
    lines: list[str] = []
    for module in (rollback_target, registry):
        monkeypatch.setattr(module, "say", lines.append)
    [old] = [version for version in listing.versions(two) if version.number == 1]
    delete(two, 1)
    assert [arns.number_of(arn) for arn in back(two, version="1").arns] == [3]
    assert lines[:2] == ["version 1 was deleted", "its zip of 20250102-030405 is published again"]
    assert lines[2].startswith("version 3 published: ")
    new = listing.versions(two)[0]
    assert (new.content_hash, new.input_hash) == (old.content_hash, old.input_hash)
    require("six==1.16.0\n")
    unpin.remove_pin(two, "")
    assert "are version 3 already" in looked(two, monkeypatch)


def test_it_is_published_again_once(two: Aws) -> None:
    """The next rollback finds its twin."""
    delete(two, 1)
    for _ in range(2):
        assert [arns.number_of(arn) for arn in back(two, version="1").arns] == [3]
    assert numbers(two) == [3, 2]


def test_a_deleted_version_whose_zip_is_gone(two: Aws) -> None:
    """What there is, is named; nothing changes."""
    delete(two, 1)
    key = s3_keys.zip_key("deps", "20250102-030405")
    two.client("s3").delete_object(Bucket="deps-bucket", Key=key)
    with pytest.raises(InputError, match="has no version 1, and no zip of it at") as caught:
        back(two, version="1")
    assert "There are: 2" in str(caught.value)
    assert numbers(two) == [2]
    assert store.pin(two) is None


def test_a_pinned_version_that_was_deleted(two: Aws) -> None:
    """Both ways on are named."""
    back(two, version="1")
    delete(two, 1)
    with pytest.raises(InputError, match="but the stage is pinned to it") as caught:
        lookup.run(two, "host")
    assert "./doitw rollback version=1 stage=prod" in caught.value.fix
    assert "./doitw unpin stage=prod" in caught.value.fix
