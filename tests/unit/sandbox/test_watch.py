"""tasks/sandbox/watch.py: a job's lines and its clock, which nothing in the sandbox can stop."""

import threading
import time

import pytest

from tasks.sandbox import watch
from tasks.sandbox.protocol import Job, Outcome
from tasks.sandbox.watch import OutOfTimeError, Watch


def watching(**limits: float) -> tuple[Watch, threading.Event, list[str]]:
    """(the watch, set when it ended the job, lines that were shown)"""
    ended, shown = threading.Event(), list[str]()
    return Watch(Job(argv=(), **limits), shown.append, ended.set), ended, shown  # type: ignore[arg-type] # limits


def test_silence_ends_a_job_and_names_what_it_was_at() -> None:
    """The last of it."""
    watched, ended, shown = watching(silence=0.2, timeout=60)
    with watched:
        for line in ("@ 1/9\n", "~ first\n", "~ second third\n"):
            watched.hear(line)
        assert ended.wait(10)
    with pytest.raises(OutOfTimeError, match="@ 1/9") as caught:
        watched.outcome(0)
    assert (caught.value.trying, caught.value.silent) == ("second third", 0.2)
    assert shown == ["@ 1/9"]
    assert "~" not in str(caught.value)


def test_a_job_that_goes_on_talking_goes_on() -> None:
    """If it is only to say what it is at, or to send what was asked for."""
    watched, ended, _ = watching(silence=2.0)
    with watched:
        for _ in range(8):
            time.sleep(0.3)
            watched.hear("~ a\n")
        for _ in range(4):
            time.sleep(0.3)
            watched.touch()
    assert not ended.is_set()
    assert watched.outcome(0).trying == "a"


def test_a_job_that_only_talks_is_ended_all_the_same() -> None:
    """By its timeout."""
    watched, ended, _ = watching(silence=60, timeout=0.3)
    with watched:
        while not ended.wait(0.01):
            watched.hear("more\n")
    with pytest.raises(OutOfTimeError, match="more") as caught:
        watched.outcome(0)
    assert caught.value.silent == 0


def test_without_a_limit_there_is_none() -> None:
    """The thread ends with the job."""
    before = threading.active_count()
    watched, ended, _ = watching()
    with watched:
        time.sleep(0.05)
    assert not ended.is_set()
    assert threading.active_count() == before


def test_who_floods_is_heard_and_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of names, too, only so many."""
    monkeypatch.setattr(watch, "KEPT", 100)
    watched, _, shown = watching()
    with watched:
        for _ in range(50):
            watched.hear("0123456789\n")
        watched.hear(f"~ {'x' * 10_000}\n")
    found = watched.outcome(3)
    assert (found.code, len(found.output), len(shown)) == (3, 99, 50)
    assert len(found.trying) == watch.TRIED


def test_a_flood_is_remembered_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the byte before it. All of it is shown."""
    monkeypatch.setattr(watch, "KEPT", 4)
    watched, _, shown = watching()
    for line in ("a\n", "b\n", "c\n"):
        watched.hear(line)
    assert watched.outcome(0).output == "a\n"
    assert shown == ["a", "b", "c"]


def test_an_error_shows_the_last_eight_lines() -> None:
    """Without marks of progress."""
    lines = [f"line {number}" for number in range(10)]
    said = Outcome(code=1, output="\n".join([*lines[:5], "@ 1/9", *lines[5:]]))
    assert said.tail.splitlines() == lines[2:]
