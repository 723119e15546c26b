"""tasks/chalice_project/config_schema.py, and config.json as found in the wild: changed in one
place, or
refused and untouched."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tasks.chalice_project import config as chalice_config
from tasks.util.errors import InputError

A = "arn:aws:lambda:ap-northeast-2:123456789012:layer:shuking-deps-layer:1"
OTHER = "arn:aws:lambda:ap-northeast-2:999999999999:layer:other:7"
GOOD = '{\n  "app_name": "shop",\n  "stages": {\n    "prod": {\n      "layers": []\n    }\n  }\n}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def refusal(path: Path, content: bytes) -> str:
    """What is said of it, with nothing changed and no backup left."""
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        chalice_config.write_layers(path, "prod", [A])
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"app_name": "shop"}', "has no stage 'prod'. It has: dev"),
        ('{"stages": {"version": "2.0", "dev": {}}}', "has no stage 'prod'. It has: dev"),
        ('{"stages": {"dev": {}, "prod": [1]}}', "object of objects: prod is none"),
        (
            '{"iam_role_arn": 5, "stages": {"prod": {}}}',
            "iam_role_arn is not text",
        ),
        (
            '{"stages": {"prod": {"lambda_functions": {"a": {"iam_role_arn": ["b"]}}}}}',
            "stages.prod.lambda_functions.a.iam_role_arn is not text",
        ),
        ('{"stages": null}', "`stages` is not an object of objects"),
        ('{"stages": {"prod": null}}', "`stages` is not an object of objects"),
        ('{"stages": {"dev": {}}}', "has no stage 'prod'. It has: dev"),
        ('{"stages": {}}', "It has: none"),
        ('// ours\n{"stages": {"prod": {}}}', "(JSON has no comments)"),
        ('{"stages": {"prod": {}} # ours\n}', "(JSON has no comments)"),
        ('{"stages": {"prod": {},}}', "(JSON has no comma after the last member)"),
        ('{"stages": {"prod": {"layers": ["a",]}}}', "(JSON has no comma after the last member)"),
        ("{'stages': {}}", "(JSON has double quotes only)"),
        ("\ufeff" + GOOD, "byte order mark, which Chalice cannot read"),
        ('{"stages": {"prod": {"layers": [1]}}}', "stages.prod.layers is not a list of text"),
        ('{"stages": {"prod": {"lambda_functions": []}}}', "lambda_functions is not an object"),
        (
            '{"stages": {"prod": {"lambda_functions": {"f": 1}}}}',
            "lambda_functions is not an object of objects",
        ),
        (
            '{"stages": {"prod": {"lambda_functions": {"f": {"layers": "a"}}}}}',
            "stages.prod.lambda_functions.f.layers is not a list of text",
        ),
        (
            '{"stages": {"prod": {"environment_variables": {"PORT": 1}}}}',
            "stages.prod.environment_variables.PORT is not text",
        ),
        (
            '{"stages": {"prod": {"lambda_architecture": "arm"}}}',
            "stages.prod.lambda_architecture is neither x86_64 nor arm64",
        ),
        ('{"app_name": 7, "stages": {"prod": {}}}', "app_name is not text"),
        ('{"app_name": "a\\ud800", "stages": {"prod": {}}}', "app_name holds half a character"),
        (
            '{"stages": {"prod": {"environment_variables": {"AA": "\\udfff"}}}}',
            "stages.prod.environment_variables.AA holds half a character",
        ),
        (
            '{"stages": {"prod": {"environment_variables": {"AA": "x\\u0000"}}}}',
            "stages.prod.environment_variables.AA holds a NUL",
        ),
        (
            '{"environment_variables": {"A\\ud800": "x"}, "stages": {"prod": {}}}',
            "environment_variables.A\\ud800 holds half a character",
        ),
        (
            '{"stages": {"prod": {"lambda_functions": {"f": {"tags": {"a": ["\\u0000"]}}}}}}',
            "stages.prod.lambda_functions.f.tags.a holds a NUL",
        ),
    ],
)
def test_refused_and_untouched(path: Path, text: str, said: str) -> None:
    """With what is wrong, and where."""
    assert said in refusal(path, text.encode())


def test_another_encoding_is_refused(path: Path) -> None:
    """An editor's UTF-16 or Latin-1."""
    assert "is not UTF-8 text" in refusal(path, GOOD.encode("utf-16"))
    assert "is not UTF-8 text" in refusal(path, GOOD.replace("shop", "café").encode("latin-1"))


def test_a_read_only_file_is_refused(path: Path) -> None:
    """Somebody does not want it changed; replacing it would need no right to write it."""
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0o444)
    with pytest.raises(InputError, match="is read-only") as caught:
        chalice_config.write_layers(path, "prod", [A])
    assert "chmod u+w" in caught.value.fix
    assert path.read_text(encoding="utf-8") == GOOD
    assert list(path.parent.iterdir()) == [path]


