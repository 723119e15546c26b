"""tasks/steps/preflight.py: the Python that Chalice would deploy."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.settings.lambda_pythons import PYTHONS
from tasks.settings.model import Settings
from tasks.steps import install, preflight
from tasks.util.errors import InputError

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_our_own_is_fine() -> None:
    preflight.check_python(Settings(python=HERE))


@pytest.mark.parametrize("python", [each for each in PYTHONS if each != HERE])
def test_another_is_refused_with_what_can_be_done(python: str) -> None:
    """No .python-version makes this tool run under 3.10: it would not install."""
    with pytest.raises(InputError, match=f"for Python {python}, but Chalice would") as caught:
        preflight.check_python(Settings(python=python))
    old = python in ("3.10", "3.11")
    assert (".python-version" in caught.value.fix) is not old
    assert ("./doitw publish" in caught.value.fix) is old
    assert ("this tool needs 3.12 or newer" in caught.value.problem) is old


def test_an_app_has_no_python_version_file_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has an environment, in which the wheel is installed."""
    monkeypatch.setattr(preflight, "PACKAGE", "doit_lambda_layer")
    with pytest.raises(InputError) as caught:
        preflight.check_python(Settings(python="3.14"))
    assert "in an environment of Python 3.14" in caught.value.fix
    assert ".python-version" not in caught.value.fix


def test_the_oldest_is_what_the_package_asks_for() -> None:
    """Said in two places."""
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={preflight.OLDEST}"' in text
    assert PYTHONS[: PYTHONS.index(preflight.OLDEST)] == preflight.TOO_OLD


def test_a_python_on_its_way_out_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a deploy, and by a build; of others nothing is said."""
    said: list[str] = []
    for step in (preflight, install):
        monkeypatch.setattr(step, "say_once", said.append)
    for python in ("3.10", "3.14", "3.15"):
        preflight.tell_of_python(Settings(python=python))
        with pytest.raises(InputError):  # there are no requirements
            install.run(Settings(python=python, requirements="nowhere.txt"), NotImplemented)
    assert [line.split(":")[0] for line in said] == ["warning", "warning", "note", "note"]
    assert "AWS has deprecated python3.10 on 2026-10-31" in said[0]


@pytest.mark.parametrize("where", ["app", "stage", "function"])
def test_a_variable_that_takes_the_layer_away_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], where: str
) -> None:
    """Wherever config.json has it; one that takes the bytecode away is a warning, said once."""
    monkeypatch.chdir(tmp_path)
    own: Any = {"environment_variables": {"PYTHONOPTIMIZE": "2", "PYTHONPATH": "/var/task/lib"}}
    stage: Any = {"lambda_functions": {"nightly": own if where == "function" else {}}}
    config = {"app_name": "a", "stages": {"prod": stage | (own if where == "stage" else {})}}
    Path(".chalice").mkdir()
    text = json.dumps(config | (own if where == "app" else {}), indent=1)
    Path(".chalice/config.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="leaves the layer off") as caught:
        preflight.check_variables(Settings(stage="prod"))
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "PYTHONPATH" in each)
    assert f".chalice/config.json:{line}" in str(caught.value)
    assert capfd.readouterr().out.count("with PYTHONOPTIMIZE Python passes over") == 1
