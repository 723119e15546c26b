"""Work that is begun before somebody needs it."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tasks.util.background import JobAhead, SideBySide


class Worker:
    """Notes what it ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, job: str, on_line: Callable[[str], None]) -> str:
        self.ran.append(job)
        on_line(f"line of {job}")
        if job == "broken":
            raise ValueError("it does not work")
        return f"outcome of {job}"


@pytest.mark.parametrize(
    ("begun", "asked", "ran"),
    [("a", "a", ["a"]), ("a", "b", ["a", "b"]), ("", "b", ["b"]), ("broken", "b", ["broken", "b"])],
)
def test_who_asks_for_what_was_begun_takes_it(begun: str, asked: str, ran: list[str]) -> None:
    """With its lines. Another job waits for its end, and hears nothing of it."""
    worker, ahead, heard = Worker(), JobAhead[str, str](), list[str]()
    if begun:
        ahead.begin(begun, worker.run)
    assert ahead.take(asked, heard.append, worker.run) == f"outcome of {asked}"
    assert heard == [f"line of {asked}"]
    assert worker.ran == ran


def test_what_was_begun_is_taken_once() -> None:
    worker, ahead = Worker(), JobAhead[str, str]()
    ahead.begin("a", worker.run)
    for _ in range(2):
        ahead.take("a", lambda line: None, worker.run)
    assert worker.ran == ["a", "a"]


def test_an_error_is_for_who_asks() -> None:
    worker, ahead = Worker(), JobAhead[str, str]()
    ahead.begin("broken", worker.run)
    with pytest.raises(ValueError, match="does not work"):
        ahead.take("broken", lambda line: None, worker.run)


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
