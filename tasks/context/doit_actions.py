"""Plain functions as doit actions: known errors become clean failures, others keep a traceback."""

import errno
import os
import signal
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from doit.exceptions import BaseFail, TaskError, TaskFailed

from ..util import disk_full
from ..util.errors import LayerError
from . import stopping

Action = Callable[[], BaseFail | None]


class ToDo(TaskError):  # type: ignore[misc] # noqa: N818 - doit has no types; this is no error
    """No failure: an action returns it for exit status 2, "there is something to do"."""


_ADVICE = {
    errno.ENOSPC: disk_full.OF_HOST,
    errno.EDQUOT: "free some of your disk quota and run the command again",
    errno.EEXIST: "a file or a dangling link is in the place of a folder: move it away",
    errno.ENOTDIR: "a file is in the place of a folder: move it away",
    errno.EISDIR: "a folder is in the place of a file: move it away",
    errno.ELOOP: "links lead to each other in a circle: remove them",
    errno.ENAMETOOLONG: "run in a folder with a shorter path",
    errno.EPERM: "give yourself the right to change it and run the command again",
    errno.EACCES: "give yourself access to it and run the command again",
    errno.EROFS: "run from a folder that can be written to",
}


def action(function: Callable[[], object], *, answers: bool = False) -> Action:
    """Wrap one step for doit. `answers`: exit status 2 is an answer of its own (`ToDo`), so what
    nobody expected, which doit would end with 2 as well, ends with 1. Its traceback is shown."""

    def run() -> BaseFail | None:
        try:
            with _interruptible():
                result = function()
        except KeyboardInterrupt:
            return TaskFailed("stopped\n→ run it again: finished steps are kept")
        except LayerError as error:
            return TaskFailed(str(error))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _ADVICE:
                where = f" ({error.filename})" if error.filename else ""
                return TaskFailed(f"{error.strerror}{where}\n→ {_way_out(error)}")
            if answers:
                return TaskFailed("this is a mistake in the tool", error)
            raise
        return result if isinstance(result, ToDo) else None

    return run


def _way_out(error: OSError) -> str:
    """Of what the system says. The cause may be in the environment: HOME, or the umask."""
    home, mask = os.environ.get("HOME", ""), os.umask(0o077)
    os.umask(mask)
    if error.errno == errno.ENOTDIR and home and str(error.filename).startswith(f"{home}/"):
        return f"HOME is {home}, which is no folder: set HOME to one that you can write to"
    if error.errno == errno.EACCES and mask & stat.S_IRWXU:
        return (
            f"your umask, {mask:04o}, takes all rights from what you make: run `umask 022`, then "
            "`chmod -R u+rwX` on that folder, and the command again"
        )
    return _ADVICE[error.errno or 0]


def behind_lock(
    command: str, steps: Mapping[str, tuple[str, Callable[[], object]]]
) -> Iterator[dict[str, object]]:
    """{name: (doc, function)} as a command's sub-tasks, one after the other. All but `check` with
    the stage's lock."""
    before: list[str] = []
    for name, (doc, step) in steps.items():
        yield {
            "name": name,
            "doc": doc,
            "actions": [action(step)],
            "task_dep": before,
            "setup": [] if name == "check" else ["deploy-lock"],
        }
        before = [f"{command}:{name}"]


def advice() -> dict[str, str]:
    """{what the system says: what to do}"""
    return {os.strerror(number): way for number, way in _ADVICE.items()}


@contextmanager
def _interruptible() -> Iterator[None]:
    """What else ends a run, as Ctrl-C: containers and temporary files are removed on the way out,
    and doit writes its database."""
    before = stopping.as_interrupts()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
