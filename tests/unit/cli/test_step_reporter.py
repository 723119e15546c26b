"""tasks/cli/step_reporter.py: what a run looks like, by running doit."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tasks.settings.step_records import InstallRecord
from tests import made_records, terminal
from tests.terminal import left_standing

ROOT = Path(__file__).parents[3]
DODO = """
import sys
sys.path.insert(0, {root!r})
from tasks.settings.step_records import InstallRecord
from tests import made_records
from dataclasses import asdict
from tasks.ui import streams
from tasks.context.doit_actions import action
from tasks.util.errors import BuildError
from tasks.ui.console import say
from tasks.cli.step_reporter import StepReporter, verbosity

streams.prepare_streams()
DOIT_CONFIG = {{"reporter": StepReporter, "verbosity": verbosity(),
    "backend": "sqlite3", "dep_file": "db"}}

def fail():
    raise BuildError("it broke [bold]here[/bold]", fix="mend it")

def task_good():
    return {{"actions": [action(lambda: None)]}}

def task_fresh():
    return {{"actions": [action(lambda: None)], "uptodate": [True]}}

def task_group():
    return {{"actions": None, "task_dep": ["good"]}}

def task_bad():
    return {{"actions": [action(fail)]}}

def step():
    say("a detail")
    say("warning: look at this")

def task_install():
    return {{"actions": [action(step)], "meta": {{"last_words": lambda: ["live", "size", "undo"]}}}}

def lookup():
    say("asking")
    raise BuildError("broken\\n  --> shop.toml:7\\n   | a = 100%", fix="mend it")

def preflight():
    say("stage production: 123456789012, ap-northeast-2, as assumed-role/deployer/" + "x" * 50)

def task_preflight():
    return {{"actions": [action(preflight)]}}

def task_rollback():
    yield {{"name": "chalice-deploy", "actions": [action(lambda: None)]}}

def task_lookup():
    return {{"actions": [action(lookup)]}}

