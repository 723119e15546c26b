"""A pin holds until a person changes locked requirements or settings of the layer; what a rollback
replaced comes back. plan and deploy agree in each case."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.aws import arn as layer_arns
from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import config
from tasks.commands import rollback, unpin
from tasks.context import settings as context_settings
from tasks.context.arguments import Arguments
from tasks.layer import input_hash
from tasks.layer.archive import size_limit
from tasks.release import wishes
from tasks.release.stage import deploy_plan_layer, rollback_pin, store
from tasks.requirements import host_python, lockfile
from tasks.settings import paths, records
from tasks.settings.model import LAMBDA_LIMIT, Settings
from tasks.settings.step_records import RollbackRecord
from tasks.steps import lookup, patch_config, preflight, publish, upload
from tasks.util import files
from tasks.util.errors import InputError
from tests.finished_layer import build, zipped
from tests.moto_server import ACCOUNT, REGION

OLD = ["numpy", "ai-layer", "db-layer", "utils-layer"]


def require(text: str, name: str = "requirements-all.txt") -> None:
    Path(name).write_text(text, encoding="utf-8")


def lock(settings: Settings, *lines: str) -> None:
    require(lockfile.header(settings) + "".join(f"{line}\n" for line in lines), settings.lock)


def release(aws: Aws, version: str, built: str) -> str:
    require(f"six=={version}\n")
    build(aws.settings, version, built, {"six": version})
    upload.run(aws)
    return str(publish.run(aws).arn)


def configured() -> list[str]:
    return config.layers(paths.CHALICE_CONFIG, "prod")


def configure(*arns: str) -> None:
    config.write_layers(paths.CHALICE_CONFIG, "prod", [*arns])


def named() -> list[str]:
    """`deps:1`"""
    return [arn.partition(":layer:")[2] for arn in configured()]


@pytest.fixture
def two(aws: Aws) -> Aws:
    """Versions 1 and 2; the stage runs 2, and what is here wants 2."""
    release(aws, "1.16.0", "20250102-030405")
    configure(release(aws, "1.17.0", "20250102-030406"))
    return aws


@pytest.fixture
def back(two: Aws) -> Aws:
    """Rolled back to version 1."""
    rollback.configure(two.settings, Arguments(version="1", reason="crashes"))
    return two


def stays(aws: Aws, builder: str = "host") -> bool:
    """Does a deploy from here keep the pinned version? plan says the same."""
    said = deploy_plan_layer.plan_layer(aws)
    found = lookup.run(aws, builder)
    held = found.pin is not None
    assert held != found.lifts
    assert (said.lifts, any("it stays there" in note for note in said.notes)) == (not held, held)
    assert said.arn == found.arn or not held
    return held


# ---- what changes nobody's mind -----------------------------------------------------------------


def test_another_builder(back: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """plan looks with the builder that it expects, deploy with the one that it has."""
    docker = Aws(replace(back.settings, builder="docker"), back.environ)
    assert stays(docker, "docker")
    assert stays(Aws(replace(docker.settings, image="mine:1", written=(("image", ""),)),
                     back.environ), "docker")  # fmt: skip


@pytest.mark.parametrize("script", ["strip_libraries.py", "optimize.py", "Dockerfile"])
def test_a_comment_in_a_script_of_the_builder(back: Aws, script: str) -> None:
    """As a release of the tool may bring it."""
    path = paths.DOCKER / script
    path.write_text(path.read_text(encoding="utf-8") + "# better\n", encoding="utf-8")
    assert stays(back)


def test_another_version_of_the_tool(back: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose input hashes are others."""
    before = input_hash.input_hash(back.settings, "host")
    monkeypatch.setattr(input_hash, "FORMAT", input_hash.FORMAT + 1)
    monkeypatch.setattr(input_hash, "version", lambda name: "another")
    assert input_hash.input_hash(back.settings, "host") != before
    assert stays(back)