def test_a_function_has_no_functions(path: Path) -> None:
    """Chalice looks at no member of that name there, whatever it is."""
    inner = {"a": {"lambda_functions": {"b": None}, "layers": [A]}}
    path.write_text(json.dumps({"app_name": "x", "stages": {"prod": {"lambda_functions": inner}}}))
    assert chalice_config.own_layers(path, "prod") == {"a": [A]}


@pytest.mark.parametrize(
    ("stage", "before"),
    [
        ({}, [OTHER]),
        ({"layers": None}, [OTHER]),
        ({"layers": []}, []),
        ({"lambda_functions": None, "environment_variables": None}, [OTHER]),
    ],
)
def test_missing_and_null_are_the_apps(path: Path, stage: Any, before: list[str]) -> None:
    """As Chalice reads them; afterwards the stage has its own."""
    config = {"app_name": "shop", "layers": [OTHER], "stages": {"prod": stage}}
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")
    assert chalice_config.layers(path, "prod") == before
    chalice_config.write_layers(path, "prod", [*before, A])
    config["stages"]["prod"] = {**stage, "layers": [*before, A]}  # type: ignore[index] # json
    assert path.read_text(encoding="utf-8") == json.dumps(config, indent=2)


def test_a_functions_own_layers_stay(path: Path) -> None:
    """They are somebody's decision: changed only where that is asked for."""
    own = {"nightly": {"layers": [OTHER]}, "hourly": {"layers": None}}
    config = {"stages": {"prod": {"lambda_functions": own, "layers": []}}}
    path.write_text(json.dumps(config), encoding="utf-8")
    chalice_config.write_layers(path, "prod", [A])
    assert json.loads(path.read_text())["stages"]["prod"]["lambda_functions"] == own
    assert chalice_config.own_layers(path, "prod") == {"nightly": [OTHER]}
    more = [(("lambda_functions", "nightly"), "layers", [OTHER, A])]
    chalice_config.write_layers(path, "prod", [A], more)
    assert chalice_config.all_layers(path, "prod") == {
        ("layers",): [A], ("lambda_functions", "nightly", "layers"): [OTHER, A]
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [GOOD.replace("\n", "\r\n"), GOOD.replace("  ", "\t"), GOOD.replace("shop", "가게 é 🛒")],
)
def test_its_own_style_stays(path: Path, text: str) -> None:
    """Windows' line ends, tabs, text that is not ASCII."""
    path.write_bytes(text.encode())
    chalice_config.write_layers(path, "prod", [A])
    changed = path.read_bytes().decode()
    assert json.loads(changed)["stages"]["prod"]["layers"] == [A]
    before, after = text.split("[]")
    assert changed.startswith(before)
    assert changed.endswith(after)
    assert ("\r\n" in text) == ("\r\n" in changed)
    assert "\n" not in changed.replace("\r\n", "") or "\r\n" not in text


@pytest.mark.parametrize("relative", [True, False])
def test_a_link_stays_a_link(path: Path, tmp_path: Path, relative: bool) -> None:
    """The file that it leads to is changed; the backup lies beside the link."""
    real = tmp_path / "shared" / "real.json"
    real.parent.mkdir()
    real.write_text(GOOD, encoding="utf-8")
    path.symlink_to(os.path.relpath(real, tmp_path) if relative else real)
    backup = chalice_config.write_layers(path, "prod", [A])
    assert path.is_symlink()
    assert json.loads(real.read_text())["stages"]["prod"]["layers"] == [A]
    assert (backup.parent, backup.read_text()) == (tmp_path, GOOD)


def test_a_link_to_nothing(path: Path) -> None:
    """As a missing file."""
    path.symlink_to("nowhere.json")
    with pytest.raises(InputError, match="does not exist"):
        chalice_config.write_layers(path, "prod", [A])


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ('{"app_name": "shop"}', "dev"),
        ('{\n  "app_name": "shop"\n}\n', "dev"),
        (
            '{\n  "stages": {\n    "version": "2.0",\n    "app_name": "x",\n    "dev": {}\n  }\n}',
            "dev",
        ),
    ],
)
def test_stages_as_chalice_takes_them(path: Path, text: str, stage: str) -> None:
    """Without `stages` it is dev; what is no object among them is no stage. Written into as any
    other, and Chalice itself reads it back."""
    from chalice.config import Config

    path.write_text(text)
    assert chalice_config.layers(path, stage) == []
    chalice_config.write_layers(path, stage, [A])
    made = json.loads(path.read_text())
    assert Config(stage, config_from_disk=made).layers == [A]
    assert set(json.loads(text)) - {"stages"} <= set(made)
    assert list(chalice_config.load_config(path)["stages"]) == ["dev"]
