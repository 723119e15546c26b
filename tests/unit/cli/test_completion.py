"""tasks/cli/completion.py: the script, run by a real bash and a real zsh."""

import json
import os
import pty
import select
import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.cli import completion
from tasks.commands.table import commands
from tasks.context import arguments

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
    path.write_text(completion.script(commands, "./doitw"))
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
        (["de"], ["deploy", "deploy-lock"]),
        (["ro"], ["rollback"]),
        (["help", "roll"], ["rollback"]),
        (["help", "do"], ["doctor", "doit"]),
        (["help", "deploy", ""], []),
        (["opti"], ["optimize"]),
        (["clean", "chal"], ["chalice-deploy"]),
        (["clean", "build", "ver"], ["verify"]),
        (["info", "lo"], ["lock", "logs", "local-url", "local-start", "local-stop", "lookup"]),
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
    """Those that are listed, their steps, each argument for the commands that take it."""
    assert set(commands.known()) <= set(complete(script, ""))
    for name, spec in arguments.SPECS.items():
        for command in spec.metadata["of"]:
            assert f"{name}=" in complete(script, command, "")


@pytest.mark.parametrize("call", ["./doitw", "doit", "doit-lambda-layer"])
def test_for_the_program_as_it_is_called(call: str) -> None:
    """Both shells look for the name behind the last slash."""
    lines = [line.strip() for line in completion.script(commands, call).splitlines()]
    assert f"complete -F _doit_lambda_layer {Path(call).name}" in lines
    assert f"compdef _doit_lambda_layer_zsh {Path(call).name}" in lines


ZSHRC = """
eval "$(cat completion.sh)"
_answer() { zle complete-word; print -r -- "$BUFFER" >| answer; exit; }
zle -N _answer
bindkey '^T' _answer
PS1='ready> '
"""


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("./doitw pl", "./doitw plan "),
        ("doitw ro", "doitw rollback "),
        ("./doitw help sett", "./doitw help settings "),
        ("./doitw deploy sta", "./doitw deploy stage="),
        ("./doitw rollback rea", "./doitw rollback reason="),
        ("./doitw deploy ver", "./doitw deploy ver"),
        ("./doitw deploy stage=", "./doitw deploy stage=l"),
        ("./doitw deploy stage=li", "./doitw deploy stage=live "),
        ("./doitw deploy stage=live builder=h", "./doitw deploy stage=live builder=host "),
        ("./doitw build requirements=", "./doitw build requirements=requirements-all.txt "),
    ],
)
def test_what_zsh_makes_of_it(script: Path, typed: str, becomes: str) -> None:
    """A real one, on a terminal, with the line that people put into ~/.zshrc."""
    assert shutil.which("zsh"), "install zsh (./doitw test does)"
    folder = script.parent
    (folder / ".zshrc").write_text(ZSHRC)
    (folder / "doitw").touch(mode=0o755)
    said = typing(folder, ["zsh", "-d", "-i"], "ready> ", f"{typed}\x14")
    assert (folder / "answer").is_file(), said
    assert (folder / "answer").read_text() == f"{becomes}\n", said


def typing(folder: Path, program: list[str], ready: str, keys: str) -> str:
    """All that a program says on a terminal where this is typed once it is ready."""
    ours, its = pty.openpty()
    alone = {
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
    }
    process = subprocess.Popen(
        program, cwd=folder, env=alone, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    said = b""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        while select.select([terminal], [], [], 20)[0]:
            try:
                said += terminal.read(4096)
            except OSError:  # it has ended
                break
            if keys and ready.encode() in said:
                terminal.write(keys.encode())
                keys = ""
    process.kill()
    process.wait()
    return said.decode(errors="replace")