def task_bug():
    return {{"actions": [action(lambda: 1 / 0)]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dodo.py").write_text(DODO.format(root=str(ROOT)), encoding="utf-8")
    return tmp_path


def doit(project: Path, *names: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "doit", *names], cwd=project, capture_output=True,
        env=terminal.plain(os.environ) | environment, check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode()


def on_a_terminal(project: Path, *names: str, **environment: str) -> str:
    """What a person sees, control characters and all."""
    command = [sys.executable, "-m", "doit", *names]
    return terminal.shown(command, project, terminal.plain(os.environ) | environment)[1]


def record(project: Path) -> None:
    """As `install` writes it."""
    path = project / "build/install/shuking-deps-layer/record.json"
    path.parent.mkdir(parents=True)
    one = made_records.distribution("a", "1")
    told = made_records.made(InstallRecord, distributions=[one] * 37, bytes=254_500_000)
    path.write_text(json.dumps(asdict(told)))


def test_a_step_has_a_beginning_and_an_end(project: Path) -> None:
    """With its duration; a group of steps is no step."""
    code, output = doit(project, "group")
    assert code == 0
    begun, ended = output.splitlines()
    assert begun == "▶ good"
    assert ended.startswith("✓ good (")


def test_what_is_up_to_date_is_one_line(project: Path) -> None:
    """Nothing else is said."""
    doit(project, "fresh")
    assert doit(project, "fresh") == (0, "· fresh: up to date\n")


def test_an_error_is_shown_where_it_happened_and_once(project: Path) -> None:
    """Its words as they are, no traceback, exit status 1."""
    code, output = doit(project, "bad", "good")
    assert code == 1
    assert "✗ bad failed\nit broke [bold]here[/bold]\n→ mend it\n" in output
    assert output.count("it broke") == 1
    assert "Traceback" not in output


def test_a_mistake_of_ours_keeps_its_traceback(project: Path) -> None:
    """For the report of it."""
    code, output = doit(project, "bug")
    assert code in (1, 2)
    assert "ZeroDivisionError" in output
    assert output.count("Traceback") == 1


INSTALLED = r"✓ install +37 packages  254.5 MB +\d+\.\d s"


def test_a_step_says_what_it_made(project: Path) -> None:
    """In columns; a pipe has every line."""
    record(project)
    _, output = doit(project, "install")
    begun, detail, warning, ended, *words = output.splitlines()
    assert (begun, detail) == ("▶ install", "   a detail")
    assert warning == "   warning: look at this"
    assert re.fullmatch(INSTALLED, ended)
    assert words == ["live", "size", "undo"]


def test_v_1_is_one_line_a_step(project: Path) -> None:
    """And warnings."""
    record(project)
    _, output = doit(project, "-v", "1", "install")
    warning, ended, *words = output.splitlines()
    assert warning == "   warning: look at this"
    assert re.fullmatch(INSTALLED, ended)
    assert words == ["live", "size", "undo"]


def test_times_stand_in_one_column(project: Path) -> None:
    """Whatever is said, and however long the step's name is: what is too much goes on below, and
    a word that is too long stays whole."""
    record(project)
    _, output = doit(project, "-v", "1", "preflight", "install", "rollback")
    lines = [line for line in output.splitlines() if line.startswith(("✓", "    "))]
    assert lines[0].startswith("✓ preflight       stage production: 123456789012,  ")
    assert lines[1:3] == [
        " " * 18 + "ap-northeast-2, as",
        " " * 18 + "assumed-role/deployer/" + "x" * 50,
    ]
    timed = [line for line in lines if line.startswith("✓")]
    names = [line.split()[1] for line in timed]
    assert names == ["preflight", "install", "rollback:chalice-deploy"]
    assert [line for line in timed if not re.fullmatch(r".{62} +\d\.\d s", line)] == []
    assert {len(line) for line in timed} == {71}


def test_a_step_that_fails_shows_every_line(project: Path) -> None:
    """Also of those that were held back."""
    code, output = doit(project, "-v", "1", "lookup")
    assert code == 1
    assert output.startswith("   asking\n✗ lookup failed\nbroken\n")


def test_a_terminal_shows_one_line_a_step(project: Path) -> None:
    """And `-v 2` every line."""
    record(project)
    warning, ended, *words = left_standing(on_a_terminal(project, "install"))
    assert warning == "warning: look at this"
    assert re.fullmatch(INSTALLED, ended)
    assert words == ["live", "size", "undo"]
    assert "a detail" in left_standing(on_a_terminal(project, "-v", "2", "install"))


def test_no_color(project: Path) -> None:
    """no-color.org."""
    colour = re.compile(r"\x1b\[[\d;]*3[0-7]m")
    assert colour.search(on_a_terminal(project, "install"))
    assert not colour.search(on_a_terminal(project, "install", NO_COLOR="1"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "euc-kr"])
def test_a_terminal_of_another_encoding(project: Path, encoding: str) -> None:
    """Something like it instead of a symbol that it does not have; never a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "doit", "install", "fresh", "lookup"], cwd=project, check=False,
        capture_output=True, env=terminal.plain(os.environ) | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    text = done.stdout.decode(encoding)
    assert done.returncode == 1
    assert "Traceback" not in text
    if encoding != "euc-kr":
        assert text.startswith("> install\n")
        assert "x lookup failed\n" in text
        assert "-> mend it" in text


def test_github_folds_a_step_and_shows_the_error_beside_the_file(project: Path) -> None:
    """A command's answer is not folded. The job's summary has the steps."""
    record(project)
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(project / "summary.md")}
    _, output = doit(project, "-c", "install", "good", "lookup", **ci)
    head, body, tail = output.partition("::endgroup::\n✓ install")
    assert head == "::group::▶ install\n   a detail\n   warning: look at this\n"
    assert body
    assert "▶ good\n✓ good (" in tail
    assert "::group::▶ lookup\n   asking\n::endgroup::\n✗ lookup failed\n" in tail
    said = "broken%0A  --> shop.toml:7%0A   | a = 100%25%0A→ mend it"
    assert f"::error title=lookup failed,file=shop.toml,line=7::{said}\n" in tail
    summary = (project / "summary.md").read_text()
    assert "| ✓ | install | 37 packages  254.5 MB |" in summary
    assert "| ✗ | lookup | broken |" in summary
    assert "```\nlive\nsize\nundo\n```" in summary


def test_gitlab_folds_a_step(project: Path) -> None:
    """By its own marks, which are closed."""
    _, output = doit(project, "install", GITLAB_CI="true")
    opened = re.search(
        r"\x1b\[0Ksection_start:\d+:install\[collapsed=true\]\r\x1b\[0K▶ install\n", output
    )
    closed = re.search(r"\x1b\[0Ksection_end:\d+:install\r\x1b\[0K✓ install", output)
    assert opened
    assert closed
