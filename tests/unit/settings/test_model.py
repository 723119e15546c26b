"""tasks/settings/model.py: four sources, one frozen result, all mistakes at once."""

import re
from dataclasses import Field
from pathlib import Path
from typing import Any

import pytest

from tasks.context.settings import load_settings, unheard
from tasks.settings import paths
from tasks.settings.lambda_pythons import PYTHONS
from tasks.settings.model import SPECS, Settings, option
from tasks.settings.pyproject import stages
from tasks.settings.validation import violations
from tasks.util.errors import SettingsError

PAGE = Path(__file__).parents[3] / "docs/reference/settings.md"


def write(root: Path, table: str) -> Path:
    (root / "pyproject.toml").write_text(f"[tool.lambda-layer]\n{table}\n", encoding="utf-8")
    return root


def test_defaults_are_the_seeds(tmp_path: Path) -> None:
    """With nothing said anywhere, the example's names apply."""
    settings = load_settings(tmp_path, {}, {})
    assert settings == Settings()
    assert (settings.layer, settings.bucket) == ("shuking-deps-layer", "shuking-lambda-layers")
    assert (settings.region, settings.stage) == ("ap-northeast-2", "prod")
    assert settings.base_image == "public.ecr.aws/lambda/python:3.12"


def test_a_table_becomes_pairs(tmp_path: Path) -> None:
    """Names and values, numbers too; a list of pairs is as good."""
    root = write(tmp_path, 'proof-env = {DATABASE_URL = "postgres://x=1", PORT = 5432}')
    assert load_settings(root, {}, {}).proof_env == ("DATABASE_URL=postgres://x=1", "PORT=5432")
    write(tmp_path, 'proof-env = ["A=", "B=1"]')
    assert load_settings(root, {}, {}).proof_env == ("A=", "B=1")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('proof-env = ["A"]', "'A' is not NAME=value"),
        ('proof-env = {"1A" = "x"}', "'1A=x' is not NAME=value"),
        ("proof-env = {A = [1]}", "is not a table of strings"),
        ("proof-env = 1", "is not a table of strings"),
        ("keep = {a = 1}", "is not a list of strings"),
        ("reserve = -1", "is negative"),
        ("reserve = 263", "is more than 262"),
        ("check-timeout = 99999999999999999999", "is more than 1,000,000"),
        ('proof-timeout = "60"', "is not a whole number"),
    ],
)
def test_what_is_no_pair_is_said(tmp_path: Path, table: str, words: str) -> None:
    """With the place."""
    with pytest.raises(SettingsError, match=re.escape(words)):
        load_settings(write(tmp_path, table), {}, {})


def test_command_line_wins_over_environment_over_pyproject(tmp_path: Path) -> None:
    """Each source covers the next one."""
    root = write(tmp_path, 'layer = "from-file"')
    environ = {"LAYER_NAME": "from-environment"}
    assert load_settings(root, {}, {}).layer == "from-file"
    assert load_settings(root, environ, {}).layer == "from-environment"
    assert load_settings(root, environ, {"layer": "typed"}).layer == "typed"


def test_empty_variable_says_nothing(tmp_path: Path) -> None:
    """An unset GitHub variable arrives as an empty one."""
    assert load_settings(tmp_path, {"S3_BUCKET": ""}, {}).bucket == "shuking-lambda-layers"


@pytest.mark.parametrize(("letters", "fits"), [(140, True), (141, False)])
def test_a_layers_name_has_140_letters(tmp_path: Path, letters: int, fits: bool) -> None:
    """LayerName of Lambda's PublishLayerVersion."""
    root = write(tmp_path, f'layer = "{"a" * letters}"')
    if fits:
        assert load_settings(root, {}, {}).layer == "a" * letters
    else:
        with pytest.raises(SettingsError, match="layer"):
            load_settings(root, {}, {})


