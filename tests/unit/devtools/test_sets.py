"""bench/sets.py: each set says where its calls are from, and differences are counted."""

import ast
import re

import pytest

from bench import sets

NAMES = sorted(path.stem for path in sets.SETS.glob("*.txt"))


@pytest.mark.parametrize("name", NAMES)
def test_a_set_pins_what_it_asks_for_and_prints(name: str) -> None:
    """What is compared must not change by itself."""
    lines = (sets.SETS / f"{name}.txt").read_text(encoding="utf-8").split()
    assert lines
    assert all("==" in line for line in lines)
    text = (sets.SETS / f"{name}.py").read_text(encoding="utf-8")
    assert re.search(r"After https://\S+", ast.get_docstring(ast.parse(text)) or "")
    assert "print(" in text


def test_there_are_enough() -> None:
    """As many as others published on, and each with a script."""
    assert len(NAMES) >= 25
    assert [path.stem for path in sorted(sets.SETS.glob("*.py"))] == NAMES


@pytest.mark.parametrize(
    ("expected", "found", "count"),
    [
        (["a", "exit status 0"], ["a", "exit status 0"], 0),
        (["a", "exit status 0"], ["b", "exit status 1"], 2),
        (["a", "b", "exit status 0"], ["a", "exit status 0"], 2),
    ],
)
def test_lines_are_compared_one_by_one(
    expected: list[str], found: list[str], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """And those that differ are shown."""
    assert sets.differences("set", expected, found) == count
    assert capsys.readouterr().err.count("plain: ") == count


def test_a_set_that_fails_as_installed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Alike before and after is no proof of anything."""
    assert sets.said("set", ["exit status 1"], ["exit status 1"]) == "fails as installed"
    assert "set: fails as installed" in capsys.readouterr().err
    same, other = ["a", "exit status 0"], ["b", "exit status 0"]
    assert sets.said("set", same, same, other) == "1"
