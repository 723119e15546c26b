"""Who reads our output may stop reading (`doit list | head -1`): then this ends, too, and says
nothing of it. What holds a lock gives it back on the way out, as after Ctrl-C."""

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from types import FrameType

STATUS = 128 + signal.SIGPIPE  # what a shell says of a program that ended so
OUTPUTS = (1, 2)
_GONE: list[int] = []


@cache
def end_with_them() -> None:
    """From here on. Python alone would show a traceback, and the system's own way of ending would
    leave locks behind, also when it is AWS or Docker that hangs up."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGPIPE, _end)
        atexit.register(_last_words)


def flush() -> None:
    """After the last line. (Python looks for signals when a function begins.)"""
    with suppress(BrokenPipeError):
        sys.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    """Right after a write that nobody reads; one to a socket is its owner's business."""
    if gone := [output for output in OUTPUTS if _unread(output)]:
        _silence(gone)
        _GONE.extend(gone)
        if _is_running(frame):  # else Python is ending: `_last_words` come next
            raise SystemExit(STATUS)


def _is_running(frame: FrameType | None) -> bool:
    """Python code that other code called, or a program's outermost lines?"""
    return bool(frame and (frame.f_back or frame.f_code.co_name == "<module>"))


def _last_words() -> None:
    """What is still in the buffer. Too late for any exception, so the status is given directly."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        _GONE.append(1)
    except (OSError, ValueError, AttributeError):  # full, closed, never there: Python's business
        return
    if _GONE:
        os._exit(STATUS)


def _unread(output: int) -> bool:
    poll = select.poll()
    poll.register(output, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _silence(outputs: Iterable[int]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in outputs:
        os.dup2(nowhere, output)
    os.close(nowhere)