def test_image_follows_python(tmp_path: Path) -> None:
    """Another Python means Lambda's image of that Python, unless an image is named."""
    root = write(tmp_path, 'python = "3.13"')
    assert load_settings(root, {}, {}).base_image == "public.ecr.aws/lambda/python:3.13"
    assert load_settings(root, {"LAYER_IMAGE": "mine@sha256:ab"}, {}).base_image == "mine@sha256:ab"
    assert load_settings(root, {"LAYER_IMAGE": "mine:{python}-1"}, {}).base_image == "mine:3.13-1"


@pytest.mark.parametrize("python", PYTHONS)
def test_each_python_has_lambdas_image(tmp_path: Path, python: str) -> None:
    """Typed or written."""
    written = load_settings(write(tmp_path, f'python = "{python}"'), {}, {})
    assert written.base_image == f"public.ecr.aws/lambda/python:{python}"
    typed = load_settings(write(tmp_path, ""), {}, {"python": python})
    assert (typed.python, typed.base_image) == (python, written.base_image)


def test_another_python_than_the_projects_has_files_of_its_own(tmp_path: Path) -> None:
    """So that several can lie side by side; the project's own, typed or not, are as ever."""
    root = write(tmp_path, 'layer = "deps"\npython = "3.13"\n[tool.lambda-layer.stages.old]\n'
                 'python = "3.12"')  # fmt: skip
    for typed in ({}, {"python": "3.13"}, {"stage": "old", "python": "3.12"}):
        own = load_settings(root, {}, typed)
        assert (own.variant, own.files, own.lock) == ("", "deps", "requirements-all.lock")
    for typed in ({"python": "3.12"}, {"stage": "old", "python": "3.10"}):
        other = load_settings(root, {}, typed)
        name = f"py{typed['python'].replace('.', '')}"
        assert other.layer == "deps"
        assert (other.files, other.lock) == (f"deps.{name}", f"requirements-all.{name}.lock")
        assert paths.layer_zip(other) == Path(f"build/deps.{name}.zip")
        assert paths.record(other, "zip") == Path(f"build/zip/deps.{name}/record.json")
        assert paths.stage_record(other, "publish").parent == Path(f"build/publish/deps.{name}")


@pytest.mark.parametrize("python", ["3.9", "3.16", "3", "3.1", "2.7"])
def test_a_python_that_lambda_has_not_is_refused(tmp_path: Path, python: str) -> None:
    """Before anything is built for it."""
    root = write(tmp_path, f'python = "{python}"')
    with pytest.raises(SettingsError, match=r"is not one of 3\.10, 3\.11, 3\.12, 3\.13, 3\.14"):
        load_settings(root, {}, {})


def test_all_mistakes_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    """One run shows every mistake, so that nobody fixes them one by one."""
    root = write(tmp_path, 'layr = "x"\nbytecode = "compiled"\nkeep = "a"\nstrip = "yes"')
    with pytest.raises(SettingsError) as caught:
        load_settings(root, {"S3_BUCKET": "UPPER"}, {"stag": "dev"})
    message = str(caught.value)
    for part in (
        "layr is not a setting (did you mean layer?)",
        "bytecode = 'compiled' is not one of compile, only, none (did you mean compile?)",
        "keep = 'a' is not a list of strings",
        "strip = 'yes' is not true or false",
        "environment's S3_BUCKET: bucket = 'UPPER' does not look like",
        "command line: stag is not a setting or argument (did you mean stage?)",
    ):
        assert part in message


@pytest.mark.parametrize("value", ["-1", "true", '"90"', "1.5"])
def test_numbers_are_whole_and_not_negative(tmp_path: Path, value: str) -> None:
    """`true` is an int in Python, and still no number of days."""
    with pytest.raises(SettingsError, match="lifecycle-days"):
        load_settings(write(tmp_path, f"lifecycle-days = {value}"), {}, {})


