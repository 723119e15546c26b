"""What a user of doit expects of every task: clean, forget, info, -n, --continue, -v behind it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project, clean_environment, small

STEPS = ["install", "prune", "optimize", "zip", "sbom", "report-page", "verify"]
OWN = """
from tasks import DOIT_CONFIG, commands


def task_good():
    return {"actions": ["touch good"]}


def task_bad():
    return {"actions": ["false"]}


def task_after():
    return {"actions": ["true"], "task_dep": ["bad"]}


def task_late():
    return {"actions": ["touch late"], "task_dep": ["verify"]}


def task_mine():
    params = [{"name": "number", "short": "n", "type": int, "default": 0}]
    return {"actions": ["echo number %(number)s"], "params": params, "verbosity": 2}

"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With tasks of its own; built."""
    made = small(tmp_path_factory.mktemp("project") / "project")
    made.write("dodo.py", OWN)
    run = made.doit("build", "-v", "2")
    assert run.code == 0, run.output
    return made


def files(project: Project) -> set[str]:
    found = (path for path in (project.path / "build").rglob("*") if path.is_file())
    return {str(path.relative_to(project.path)) for path in found}


def test_options_stand_before_or_after_the_command(built: Project) -> None:
    """As everybody types them; a project's own task keeps its own."""
    for line in ("-a -v 2 prune", "prune -a -v2", "prune --always-execute"):
        run = built.doit(*line.split())
        assert run.code == 0, run.output
        assert run.steps == ["install", "prune"]
    assert "   metadata" in built.doit("prune", "-a").output
    assert "   metadata" not in built.doit("prune", "-a", "-v", "1").output
    assert "number 7" in built.doit("mine", "-n", "7").output


@pytest.mark.parametrize("command", ["build", "late", "good late"])
def test_two_at_once(built: Project, command: str) -> None:
    """It hung: a lambda of ours could not be sent to another process."""
    built.doit("forget", "verify", "late", "good")
    (built.path / "late").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "-n", "2", *command.split()], cwd=built.path,
        env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "verify" in done.stdout
    assert (built.path / "late").exists() == ("late" in command)


def test_continue(built: Project) -> None:
    """What does not need the task that failed."""
    for words, goes_on in ((["bad", "good"], False), (["--continue", "bad", "good"], True)):
        (built.path / "good").unlink(missing_ok=True)
        assert built.doit(*words).code == 1
        assert (built.path / "good").exists() == goes_on
    assert built.doit("bad", "good", "build", "--continue").code == 1
    run = built.doit("--continue", "bad", "after")
    assert run.code == 2  # doit's own, where a task could not be run
    assert "· after: not run, since bad did not end well" in run.output


def test_forget_and_info(built: Project) -> None:
    """A command's steps with it."""
    assert built.doit("build").steps == []
    assert re.search(r"status +: up-to-date", built.doit("info", "verify").output)
    run = built.doit("info", "build")
    assert "its steps: install, prune" in run.output
    assert "up-to-date" not in run.output
    assert re.search(r"^U +build ", built.doit("list", "-s").output, re.MULTILINE)
    said = built.doit("forget", "build").output
    assert re.search(r"^R +build ", built.doit("list", "-s").output, re.MULTILINE)
    assert [name for name in STEPS if f"forgetting {name}\n" not in said] == []
    run = built.doit("info", "zip")
    assert "build/optimize/deps/record.json" in run.output
    assert run.code == 1
    assert built.doit("build").steps == STEPS
    for name in ("chalice-deploy", "publish", "init"):
        assert "Traceback" not in built.doit("info", name, "stage=local").output
    assert not (built.path / "build/local/server.json").exists()  # for a look none is started


def test_clean(built: Project) -> None:
    """All that the build made, said before; nothing that anybody wrote. Then it builds again."""
    built.doit("build")
    before = files(built)
    said = built.doit("clean", "--dry-run").output
    assert files(built) == before
    named = set(re.findall(r"removing file '(.*)'", said))
    assert before <= named, before - named
    assert built.doit("clean", "zip", "-n").output.count("removing file") == 3
    written = [built.path / name for name in ("pyproject.toml", ".chalice/config.json", "app.py")]
    run = built.doit("clean")
    assert run.code == 0
    assert set(re.findall(r"removing file '(.*)'", run.output)) == named
    assert not (built.path / "build").exists()
    assert all(path.is_file() for path in written)
    assert built.doit("build").steps == STEPS


def test_clean_of_a_deploy_leaves_what_runs(tmp_path: Path) -> None:
    """The stage's records of this machine go; AWS, Chalice's state and config.json stay, and the
    next deploy finds that nothing is to do."""
    project = small(tmp_path / "project")
    try:
        project.deploy()
        layers = project.layers()
        said = project.doit("clean", "deploy", "stage=local").output
        assert "build/publish/deps/local.json" in said
        assert ".layer-arn.txt" in said
        assert project.layers() == layers
        assert (project.path / ".chalice/deployed/local.json").is_file()
        run = project.deploy()
        assert "publish: up to date" in run.output
        assert project.layers() == layers
    finally:
        project.doit("local-stop")