def test_a_pin_of_an_older_tool(back: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has input hashes alone; the manifests tell what they were."""
    pin = store.pin(back)
    assert pin
    store.put_pin(back, replace(pin, wishes=[]))
    monkeypatch.setattr(input_hash, "FORMAT", input_hash.FORMAT + 1)
    assert stays(back)
    require("six==1.15.0\n")
    assert not stays(back)


def test_a_machine_that_leaves_something_out(back: Aws) -> None:
    """It strips nothing, since it could not see that it still loads: nobody asked for that."""
    settings = replace(
        back.settings, strip=False, bytecode="none",
        written=(("strip", True), ("bytecode", "compile")),
    )  # fmt: skip
    assert stays(Aws(settings, back.environ))


@pytest.mark.parametrize(
    "text", ["# why\nsix==1.17.0\n", "six == 1.17.0  # names\n\n", "-r more.txt\n"]
)
def test_other_spellings(back: Aws, text: str) -> None:
    require("six==1.17.0\n", "more.txt")
    require(text)
    assert stays(back)


def test_a_lock_that_is_made_of_the_same(back: Aws) -> None:
    """It names what version 2 holds."""
    lock(back.settings, "six==1.17.0 \\", f"    --hash=sha256:{'a' * 64}")
    assert stays(back)


def test_a_lock_made_again(two: Aws) -> None:
    """The index has more files of the same versions by now."""
    line, digests = "six==1.17.0 \\", [f"    --hash=sha256:{letter * 64}" for letter in "ab"]
    lock(two.settings, line, digests[0])
    rollback.configure(two.settings, Arguments(version="1"))
    lock(two.settings, line, f"{digests[0]} \\", digests[1])
    assert stays(two)


def test_settings_that_do_not_decide_what_the_layer_holds(back: Aws) -> None:
    settings = replace(back.settings, smoke_path="/", max_growth=5, store_size=1)
    assert stays(Aws(settings, back.environ))


def test_variables_of_a_machine_are_nobodys_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """$LAYER_IMAGE names a mirror; `image` in pyproject.toml is written for everybody."""

    def wanted(image: str = "") -> dict[str, object]:
        text = f'[tool.lambda-layer]\nimage = "{image}"\n' if image else ""
        (tmp_path / "pyproject.toml").write_text(text)
        return wishes.written(context_settings.load_settings(tmp_path, environ, {}))

    environ: dict[str, str] = {}
    plain, other = wanted(), wanted("other:1")
    environ["LAYER_IMAGE"] = "mirror/python:3.12"
    assert wanted() == plain
    assert wanted("other:1") == other != plain


def test_what_cannot_run_here_is_still_wished(monkeypatch: pytest.MonkeyPatch) -> None:
    """requirements/host_python.py switches it off."""
    arm = Settings(builder="host", architecture="arm64", strip=True)
    monkeypatch.setattr(host_python, "runs", lambda settings: False)
    monkeypatch.setattr(host_python, "version", lambda python: "")
    left = host_python.feasible(arm)
    assert (left.strip, left.bytecode) == (False, "none")
    assert wishes.written(left) == wishes.written(arm)


# ---- what does ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"drop": ("x",)}, {"keep": ("x",)}, {"strip": False}, {"bytecode": "none"},
     {"compression": "max"}, {"rules_off": ("tests",)}, {"image": "other:1", "builder": "docker"}],
)  # fmt: skip
def test_a_setting_of_the_layer(back: Aws, change: dict[str, object]) -> None:
    other = replace(back.settings, **change)  # type: ignore[arg-type] # any setting
    assert not stays(Aws(other, back.environ), other.builder)


def test_a_requirement(back: Aws) -> None:
    require("six==1.17.0\nidna==3.10\n")
    assert not stays(back)


def test_a_lock_with_another_version(back: Aws) -> None:
    lock(back.settings, "six==1.17.0 \\", f"    --hash=sha256:{'a' * 64}", "idna==3.10")
    assert not stays(back)


def undone(aws: Aws) -> None:
    """The stage's pin is one of an undo that nobody typed, of the app that is here."""
    pin = store.pin(aws)
    assert pin
    store.put_pin(aws, replace(pin, apps=[wishes.app(aws.settings), "b" * 64]))


@pytest.mark.parametrize("name", ["app.py", "chalicelib/db.py", "vendor/a.py", "requirements.txt"])
def test_a_corrected_app_goes_on_after_an_undo(back: Aws, name: str) -> None:
    """It may be all that was wrong. Against a rollback that a person typed it does not."""
    undone(back)
    assert stays(back)
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("# corrected\n", encoding="utf-8")
    assert not stays(back)
    rollback.configure(back.settings, Arguments(version="1", reason="crashes"))
    path.write_text("# again\n", encoding="utf-8")
    assert stays(back)


def test_a_corrected_config_goes_on_after_an_undo(back: Aws) -> None:
    """What a deploy itself writes into it is no correction."""
    undone(back)
    whole = json.loads(paths.CHALICE_CONFIG.read_text(encoding="utf-8"))
    whole["stages"]["prod"] |= {"layers": [], "lambda_architecture": "x86_64"}
    paths.CHALICE_CONFIG.write_text(json.dumps(whole), encoding="utf-8")
    assert stays(back)
    whole["stages"]["prod"]["environment_variables"] = {"MODE": "good"}
    paths.CHALICE_CONFIG.write_text(json.dumps(whole), encoding="utf-8")
    assert not stays(back)


def test_the_app_that_ran_before_an_undo_stays(back: Aws) -> None:
    """Another machine, whose checkout is older, brings nothing new."""
    undone(back)
    pin = store.pin(back)
    assert pin
    store.put_pin(back, replace(pin, apps=["b" * 64, wishes.app(back.settings)]))
    assert stays(back)


def test_a_later_tools_pin_holds(back: Aws) -> None:
    """What it adds is left alone."""
    pin = store.pin(back)
    assert pin
    told = files.canonical({**pin.__dict__, "something": {"new": 1}})
    s3.put_bytes(back, store.key(back.settings, "pin-deps.json"), told)
    assert stays(back)


# ---- back from an emergency ---------------------------------------------------------------------


def publish_old(aws: Aws) -> list[str]:
    """Four layers of others, as the app had them before this tool."""
    content = {"ZipFile": zipped("x")}
    for name in OLD:
        aws.client("lambda").publish_layer_version(LayerName=name, Content=content)
    return [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}:1" for name in OLD]


def patch(aws: Aws) -> list[str]:
    """What a deploy would configure; plan says it before."""
    said = deploy_plan_layer.plan_layer(aws)
    lookup.run(aws, "host")
    assert said.arn
    arns = patch_config.wanted_layers(aws.settings)
    assert layer_arns.placed(said.own, layer_arns.parse_arns(said.arn)) == arns
    patch_config.run(aws.settings, arns, patch_config.before(aws.settings))
    return named()


@pytest.fixture
def emergency(two: Aws) -> Aws:
    """Back to four layers of others, by config.json and by what the function runs."""
    arns = publish_old(two)
    rollback.configure(two.settings, Arguments(arn=",".join(arns)))
    assert configured() == arns
    return two


def test_unpin_restores_what_was_replaced(emergency: Aws) -> None:
    assert patch(emergency) == [f"{name}:1" for name in OLD]  # the pin stands
    unpin.remove_pin(emergency, "")
    assert any("come back" in note for note in deploy_plan_layer.plan_layer(emergency).notes)
    assert patch(emergency) == ["deps:2"]


def test_changed_requirements_restore_it_too(emergency: Aws) -> None:
    require("six==1.16.0,!=1.17.0\n")
    build(emergency.settings, "1.15.0", "20250102-030407", {"six": "1.15.0"})
    upload.run(emergency)
    publish.run(emergency)
    assert patch(emergency) == ["deps:3"]


def test_layers_of_others_that_were_there_come_back(two: Aws) -> None:
    """Where they stood."""
    arns = publish_old(two)
    configure(arns[0], *configured())
    rollback.configure(two.settings, Arguments(arn=",".join(arns[1:])))
    assert named() == [f"{name}:1" for name in OLD[1:]]
    unpin.remove_pin(two, "")
    assert patch(two) == ["numpy:1", "deps:2"]


def test_a_version_after_an_emergency_is_in_the_stages_own_list(emergency: Aws) -> None:
    """And the way forward from there is the same."""
    rollback.configure(emergency.settings, Arguments(version="1"))
    assert named() == ["deps:1"]
    unpin.remove_pin(emergency, "")
    assert patch(emergency) == ["deps:2"]


def test_two_emergencies_in_a_row(emergency: Aws) -> None:
    """What the first replaced counts."""
    rollback.configure(emergency.settings, Arguments(arn=",".join(configured()[:2])))
    unpin.remove_pin(emergency, "")
    assert patch(emergency) == ["deps:2"]


def test_one_layer_of_others_in_the_place_of_this_one(two: Aws) -> None:
    """It goes with the pin."""
    rollback.configure(two.settings, Arguments(arn=publish_old(two)[0]))
    assert named() == ["numpy:1"]
    assert patch(two) == ["numpy:1"]
    unpin.remove_pin(two, "")
    assert patch(two) == ["deps:2"]


def test_a_checkout_that_missed_the_way_forward(emergency: Aws) -> None:
    """Its config.json has the four still, long after others went forward, and back, and forward."""
    four = configured()
    unpin.remove_pin(emergency, "")
    patch(emergency)
    rollback.configure(emergency.settings, Arguments(version="1"))
    configure(*four)
    assert patch(emergency) == ["deps:1"]
    unpin.remove_pin(emergency, "")
    configure(*four)
    assert patch(emergency) == ["deps:2"]


def test_what_a_person_changed_meanwhile_stays(emergency: Aws) -> None:
    """It is no list of a rollback's any more."""
    unpin.remove_pin(emergency, "")
    configure(*configured()[:1])
    assert patch(emergency) == ["numpy:1", "deps:2"]


def test_the_one_command_that_brings_back_what_ran(emergency: Aws) -> None:
    """From an emergency, and to one."""
    four = configured()
    rollback.configure(emergency.settings, Arguments(version="1"))
    record = records.needed(emergency.settings, RollbackRecord)
    way = rollback.way_to([*record.before], [*record.own], emergency.settings)
    assert way == f"./doitw rollback arn={','.join(four)} stage=prod"
    rollback.configure(emergency.settings, Arguments(arn=way.split()[2].partition("=")[2]))
    assert configured() == four
    rollback.configure(emergency.settings, Arguments(version="1"))
    rollback.configure(emergency.settings, Arguments(arn=",".join(four)))
    record = records.needed(emergency.settings, RollbackRecord)
    way = rollback.way_to([*record.before], [*record.own], emergency.settings)
    assert way == "./doitw rollback version=1 stage=prod"
    rollback.configure(emergency.settings, Arguments(version="1"))
    assert named() == ["deps:1"]


def test_a_pin_remembers_a_few_lists() -> None:
    """A stage that goes back every day does not fill its bucket."""
    pin = None
    for number in range(1, 30):
        lists = rollback_pin.lists_with(pin, [f"a:{number}"])
        pin = rollback_pin.RollbackPin(
            arns=["a:1"], by="b", at="c", reason="d", inputs=[], lists=lists
        )
    assert pin
    assert len(pin.lists) == rollback_pin.LISTS


def test_a_full_list_of_others_is_no_dead_end(two: Aws) -> None:
    """Five layers of others, Lambda's limit: a deploy keeps them, and unpin brings back the one."""
    content = {"ZipFile": zipped("x")}
    two.client("lambda").publish_layer_version(LayerName="fifth", Content=content)
    five = [*publish_old(two), f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:fifth:1"]
    rollback.configure(two.settings, Arguments(arn=",".join(five)))
    preflight.check_layers(two.settings)
    assert patch(two) == [arn.partition(":layer:")[2] for arn in five]
    unpin.remove_pin(two, "")
    preflight.check_layers(two.settings)
    assert patch(two) == ["deps:2"]
    configure(*reversed(five))  # a person's own list
    with pytest.raises(InputError, match="5 layers are there already"):
        preflight.check_layers(two.settings)


def test_layers_that_go_do_not_count(emergency: Aws) -> None:
    """The budget is that of the list which the stage will have."""
    sizes = dict.fromkeys(configured(), 70_000_000)
    files.write_record(paths.stage_record(emergency.settings, "preflight"), {"sizes": sizes})
    require("six==1.17.0\n")
    assert size_limit.spending(emergency.settings, 1).total > LAMBDA_LIMIT
    unpin.remove_pin(emergency, "")
    assert patch(emergency) == ["deps:2"]
