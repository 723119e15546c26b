"""tasks/commands/table.py: every task creator is in the table, in the order of `doit list`."""

import ast
import sys
from pathlib import Path

import pytest

from tasks.commands import table as command_table

TASKS = Path(__file__).parents[3] / "tasks"
OWN = {"bench", "dist", "docs", "test"}  # the tool's own development; not in the wheel


@pytest.fixture(autouse=True)
def listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed: a command for which all are made."""
    monkeypatch.setattr(sys, "argv", ["doitw", "list"])


def creators() -> set[str]:
    """Every `task_…` function there is."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in TASKS.rglob("*.py")
        if path.stem not in OWN
    ]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in functions if node.name.startswith("task_")}


def test_nothing_is_forgotten() -> None:
    """A new step or command is listed here, or doit does not know it."""
    tables = [command_table.TYPED, *command_table.STEPS.values()]
    rows = [(name, f"tasks.{place}") for table in tables for name, place in table.items()]
    names = [command_table.find_creator(*row).__name__ for row in rows]
    assert len(names) == len(set(names))
    assert set(names) == creators()


def test_what_is_typed_comes_in_its_order_and_steps_are_parts() -> None:
    """`doit list` shows those alone; a project's own come after ours."""

    def task_ours() -> dict[str, object]:
        """Ours."""
        return {"actions": None}

    made = list(command_table.Commands(task_ours).create_doit_tasks())
    listed = [task.name for task in made if not task.subtask_of]
    assert listed[:3] == ["deploy", "plan", "build"]
    assert listed[-1] == "ours"
    parts = {task.name: task.subtask_of for task in made if task.subtask_of}
    assert parts["install"] == "build"
    assert parts["publish"] == "deploy"
    assert parts["rollback:smoke"] == "rollback"


def test_doit_alone_makes_what_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The build and its steps, complete, whatever variables stand behind it."""
    monkeypatch.setattr(sys, "argv", ["doitw", "builder=host"])
    made = {task.name: task for task in command_table.commands.create_doit_tasks()}
    assert set(made) == {"build", *command_table.STEPS["build"]}
    needed = {each for task in made.values() for each in task.task_dep}
    assert needed <= set(made)


def test_each_has_one_clear_line() -> None:
    """A sentence that fits on a line of 80 columns beside the longest name, steps and all."""
    listed = list(command_table.commands.create_doit_tasks())
    room = 80 - 3 - max(len(task.name) for task in listed)
    assert [task.name for task in listed if not 12 < len(task.doc) <= room] == []
    assert [task.name for task in listed if not task.doc.endswith((".", ")"))] == []


def test_a_deploys_steps_are_those_it_runs() -> None:
    """As help tells them: in order, none left out."""
    steps = command_table.steps_of("deploy")
    every = [name for group in command_table.STEPS.values() for name in group]
    assert sorted(steps) == sorted([*every, "patch-config"])
    assert command_table.steps_of("build") == [each for each in steps if each in every[:7]]
    assert steps.index("verify") < steps.index("upload") < steps.index("patch-config")


def test_a_command_makes_what_it_may_rest_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the other commands; a slip makes all, to say what was meant."""
    monkeypatch.setattr(sys, "argv", ["doitw", "rollback", "stage=prod"])
    made = {task.name for task in command_table.commands.create_doit_tasks()}
    assert {"rollback:smoke", "deploy-lock", "patch-config", "verify"} <= made
    assert not made & {"status", "gc", "doctor", "deploy"}
    monkeypatch.setattr(sys, "argv", ["doitw", "rolback"])
    assert "gc" in {task.name for task in command_table.commands.create_doit_tasks()}


@pytest.mark.parametrize("command", [*command_table.TYPED, *command_table.STEPS["deploy"]])
def test_what_a_command_rests_on_is_made(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its names, and by its files: as where all tasks are made."""
    typed = ["doitw", command, "stage=prod"]
    monkeypatch.setattr(sys, "argv", [*typed, "list"])
    every = {task.name: task for task in command_table.commands.create_doit_tasks()}
    makers = {target: task.name for task in every.values() for target in task.targets}
    monkeypatch.setattr(sys, "argv", typed)
    made = {task.name: task for task in command_table.commands.create_doit_tasks()}
    assert command in {name.partition(":")[0] for name in made}
    named = {each for task in made.values() for each in task.task_dep + task.setup_tasks}
    files = {file for task in made.values() for file in task.file_dep}
    assert named | {makers[file] for file in files & makers.keys()} <= made.keys()
