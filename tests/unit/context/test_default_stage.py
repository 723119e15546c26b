"""tasks/context/default_stage.py: each condition alone keeps the default stage."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.context import default_stage
from tasks.context.default_stage import Here
from tasks.settings.model import Settings

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:deps:1"
OTHER = "arn:aws:lambda:ap-northeast-2:123456789012:layer:extension:7"
DEV = Settings(layer="deps", stage="dev")
LOCAL = replace(DEV, stage="local")
HERE = Here(stages={"dev": [OTHER], "local": [ARN]}, deployed={"local"}, credentials=False)


def test_local_where_nothing_else_can_be_meant() -> None:
    """A new app, deployed to the emulator alone."""
    assert default_stage.is_meant(DEV, LOCAL, HERE)


@pytest.mark.parametrize(
    "here",
    [
        replace(HERE, credentials=True),
        replace(HERE, stages={"dev": [ARN], "local": [ARN]}),
        replace(HERE, stages={"dev": [], "prod": [OTHER, ARN], "local": [ARN]}),
        replace(HERE, deployed={"local", "dev"}),
        replace(HERE, deployed={"local", "prod"}),
        replace(HERE, deployed=set()),
        replace(HERE, stages={"dev": [], "local": [OTHER]}),
        replace(HERE, stages={}),
    ],
)
def test_what_may_have_been_deployed_elsewhere(here: Here) -> None:
    """Credentials, a version in config.json, Chalice's state; or `local` was not deployed here."""
    assert not default_stage.is_meant(DEV, LOCAL, here)


@pytest.mark.parametrize(
    "said",
    [
        {"account": "1" * 12},
        {"role": "arn:aws:iam::1:role/x"},
        {"profile": "x"},
        {"stage": "local"},
    ],
)
def test_a_stage_that_names_its_place(said: dict[str, str]) -> None:
    """An account of somebody's, though nothing here opens it; `local` needs no rule."""
    assert not default_stage.is_meant(replace(DEV, **said), LOCAL, HERE)  # type: ignore[arg-type] # all are text


def test_each_stage_may_have_a_layer_of_its_own() -> None:
    """Both names count for all stages but `local`."""
    other = replace(LOCAL, layer="extension")
    assert not default_stage.is_meant(DEV, other, HERE)
    stages = {"dev": [], "local": [OTHER]}
    assert default_stage.is_meant(DEV, other, replace(HERE, stages=stages))


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("rollback", True),
        ("rollback version=1 reason=x", True),
        ("run rollback:check", True),
        ("-v 2 rollback", True),
        ("status", True),
        ("history from=1", True),
        ("deploy", False),
        ("rollback deploy", False),
        ("rollback smoke", False),
        ("smoke", False),
        ("plan", False),
        ("help rollback", False),
        ("list", False),
        ("", False),
    ],
)
def test_commands_that_look_or_step_back(line: str, taken: bool) -> None:
    """Nothing that deploys, alone or with others."""
    assert default_stage.takes(line.split()) is taken


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An empty home, no EC2 machine. Makes a file in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(default_stage, "EC2", {tmp_path / "vendor": "amazon ec2"})

    def make(name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("Amazon EC2\n")

    return make


def test_a_machine_without_any(nobody: object) -> None:
    """An empty variable says nothing, nor does a region."""
    assert not default_stage.has_credentials({"AWS_PROFILE": "", "AWS_REGION": "eu-west-1"})


@pytest.mark.parametrize("name", default_stage.VARIABLES)
def test_a_variable(nobody: object, name: str) -> None:
    """As CI, containers and people set them."""
    assert default_stage.has_credentials({name: "x"})


@pytest.mark.parametrize("name", [".aws/credentials", ".aws/config", ".boto", "vendor"])
def test_a_file(nobody: Callable[[str], None], name: str) -> None:
    """Whatever is in it; an EC2 machine may have a role."""
    nobody(name)
    assert default_stage.has_credentials({})


@pytest.mark.parametrize("name", default_stage.FILES)
def test_a_file_elsewhere(nobody: Callable[[str], None], tmp_path: Path, name: str) -> None:
    """Where AWS's variables say; the usual one is not looked at then."""
    nobody(default_stage.FILES[name].removeprefix("~/"))
    gone, there = tmp_path / "gone", tmp_path / "there"
    assert not default_stage.has_credentials({name: str(gone)})
    there.touch()
    assert default_stage.has_credentials({name: str(there)})


def test_an_ec2_machine_whose_role_is_not_asked_for(nobody: Callable[[str], None]) -> None:
    """As boto3 does not."""
    nobody("vendor")
    assert not default_stage.has_credentials({"AWS_EC2_METADATA_DISABLED": "true"})
