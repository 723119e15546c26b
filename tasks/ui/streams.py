"""stdout and stderr as every command has them from its first line on, doit's own commands too."""

import atexit
import codecs
import errno
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType
from typing import Any, TextIO

from .visible import visible

ERRORS = "doit-lambda-layer"
# What a terminal of another encoding gets instead.
SUBSTITUTES = {
    "▶": ">", "✓": "+", "✗": "x", "●": "*", "·": "-", "→": "->", "…": "...", "–": "-", "—": "-",
    "−": "-", "‹": "<", "›": ">", "≤": "<=", "“": '"', "”": '"', "’": "'",
}  # fmt: skip


@cache
def prepare_streams() -> None:
    """Nothing that is printed ends in a traceback: not for its characters, not for want of a
    reader. And nothing of it, doit's lines and tracebacks too, steers a terminal or a CI system."""
    codecs.register_error(ERRORS, _substitute)
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
            _literal(stream)
    os.environ["PYTHON_COLORS"] = "0"  # Python 3.13 and later color tracebacks and help
    os.environ.pop("PYTHONSAFEPATH", None)  # our own processes find the checkout's modules by it
    end_with_them()


def _literal(stream: io.TextIOWrapper) -> None:
    """From here on. The stream itself is changed, since doit has taken hold of it already."""

    def write(text: str) -> int:
        return Raw(stream).write(visible(text))

    stream.write = write  # type: ignore[method-assign]


class Raw:
    """A stream as it was, for who writes escapes of his own: ui/console.py."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with leaving():
            if isinstance(self._stream, io.TextIOWrapper):
                return io.TextIOWrapper.write(self._stream, text)
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with leaving():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def tell_program(line: str) -> None:
    """A line that another program reads: at once, also where a step's lines are held back."""
    print(line, file=sys.__stdout__, flush=True)


def raw(stream: TextIO | None) -> Raw:
    assert stream
    return Raw(stream)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Where the encoding has no ▶ or →, something like it."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(char, "?") for char in text), error.end


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


@contextmanager
def leaving() -> Iterator[None]:
    """A terminal that was closed (SIGHUP) takes nothing more. What is left to do is done all the
    same, and silently."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        _silence(OUTPUTS)


def flush() -> None:
    """After the last line. (Python looks for signals when a function begins.)"""
    with suppress(BrokenPipeError), leaving():
        sys.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    """Right after a write that nobody reads. One to a socket is its owner's business."""
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
