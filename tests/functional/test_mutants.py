"""Small faults of the code, and whether the tests see them (tests/mutation.py)."""

import ast
from pathlib import Path

import pytest

from tests import mutation

SOURCE = """\
def grows(old: int, new: int) -> bool:
    if not old or new + 1 > 140:
        return new > old
    print(new)
    return False
"""


def test_every_kind_of_fault_is_made_once() -> None:
    """Each in a module of its own, in which nothing else changed."""
    tree = ast.parse(SOURCE)
    what = [kind for _, kind in mutation.faults(tree)]
    kinds = {"another comparison", "another operator", "the other way", "another value",
             "returns None", "left out"}  # fmt: skip
    assert {*what} == kinds
    made = [mutation.spoiled(SOURCE, number) for number in range(len(what))]
    assert len({*made, ast.unparse(tree)}) == len(what) + 1


@pytest.mark.parametrize("room", mutation.ROOMS)
def test_the_same_mutants_are_drawn_every_time(room: str) -> None:
    """And each has tests that can see it."""
    drawn = mutation.of_room(room, 5)
    assert drawn == mutation.of_room(room, 5)
    assert all(mutation.tests_of(each.module) for each in drawn)


@pytest.mark.long
@pytest.mark.parametrize("room", mutation.ROOMS)
def test_few_faults_of_a_room_are_unseen(room: str, tmp_path: Path) -> None:
    """The survivors are named: docs/reliability.md has those of the last run."""
    found = [*mutation.run(tmp_path, [room], mutation.EACH)]
    survivors = [each for each in found if each.survives]
    assert len(survivors) <= mutation.ALLOWED * len(found), "\n".join(map(str, survivors))
