"""tasks/core/completion.py: the script, run by a real bash."""

import json
import subprocess
from pathlib import Path

import pytest

from tasks.contents import commands
from tasks.core import arguments, completion

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_doit_lambda_layer
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """In a folder whose app has two stages."""
    (tmp_path / ".chalice").mkdir()
    config: dict[str, object] = {"stages": {"local": {}, "live": {}}}
    (tmp_path / ".chalice/config.json").write_text(json.dumps(config))
    (tmp_path / "requirements-all.txt").touch()
    path = tmp_path / "completion.sh"
    path.write_text(completion.script(commands.typed(), "./doitw"))
    return path


def complete(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "-", script, "./doitw", *words], cwd=script.parent,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["de"], ["deploy"]),
        (["ro"], ["rollback"]),
        (["help", "roll"], ["rollback"]),
        (["deploy", "sta"], ["stage="]),
        (["rollback", "re"], ["requirements=", "reason="]),
        (["deploy", "ver"], []),
        (["deploy", "stage", "="], ["local", "live"]),
        (["deploy", "stage", "=", "li"], ["live"]),
        (["deploy", "stage=li"], ["stage=live"]),
        (["deploy", "builder", "=", "h"], ["host"]),
        (["gc", "yes", "="], ["1"]),
        (["build", "requirements", "="], ["requirements-all.txt"]),
    ],
)
def test_what_is_offered(script: Path, words: list[str], offered: list[str]) -> None:
    """As bash splits words (at `=`) and as zsh does (not)."""
    assert complete(script, *words) == offered


def test_every_command_and_argument(script: Path) -> None:
    """Those that are listed; each argument for the commands that take it."""
    assert set(commands.typed()) <= set(complete(script, ""))
    for name, spec in arguments.SPECS.items():
        for command in spec.metadata["of"]:
            assert f"{name}=" in complete(script, command, "")


@pytest.mark.parametrize("call", ["./doitw", "doit", "doit-lambda-layer"])
def test_for_the_program_as_it_is_called(call: str) -> None:
    """bash looks for the name behind the last slash."""
    last = completion.script(["deploy"], call).splitlines()[-1]
    assert last == f"complete -F _doit_lambda_layer {Path(call).name}"
