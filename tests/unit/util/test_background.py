"""Work that is begun before somebody needs it."""

from collections.abc import Callable

import pytest

from tasks.util.background import JobAhead


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
