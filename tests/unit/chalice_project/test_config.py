"""tasks/chalice_project/config.py: one array changes, nothing else does."""

import json
from pathlib import Path

import pytest

from tasks.chalice_project import config as chalice_config
from tasks.util.errors import InputError

A = "arn:aws:lambda:ap-northeast-2:123456789012:layer:shuking-deps-layer:1"
ARM = ((), "lambda_architecture", "arm64")
B = "arn:aws:lambda:ap-northeast-2:123456789012:layer:other:7"


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
@pytest.mark.parametrize("before", [None, [], [B], [A, B]])
@pytest.mark.parametrize("after", [[], [A], [B, A]])
def test_only_the_layers_change(
    indent: int | str | None, before: list[str] | None, after: list[str]
) -> None:
    """In any style of JSON: the result is what json would say, the rest the same text."""
    config = {"app_name": "한글 ü", "stages": {"dev": {"layers": [B]}, "prod": {"x": 1, "y": "}"}}}
    if before is not None:
        config["stages"]["prod"]["layers"] = before  # type: ignore[index] # json
    text = json.dumps(config, indent=indent, ensure_ascii=False) + "\n"
    changed = chalice_config.with_layers(text, "prod", after)
    config["stages"]["prod"]["layers"] = after  # type: ignore[index] # json
    assert json.loads(changed) == config
    assert list(json.loads(changed)["stages"]["prod"]) == list(config["stages"]["prod"])  # type: ignore[index] # json
    assert changed == json.dumps(config, indent=indent, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("indent", [None, 2])
def test_an_empty_stage_gets_its_first_member(indent: int | None) -> None:
    """The stage was there, `layers` was not."""
    text = json.dumps({"stages": {"prod": {}}}, indent=indent)
    changed = chalice_config.with_layers(text, "prod", [A])
    assert json.loads(changed) == {"stages": {"prod": {"layers": [A]}}}


@pytest.mark.parametrize(
    ("app", "stage", "now"),
    [({}, {}, "x86_64"), ({"lambda_architecture": "arm64"}, {}, "arm64"),
     ({"lambda_architecture": "arm64"}, {"lambda_architecture": "x86_64"}, "x86_64"),
     ({}, {"lambda_architecture": None}, "x86_64")],
)  # fmt: skip
def test_the_architecture_as_chalice_reads_it(
    tmp_path: Path, app: dict[str, object], stage: dict[str, object], now: str
) -> None:
    """The stage's, the app's, Lambda's default."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**app, "stages": {"prod": stage}}))
    assert chalice_config.architecture(path, "prod") == now


@pytest.mark.parametrize(
    ("app", "stage", "functions", "sizes"),
    [({}, {}, {}, [128]), ({"lambda_memory_size": 256}, {}, {"a": {}}, [256]),
     ({"lambda_memory_size": 256}, {"lambda_memory_size": 512},
      {"a": {"lambda_memory_size": 3008}, "b": {"lambda_memory_size": None}}, [512, 3008])],
)  # fmt: skip
def test_the_memory_as_chalice_reads_it(
    tmp_path: Path, app: dict[str, object], stage: dict[str, object],
    functions: dict[str, object], sizes: list[int],
) -> None:  # fmt: skip
    """Each function's, the stage's, the app's, Chalice's default."""
    path = tmp_path / "config.json"
    stages = {"prod": {**stage, "lambda_functions": functions}}
    path.write_text(json.dumps({**app, "stages": stages}))
    assert chalice_config.memory_sizes(path, "prod") == sizes


def test_what_a_function_is_started_with_is_its_own(tmp_path: Path) -> None:
    """Also of one that config.json does not name, beside one that has more than the stage gives."""
    own = {"environment_variables": {"MODE": "routes"}, "lambda_timeout": 900}
    stage = {"environment_variables": {"MODE": "all"}, "lambda_functions": {"api_handler": own}}
    path = tmp_path / "config.json"
    app = {"environment_variables": {"TABLE": "t"}, "lambda_memory_size": 256}
    path.write_text(json.dumps({**app, "stages": {"prod": stage}}))
    assert chalice_config.variables_of(path, "prod", "api_handler")["MODE"] == "routes"
    assert chalice_config.variables_of(path, "prod", "jobs") == {"TABLE": "t", "MODE": "all"}
    assert chalice_config.limits(path, "prod", "api_handler") == (256, 900)
    assert chalice_config.limits(path, "prod", "jobs") == (256, 60)


def test_the_architecture_is_written_beside_the_layers() -> None:
    """Of this stage alone, and only when asked for."""
    text = json.dumps({"stages": {"dev": {}, "prod": {"layers": [B]}}}, indent=2)
    changed = json.loads(chalice_config.with_layers(text, "prod", [A], [ARM]))
    prod = {"layers": [A], "lambda_architecture": "arm64"}
    assert changed == {"stages": {"dev": {}, "prod": prod}}


def test_windows_line_ends_stay() -> None:
    """No line end of another kind appears."""
    text = '{\r\n  "stages": {\r\n    "prod": {\r\n      "layers": []\r\n    }\r\n  }\r\n}\r\n'
    changed = chalice_config.with_layers(text, "prod", [A, B])
    assert json.loads(changed)["stages"]["prod"]["layers"] == [A, B]
    assert "\n" not in changed.replace("\r\n", "")


def test_odd_layout_around_it_stays(tmp_path: Path) -> None:
    """Hand-made spacing elsewhere is somebody's, and so is the mode."""
    text = '{"version" :"2.0",\n\n "stages":{"prod":{"layers":[ ] , "a" : [1,2,\n3]}} }'
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    backup = chalice_config.write_layers(path, "prod", [A])
    assert path.read_text(encoding="utf-8") == text.replace("[ ]", f'["{A}"]')
    assert path.stat().st_mode & 0o777 == 0o640
    assert backup.read_text(encoding="utf-8") == text


def test_a_few_backups_are_kept(tmp_path: Path) -> None:
    """The newest five."""
    path = tmp_path / "config.json"
    path.write_text('{"stages": {"prod": {}}}')
    for number in range(8):
        last = chalice_config.write_layers(path, "prod", [f"{B[:-1]}{number}"])
    backups = sorted(tmp_path.glob("config.json.bak-*"))
    assert len(backups) == 5
    assert backups[-1] == last


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "`stages` is not an object"),
        ('{"stages": []}', "`stages` is not an object"),
        ('{"stages": {"prod": []}}', "`stages` is not an object"),
        ('{"stages": {"prod": {"layers": "a"}}}', "stages.prod.layers is not a list"),
    ],
)
def test_other_shapes_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    """Nothing is changed, the place is named."""
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        chalice_config.write_layers(path, "prod", [A])
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_and_an_unknown_stage(tmp_path: Path) -> None:
    """Both say what to do; the nearest stage is suggested."""
    path = tmp_path / "config.json"
    with pytest.raises(InputError, match="does not exist"):
        chalice_config.layers(path, "prod")
    path.write_text('{"stages": {"prod": {}, "dev": {}}}')
    with pytest.raises(InputError, match=r"'prd' \(did you mean prod\?\). It has: prod, dev"):
        chalice_config.layers(path, "prd")
