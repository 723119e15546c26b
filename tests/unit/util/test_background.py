"""Work that is begun before somebody needs it."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tasks.util.background import SideBySide


def test_what_is_done_side_by_side_is_complete() -> None:
    assert sorted(SideBySide([partial(abs, -each) for each in range(9)], 4).results()) == [
        *range(9)
    ]
    assert SideBySide(list[Callable[[], int]](), 4).results() == []


def test_what_runs_side_by_side_ends_with_the_first_fault() -> None:
    """Of one of them, or of the caller's own work beside them. What waits is not begun."""
    began = list[int]()
    go = threading.Event()

    def work(number: int) -> None:
        began.append(number)
        go.wait(20)
        raise ValueError("broken")

    def beside() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SideBySide([partial(work, each) for each in range(9)], 2).results(beside)
    go.set()
    assert len(began) <= 2
    with pytest.raises(ValueError, match="broken"):
        SideBySide([partial(work, each) for each in range(9)], 1).results()
