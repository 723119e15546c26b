"""The rooms of tasks/: few enough modules in each, and each says what lives there.

Which room may import which: [tool.importlinter] in pyproject.toml, part of `./doitw test`.
"""

import ast
from pathlib import Path

import pytest

TASKS = Path(__file__).parents[2] / "tasks"
FULL = 12  # modules of a room
# One module for each name that a person types.
EXEMPT = {"steps", "commands"}
ROOMS = sorted(path.parent for path in TASKS.rglob("*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(TASKS)))
def test_a_room_can_be_taken_in_at_a_glance(room: Path) -> None:
    """At most twelve modules, unless people type their names."""
    modules = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    assert modules
    assert len(modules) <= FULL or room.name in EXEMPT


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(TASKS)))
def test_a_room_says_what_lives_there_and_what_must_not(room: Path) -> None:
    """Two sentences at least."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    first, _, second = text.partition("\n\n")
    assert first.endswith(".")
    assert second.endswith(".")


def test_no_module_lies_outside_of_a_room() -> None:
    """But for the door, and the old name of what a dodo.py imports."""
    outside = {path.name for path in TASKS.glob("*.py")}
    assert outside == {"__init__.py", "__main__.py", "contents.py"}
