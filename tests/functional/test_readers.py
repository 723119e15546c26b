"""`doit list | head -1`, and every other command whose output nobody reads any more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed_wheel import Tool
from tests.project import Project, clean_environment, small

COMMANDS = [
    "--version", "list", "list --all", "help", "help deploy", "tabcompletion", "info build",
    "build", "report", "doctor stage=local", "status stage=local", "lock", "nonsense", "init",
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return small(tmp_path_factory.mktemp("project") / "project")


def unread(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and stderr of a command whose standard output is a pipe without a reader."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            command, cwd=folder, env=clean_environment() | environment, stdin=subprocess.DEVNULL,
            stdout=writes, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writes)
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_it_ends_with_its_reader_and_says_nothing(
    project: Project, command: str, unbuffered: str
) -> None:
    """As `cat` does: 141 where something was to be said on stdout; never a traceback."""
    words = [sys.executable, "-m", "tasks", *command.split()]
    code, errors = unread(words, project.path, {"PYTHONUNBUFFERED": unbuffered})
    if command in ("nonsense", "init"):  # all that they say is an error
        assert code in (1, 3)
        assert "→" in errors or "ERROR" in errors
    else:
        assert (code, errors) == (141, "")
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_a_deploy_gives_its_lock_back(project: Project) -> None:
    """The reader goes while the stage is locked: the next deploy waits for nobody."""
    command = [sys.executable, "-m", "tasks", "deploy", "stage=local"]
    try:
        with subprocess.Popen(
            command, cwd=project.path, env=clean_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            assert process.stderr
            assert any(line == "▶ deploy-lock\n" for line in process.stdout)
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 141
        assert "stage local is not locked" in project.doit("unlock", "stage=local").output
        assert "is being changed by" not in project.deploy().output
    finally:
        project.doit("local-stop")


@pytest.mark.parametrize("program", ["doit", "doit-lambda-layer"])
@pytest.mark.parametrize("command", ["list", "help", "help settings", "report"])
def test_the_wheels_programs_do_too(tool: Tool, tmp_path: Path, program: str, command: str) -> None:
    """doit's own as well as ours."""
    (tmp_path / "dodo.py").write_text(
        "from doit_lambda_layer import DOIT_CONFIG, commands  # noqa: F401\n"
    )
    environment = {**tool.environment, "PATH": f"{tool.bin}:{clean_environment()['PATH']}"}
    code, errors = unread([str(tool.bin / program), *command.split()], tmp_path, environment)
    assert (code, errors) == (141, "")