def test_broken_toml_is_one_plain_error(tmp_path: Path) -> None:
    """The place in the file is named."""
    (tmp_path / "pyproject.toml").write_text("[tool.lambda-layer\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"pyproject.toml is not TOML: .*line 1"):
        load_settings(tmp_path, {}, {})


@pytest.mark.parametrize("text", ["[tool]\nlambda-layer = 3\n", "tool = 3\n"])
def test_table_must_be_a_table(tmp_path: Path, text: str) -> None:
    """`lambda-layer = …` as a plain value is refused."""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="not a table"):
        load_settings(tmp_path, {}, {})


def test_an_unknown_typed_name_is_compared_with_arguments_too(tmp_path: Path) -> None:
    """People know one command line, not two kinds of names."""
    with pytest.raises(SettingsError, match=r"versoin is .* \(did you mean version\?\)"):
        load_settings(tmp_path, {}, {"versoin": "2"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("strip", "strip is not typed; set it in pyproject.toml's [tool.lambda-layer]\n"),
        ("smoke_path", "smoke-path is not typed; set it in pyproject.toml's [tool.lambda-layer]\n"),
        ("region", "[tool.lambda-layer] or by $AWS_REGION or by $AWS_DEFAULT_REGION\n"),
    ],
)
def test_a_setting_that_is_said_elsewhere(tmp_path: Path, name: str, said: str) -> None:
    """It is one, so nobody is told that it is none."""
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {}, {name: "x"})
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["version", "arn", "yes"])
def test_arguments_are_no_settings(tmp_path: Path, name: str) -> None:
    """What to roll back to is never a standing setting; typed, it is left to the arguments."""
    assert load_settings(tmp_path, {}, {name: "2"}) == Settings()
    with pytest.raises(SettingsError, match=f"{name} is not a setting"):
        load_settings(write(tmp_path, f'{name} = "2"'), {}, {})


# ---- stages -------------------------------------------------------------------------------------

STAGES = """
bucket = "for-all"
region = "eu-west-1"

[tool.lambda-layer.stages.dev]
bucket = "for-dev"
account = "111122223333"
drop = ["docs"]

[tool.lambda-layer.stages.prod]
account = "123456789012"
"""


def test_command_line_environment_stage_table_default(tmp_path: Path) -> None:
    """Each source covers the next one; what the stage does not say is the table's."""
    root, dev = write(tmp_path, STAGES), {"stage": "dev"}
    assert load_settings(root, {}, {}).bucket == "for-all"
    assert load_settings(root, {}, dev).bucket == "for-dev"
    assert load_settings(root, {"S3_BUCKET": "exported"}, dev).bucket == "exported"
    assert (
        load_settings(root, {"S3_BUCKET": "exported"}, dev | {"bucket": "typed"}).bucket == "typed"
    )
    found = load_settings(root, {}, dev)
    assert (found.region, found.layer, found.drop) == ("eu-west-1", Settings().layer, ("docs",))


def test_a_stages_own_region_and_profile_come_before_awss_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI sets AWS_REGION for every job; where the stage's table says nothing, it is what counts."""
    around = {"AWS_REGION": "us-east-1", "AWS_PROFILE": "mine"}
    root = write(tmp_path, STAGES + 'region = "eu-west-2"\nprofile = "company"\n')
    prod, dev = (
        load_settings(root, around, {"stage": "prod"}),
        load_settings(root, around, {"stage": "dev"}),
    )
    assert (prod.region, prod.profile) == ("eu-west-2", "company")
    assert (dev.region, dev.profile) == ("us-east-1", "mine")
    monkeypatch.chdir(root)
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    said = "AWS_REGION is us-east-1, but [tool.lambda-layer.stages.prod] says region"
    assert unheard("prod")[0] == f"{said} = 'eu-west-2', which counts"
    assert len(unheard("prod")) == 2
    assert unheard("dev") == unheard("other") == []


def test_the_table_chooses_the_stage_too(tmp_path: Path) -> None:
    """`stage = "dev"` for all; typed, another."""
    root = write(tmp_path, f'stage = "dev"\n{STAGES}')
    assert load_settings(root, {}, {}).account == "111122223333"
    assert load_settings(root, {}, {"stage": "prod"}).account == "123456789012"
    assert load_settings(root, {}, {"stage": "local"}).account == ""


