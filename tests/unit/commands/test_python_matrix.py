"""tasks/commands/python_matrix.py: several Pythons typed at once. For real:
test_other_platforms.py."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from doit import doit_cmd

from tasks.commands import python_matrix, table
from tasks.context import settings
from tasks.util.errors import BuildError, SettingsError
from tasks.util.invoked_as import PACKAGE

SLOW = "import sys, time; print('on', flush=True); time.sleep(600)"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A command line; settings are read anew."""
    settings.current.cache_clear()
    yield monkeypatch
    settings.current.cache_clear()


def typed(patch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """The tasks that doit gets for them."""
    variables = dict(word.split("=") for word in words if "=" in word)
    patch.setattr(sys, "argv", ["doitw", *words])
    patch.setattr(doit_cmd, "_CMDLINE_VARS", variables)
    return [task.name for task in table.commands.create_doit_tasks()]


def test_one_python_is_an_ordinary_run(line: pytest.MonkeyPatch) -> None:
    """With its steps, in this process."""
    assert "install" in typed(line, "build", "python=3.12")


def test_a_run_for_each(line: pytest.MonkeyPatch) -> None:
    """Of all that is typed; `./doitw` alone is build."""
    assert typed(line, "build", "python=3.12,3.13") == ["build", "build:3.12", "build:3.13"]
    assert typed(line, "python=3.13,3.12,3.13") == ["build", "build:3.13", "build:3.12"]
    both = typed(line, "lock", "build", "python=3.12,3.13")
    assert both == ["lock", "lock:3.12", "lock:3.13", "build"]


@pytest.mark.parametrize("command", ["deploy", "publish", "plan", "install"])
def test_other_commands_take_one(line: pytest.MonkeyPatch, command: str) -> None:
    """A function has one runtime."""
    with pytest.raises(SettingsError, match=f"several are for build and lock, not for {command}"):
        typed(line, command, "python=3.12,3.13")


@pytest.mark.parametrize("wrong", ["3.16", "", "3.9"])
def test_one_that_lambda_has_not_stops_all(line: pytest.MonkeyPatch, wrong: str) -> None:
    """Before the first is built."""
    with pytest.raises(SettingsError, match="is not one of 3"):
        typed(line, "build", f"python=3.12,{wrong}")


def test_each_run_has_all_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With the one Python, by the program that was started; its failure is ours."""
    script = tmp_path / "doit"
    script.write_text("import sys; print(sys.argv[1:]); sys.exit(len(sys.argv) - 4)")
    monkeypatch.setattr(sys, "argv", [str(script)])
    python_matrix.run_for_python(["build", "python=3.12,3.13", "stage=dev"], "3.13")
    assert capfd.readouterr().out == "['build', 'python=3.13', 'stage=dev']\n"
    with pytest.raises(BuildError, match=r"python=3\.12 ended with exit status 1"):
        python_matrix.run_for_python(["-c", "build", "python=3.12,3.13", "stage=dev"], "3.12")


def test_a_checkout_is_started_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """`./doitw` runs `python -m tasks`."""
    monkeypatch.setattr(sys, "argv", ["/checkout/tasks/__main__.py", "build"])
    assert python_matrix.program() == ["-m", PACKAGE]


def test_a_run_that_does_not_stop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only we were told to (SIGTERM)."""
    monkeypatch.setattr(python_matrix, "PATIENCE", 0.1)
    child = subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE)
    wait, told = child.wait, list[int]()

    def interrupted(timeout: float | None = None) -> int:
        if not told:
            told.append(1)
            raise KeyboardInterrupt
        return wait(timeout)

    monkeypatch.setattr(child, "wait", interrupted)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        python_matrix.ended(child)
    assert child.stdout
    child.stdout.close()
    assert child.returncode is not None
    assert time.monotonic() - started < 30
