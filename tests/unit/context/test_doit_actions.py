"""tasks/context/doit_actions.py: what a person can act on is a clean failure, the rest a
traceback."""

import errno
import os
import signal

import pytest
from doit.exceptions import TaskFailed

from tasks.context.doit_actions import action
from tasks.util.errors import BuildError


def raising(error: BaseException) -> object:
    raise error


def test_success_is_none() -> None:
    """Whatever the function returns, doit sees success."""
    assert action(lambda: {"a": 1})() is None


def test_known_errors_end_with_what_to_do() -> None:
    """A LayerError becomes doit's TaskFailed with its whole message."""
    failed = action(lambda: raising(BuildError("no Docker", fix="start it")))()
    assert isinstance(failed, TaskFailed)
    assert failed.get_msg().strip() == "no Docker\n→ start it"


def test_disk_full_says_so() -> None:
    """The system's own words, the file, and advice."""
    error = OSError(errno.ENOSPC, "No space left on device", "build/x.zip")
    failed = action(lambda: raising(error))()
    assert isinstance(failed, TaskFailed)
    assert "No space left on device (build/x.zip)\n→ free some disk space" in failed.get_msg()


@pytest.mark.parametrize("error", [ValueError("bug"), OSError(errno.EIO, "broken")])
def test_unknown_errors_keep_their_traceback(error: Exception) -> None:
    """A bug of ours must not look like the user's mistake."""
    with pytest.raises(type(error)):
        action(lambda: raising(error))()


@pytest.mark.parametrize("error", [ValueError("bug"), OSError(errno.EIO, "broken")])
def test_where_a_status_is_an_answer_unknown_errors_are_none(error: Exception) -> None:
    """`plan` must not say "something to do" when it breaks; the traceback is there all the same."""
    failed = action(lambda: raising(error), answers=True)()
    assert type(failed) is TaskFailed  # doit's exit status 1; a TaskError's is 2
    said = failed.get_msg()  # type: ignore[union-attr] # it is there
    assert f"{type(error).__name__}: " in said
    assert "Traceback" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    """Whoever sends it; afterwards signals do what they did before."""
    before = signal.getsignal(number)
    failed = action(lambda: signal.raise_signal(number))()
    assert isinstance(failed, TaskFailed)
    assert "stopped" in failed.get_msg()
    assert signal.getsignal(number) == before


def test_a_home_that_is_no_folder_and_a_umask_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody moves /dev/null away, and access that is given is taken again."""

    def told(number: int) -> str:
        error = OSError(number, os.strerror(number), "/dev/null/.cache/x")
        failed = action(lambda: raising(error))()
        assert isinstance(failed, TaskFailed)
        return str(failed.get_msg())

    monkeypatch.setenv("HOME", "/dev/null")
    assert "HOME is /dev/null, which is no folder" in told(errno.ENOTDIR)
    mask = os.umask(0o777)
    try:
        found = told(errno.EACCES)
    finally:
        os.umask(mask)
    assert "your umask, 0777," in found
    assert "give yourself access" in told(errno.EACCES)