def test_no_variable_turns_a_stages_account_and_role_off(tmp_path: Path) -> None:
    """Nothing that is set in a shell, and nothing typed in haste."""
    assert not {"account", "role"} & {name for name, spec in SPECS.items() if _sources(spec)}
    with pytest.raises(SettingsError, match="account is not typed"):
        load_settings(write(tmp_path, STAGES), {}, {"account": "111122223333"})


def _sources(spec: Field[Any]) -> object:
    return spec.metadata.get("env") or spec.metadata.get("typed")


def test_a_profile_is_a_variable_too(tmp_path: Path) -> None:
    """AWS's own."""
    root = write(tmp_path, 'profile = "company"')
    assert load_settings(root, {}, {}).profile == "company"
    assert load_settings(root, {"AWS_PROFILE": "mine"}, {}).profile == "mine"


def test_every_stages_table_is_checked(tmp_path: Path) -> None:
    """Not only that of the stage which is typed."""
    text = """
    [tool.lambda-layer.stages.dev]
    regoin = "eu-west-1"
    stage = "prod"
    account = "12"
    [tool.lambda-layer.stages.prod]
    role = "deployer"
    strip = 1
    """
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, text), {}, {"stage": "local"})
    message = str(caught.value)
    for part in (
        "[tool.lambda-layer.stages.dev]: regoin is not a setting (did you mean region?)",
        "[tool.lambda-layer.stages.dev]: stage is not a setting",
        "[tool.lambda-layer.stages.dev]: account = '12' does not look like number of the AWS acc",
        "[tool.lambda-layer.stages.prod]: role = 'deployer' does not look like ARN of the role",
        "[tool.lambda-layer.stages.prod]: strip = 1 is not true or false",
    ):
        assert message.count(part) == 1


@pytest.mark.parametrize("text", ["stages = 3", "[tool.lambda-layer.stages]\ndev = 3"])
def test_stages_are_tables(tmp_path: Path, text: str) -> None:
    """`stages = ["dev"]` and the like are refused."""
    with pytest.raises(SettingsError, match="not a table"):
        load_settings(write(tmp_path, text), {}, {})


def test_stages_with_tables_are_known(tmp_path: Path) -> None:
    """In their order."""
    assert stages(write(tmp_path, STAGES) / "pyproject.toml") == ["dev", "prod"]
    assert stages(tmp_path / "nowhere") == []


# ---- documents ----------------------------------------------------------------------------------


def test_lock_stands_beside_the_requirements() -> None:
    """requirements-all.txt → requirements-all.lock"""
    assert Settings(requirements="deps/all.txt").lock == "deps/all.lock"


def test_readme_table_lists_every_setting_with_its_default() -> None:
    """The one table of settings in docs/reference/settings.md is complete and true."""
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]*) \|", PAGE.read_text("utf-8"), re.M))
    for name, spec in SPECS.items():
        assert rows[option(name)].strip() == _shown(spec.default), name


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    empty: dict[object, str] = {"": "–", (): "`[]`"}
    return empty.get(default, f"`{default}`")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "eusc-de-east-1"), ("region", "us-gov-west-1"), ("region", "us-isob-east-1"),
        ("secret", "rds!cluster-0a1b2c3d"), ("secret", "shop/prod"),
        ("role", "arn:aws-eusc:iam::123456789012:role/deployer"),
    ],
)  # fmt: skip
def test_names_that_aws_gives(name: str, value: str) -> None:
    """Of newer partitions, and of secrets that other services manage."""
    assert violations("x", value, SPECS[name]) == []


@pytest.mark.parametrize("name", ["../ci", "a/b", "", ".", "ci\n", "ci*", "x" * 129])
def test_a_writer_is_one_part_of_a_key(name: str) -> None:
    """Nothing that leads to another prefix of the bucket."""
    assert violations("x", (name,), SPECS["store_trust"])
    assert not violations("x", ("AWSReservedSSO_Deploy_0a1b", "deploy-prod"), SPECS["store_trust"])
