"""`doit list`, `doit help deploy`, `tabcompletion`: by ./doitw, by the wheel, by plain doit."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sample_apps
from tests.installed_wheel import Tool
from tests.project import Project, clean_environment, small
from tests.sample_apps import ORDERS

FIRST = {"deploy": "Build and publish the layer,", "help": "Ship a Chalice app's Python"}
DODO = """def task_deploy():
    'Theirs.'
    return {"actions": None}
"""


SLIPS = {
    "deploy stage local": "deploy stage=local",
    "deploy stage = local": "deploy stage=local",
    "deploy stage= local": "deploy stage=local",
    "deploy stage =local": "deploy stage=local",
    "deploy stage:local": "deploy stage=local",
    "deploy local": "deploy stage=local",
    "deploy --stage local": "deploy stage=local",
    "deploy --stage=local": "deploy stage=local",
    "rollback version 3 stage=local": "rollback version=3 stage=local",
    "gc --yes": "gc yes=1",
    "gc yes stage=local": "gc yes=1 stage=local",
}
# doit's own commands and options: what is said of a line that it would not take
DOITS = {
    "ignore verify": "verify cannot be ignored",
    "dumpdb": "dumpdb cannot read .doit.sqlite3",
    "list --stage": "option --stage not recognized",
    "info -s zip": "option -s not recognized",
    "-v 2 list": "→ ./doitw list",
    "-v 2 help deploy": "→ ./doitw help deploy",
    "deploy help": "→ ./doitw help deploy",
    "-n x build": "option num-process takes no x",
    "plan -v": "option verbosity has no value",
    "rollback to 1": "→ ./doitw rollback version=1",
    "show 3 stage=local": "→ ./doitw show version=3 stage=local",
}


@pytest.fixture
def app(tmp_path: Path, tool: Tool) -> Path:
    folder = sample_apps.make(tmp_path / "app", ORDERS)
    assert tool.run(folder, "doit-lambda-layer", "init", "--yes").code == 0
    return folder


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small project, for commands that only look."""
    return small(tmp_path_factory.mktemp("project") / "project")


@pytest.mark.parametrize("program", ["doit", "doit-lambda-layer"])
def test_in_an_app(app: Path, tool: Tool, program: str) -> None:
    """Both programs know the same; messages name the shorter one."""
    listed = tool.run(app, program, "list").output
    assert [line.split()[0] for line in listed.splitlines()][:3] == ["deploy", "plan", "build"]
    assert "\ninstall " not in listed
    assert "\ninstall " in tool.run(app, program, "list", "--all").output
    run = tool.run(app, program, "help", "deploy")
    assert run.code == 0, run.output
    for word in ("stage=NAME", "builder=KIND", "layer=NAME", "requirements=FILE"):
        assert f"\n  {word}" in run.output
    assert "[orders-api-deps]" in run.output
    assert "shuking" not in run.output
    settings = tool.run(app, program, "help", "settings").output
    assert "[orders-api-deps]" in settings
    assert "shuking" not in settings
    run = tool.run(app, program, "deplyo")
    assert run.code == 3
    assert "deplyo is not a command (did you mean deploy?)" in run.output
    assert "\n→ doit list --all shows every command and step" in run.output
    for words in (["clean", "--dryrun"], ["info", "deplyo"]):
        run = tool.run(app, program, *words)
        assert run.code == 3
        assert re.fullmatch(r"ERROR: command line: .*\n→ .*\n", run.output), run.output
    assert "PURPOSE\n    list tasks" in tool.run(app, program, "list", "-h").output
    for words in (["-h"], ["help"], ["deploy", "-h"], ["deploy", "--help"], ["help", "init"]):
        run = tool.run(app, program, *words)
        assert run.code == 0, run.output
        assert run.output.startswith(FIRST.get(words[0], FIRST["help"])) or words[1:] == ["init"]
        assert max(len(line) for line in run.output.splitlines()) <= 80
    assert "doit-lambda-layer init [-h] [--yes]" in run.output
    assert "nothing to do" in tool.run(app, program, "init", "--yes").output
    assert "complete -F _doit_lambda_layer doit" in tool.run(
        app, "doit-lambda-layer", "tabcompletion"
    ).output  # fmt: skip


