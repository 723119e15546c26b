"""tasks/reporter.py: what a run looks like, by running doit."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DODO = """
import sys
sys.path.insert(0, {root!r})
from tasks.core.actions import action
from tasks.core.errors import BuildError
from tasks.reporter import StepReporter

DOIT_CONFIG = {{"reporter": StepReporter, "verbosity": 2, "backend": "sqlite3", "dep_file": "db"}}

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

def task_bug():
    return {{"actions": [action(lambda: 1 / 0)]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dodo.py").write_text(DODO.format(root=str(ROOT)), encoding="utf-8")
    return tmp_path


def doit(project: Path, *names: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "doit", *names], cwd=project, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


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
