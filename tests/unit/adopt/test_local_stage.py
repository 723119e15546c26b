"""tasks/adopt/local_stage.py: production's values are not for this machine."""

import json

import pytest

from tasks.adopt import local_stage

PROD = {
    "api_gateway_stage": "v1",
    "environment_variables": {
        "DATABASE_URL": "postgresql://shop:hunter2@db.example.com/shop", "KEY": "s3cr3t",
        "PAGE": "20", "DEBUG": "false",
    },
    "lambda_functions": {
        "job": {"lambda_timeout": 9, "environment_variables": {"TOKEN": "t0k3n"}, "layers": ["arn"]}
    },
}  # fmt: skip


def test_of_production_alone_there_are_placeholders() -> None:
    """Of the same form: an app reads them while it is imported. Numbers and switches stay."""
    made = local_stage.make({"prod": PROD}, "prod")
    assert made == {
        "api_gateway_stage": "v1",
        "environment_variables": {
            "DATABASE_URL": "postgresql://localhost/placeholder-database-url",
            "KEY": "placeholder-key", "PAGE": "20", "DEBUG": "false",
        },
        "lambda_functions": {
            "job": {"lambda_timeout": 9, "environment_variables": {"TOKEN": "placeholder-token"}}
        },
        "layers": [],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["dev", "Development", "test", "sandbox"])
def test_a_stage_for_development_gives_its_own(name: str) -> None:
    """Also where a deploy means production, which the rest is like."""
    dev = {"environment_variables": {"KEY": "ours"}}
    made = local_stage.make({"prod": PROD, name: dev}, "prod")
    assert made["environment_variables"] == {"KEY": "ours"}
    assert made["lambda_functions"] == {"job": {"lambda_timeout": 9}}
    assert made["api_gateway_stage"] == "v1"


def test_what_development_has_of_its_own_comes_first() -> None:
    """Memory, timeouts and functions, too; a function that wants no layer there has none."""
    own = {"lambda_timeout": 99, "environment_variables": {"QUEUE": "dev"}}
    dev: dict[str, object] = {
        "lambda_timeout": 33,
        "lambda_functions": {"job": own, "new": {"layers": []}},
    }
    prod: dict[str, object] = {**PROD, "lambda_timeout": 5, "lambda_memory_size": 256}
    assert local_stage.make({"dev": dev, "prod": prod}, "prod") == {
        "api_gateway_stage": "v1", "lambda_timeout": 33, "lambda_memory_size": 256,
        "lambda_functions": {"job": own, "new": {"layers": []}}, "layers": [],
    }  # fmt: skip


def test_what_development_has_not_is_said() -> None:
    stages: dict[str, dict[str, object]] = {"dev": {}, "prod": {**PROD}}
    after = {"stages": {**stages, "local": local_stage.make(stages, "prod")}}
    (told,) = local_stage.notes(json.dumps({"stages": stages}), json.dumps(after))
    assert told.startswith("note: stage dev has no DATABASE_URL, DEBUG, KEY, PAGE, TOKEN, which")


@pytest.mark.parametrize("name", ["prod", "production", "staging", "v1", "live", "devops"])
def test_no_other_stage_is_one_for_development(name: str) -> None:
    made = json.dumps(local_stage.make({name: PROD}, name))
    assert "hunter2" not in made
    assert "s3cr3t" not in made


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"prod": PROD}, "placeholders for environment_variables, and no stage's own values:"),
        ({"prod": PROD, "dev": {"environment_variables": {"A": "1"}}}, "of stage dev: A"),
    ],
)
def test_it_is_said(stages: dict[str, dict[str, object]], said: str) -> None:
    """By name, and never again."""
    after = {"stages": {**stages, "local": local_stage.make(stages, "prod")}}
    told = "\n".join(local_stage.notes(json.dumps({"stages": stages}), json.dumps(after)))
    assert said in told
    assert "hunter2" not in told
    assert list(local_stage.notes(json.dumps(after), json.dumps(after))) == []


def test_nothing_is_said_where_there_are_no_variables() -> None:
    stages: dict[str, dict[str, object]] = {"dev": {}}
    after = {"stages": {**stages, "local": local_stage.make(stages, "dev")}}
    assert list(local_stage.notes(json.dumps({"stages": stages}), json.dumps(after))) == []


def test_what_all_stages_have_is_said() -> None:
    """Stage local has it by Chalice's own rule."""
    before = {"environment_variables": {"KEY": "s3cr3t"}, "stages": {"prod": {}}}
    after = {**before, "stages": {"prod": {}, "local": local_stage.make({"prod": {}}, "prod")}}
    (told,) = local_stage.notes(json.dumps(before), json.dumps(after))
    assert told == "note: stage local has what environment_variables gives to all stages, too: KEY"