def test_a_strangers_dodo_keeps_doits_own_help(tool: Tool, tmp_path: Path) -> None:
    """The wheel is in its environment, and no more."""
    (tmp_path / "dodo.py").write_text(DODO)
    assert tool.run(tmp_path, "doit", "help", "deploy").output == "deploy  Theirs.\n"
    assert "doit -- automation tool" in tool.run(tmp_path, "doit", "help").output
    assert 'Invalid parameter: "deplyo"' in tool.run(tmp_path, "doit", "deplyo").output
    assert "option -h not recognized" in tool.run(tmp_path, "doit", "deploy", "-h").output
    assert 'Invalid parameter: "stage"' in tool.run(tmp_path, "doit", "deploy", "stage").output
    assert "Error parsing Task: option" in tool.run(tmp_path, "doit", "deploy", "--x").output
    assert "lambda-layer" not in tool.run(tmp_path, "doit", "help", "settings").output


def test_without_a_dodo_it_says_how_to_begin(tool: Tool, tmp_path: Path) -> None:
    """Where a new user stands first."""
    run = tool.run(tmp_path, "doit-lambda-layer", "deploy")
    assert run.code == 3
    assert "→ in a Chalice app that has none yet: doit-lambda-layer init" in run.output
    for word in ("--help", "-h", "help"):
        run = tool.run(tmp_path, "doit-lambda-layer", word)
        assert run.output.startswith(FIRST["help"])
        assert run.code == 0


def test_in_the_checkout(tmp_path: Path) -> None:
    """As ./doitw starts it; a wrong setting is said, not shown as a traceback."""
    copy = small(tmp_path / "project")
    assert "ARNs of layer versions" in copy.doit("help", "rollback").output
    for words in (["help"], ["-h"], ["--help"]):
        assert copy.doit(*words).output.startswith(FIRST["help"])
    assert "Of this project:\n  test " in copy.doit("help").output
    assert copy.doit("help", "test").output == "test  Run lint, types and all tests.\n"
    assert "  -n, --dry-run\n" in copy.doit("clean", "-h").output
    assert max(len(line) for line in copy.doit("list", "--all").output.splitlines()) <= 80
    assert "complete -F _doit_lambda_layer doitw" in copy.doit("tabcompletion").output
    for mistyped in (["deplyo"], ["help", "deplyo"], ["build", "deplyo"], ["info", "deplyo"]):
        run = copy.doit(*mistyped)
        assert run.code == 3
        assert "deplyo is not a command (did you mean deploy?)" in run.output
    run = copy.doit("deploy", "--stag", "dev")
    assert run.code == 3
    assert "→ type name=value (stage=dev)" in run.output
    for line, meant in SLIPS.items():
        run = copy.doit(*line.split())
        assert run.code == 3
        assert run.output.endswith(f"\n→ ./doitw {meant}\n"), run.output
        assert f"did you mean {meant.split()[1]}" in run.output
    for line, said in DOITS.items():
        run = copy.doit(*line.split())
        assert run.code == 3
        assert said in run.output
        assert re.fullmatch(r"ERROR: command line: .*\n→ .*\n", run.output), run.output
    for words in (["-v", "2", "-h"], ["help", "--help"]):
        assert copy.doit(*words).output.startswith(FIRST["help"])
    copy.write("pyproject.toml", "[tool.lambda-layer]\nlayr = 1\n")
    run = copy.doit("help", "deploy")
    assert "did you mean layer?" in run.output
    assert "→ ./doitw help settings has them all" in run.output
    assert "Traceback" not in run.output
    run = copy.doit("help", "settings")
    assert run.code == 0
    assert "\n  layer         the layer's name" in run.output


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "euc-kr"])
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("tasks list", 0, "Return to the previous"),
        ("tasks help deploy", 0, "[deps]"),
        ("tasks help settings", 0, "[deps]"),
        ("tasks list layr=x", 3, "did you mean layer?"),
        ("doit list", 0, "Return to the previous"),
        ("doit list layr=x", 3, "did you mean layer?"),
    ],
)
def test_a_terminal_of_another_encoding(
    looked_at: Project, command: str, code: int, said: str, encoding: str
) -> None:
    """What doit's own commands print, too, and its errors."""
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=looked_at.path, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment() | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    output = done.stdout.decode(encoding)
    assert done.returncode == code, output
    assert said in output
    assert "Traceback" not in output
    assert r"\u" not in output
