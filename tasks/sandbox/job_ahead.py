"""A job that is begun before somebody asks for it, in a sandbox that runs one at a time."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from .protocol import Job, OnLine, Outcome

Run = Callable[[Job, OnLine], Outcome]


class JobAhead:
    """At most one, in the background. Who runs the same job takes what came of it."""

    def __init__(self) -> None:
        self._begun: _Begun | None = None

    def begin(self, job: Job, run: Run) -> None:
        self._begun = _Begun(job, run)

    def take(self, job: Job, on_line: OnLine, run: Run) -> Outcome:
        """Of the job that was begun, if it is this one. Another one waits for its end."""
        begun, self._begun = self._begun, None
        if begun and begun.job == job:
            return begun.outcome(on_line)
        if begun:
            begun.thread.join()
        return run(job, on_line)


class _Begun:
    def __init__(self, job: Job, run: Run) -> None:
        self.job, self._run = job, run
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._found: Outcome | BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            self._found = self._run(self.job, self._lines.put)
        except BaseException as error:  # for who takes it
            self._found = error
        finally:
            self._lines.put(None)

    def outcome(self, on_line: OnLine) -> Outcome:
        """Its lines, as they came and come. What `run` raised."""
        for line in iter(self._lines.get, None):
            on_line(line)
        if isinstance(self._found, BaseException):
            raise self._found
        assert self._found
        return self._found
