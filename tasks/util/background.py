"""Work that is begun before somebody needs it."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue

OnLine = Callable[[str], None]


class BackgroundTask:
    """One piece of work at a time, in the background. It may fail: the caller that needs it does it
    then, and says what is wrong."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def begin(self, work: Callable[[], object]) -> None:
        def quietly() -> None:
            with suppress(Exception):
                work()

        self.settle()
        self._thread = threading.Thread(target=quietly, daemon=True)
        self._thread.start()

    def settle(self) -> None:
        """Wait until nothing is under way."""
        thread, self._thread = self._thread, None
        if thread:
            thread.join()


class SideBySide[T]:
    """Pieces of work, `at_once` at a time, while the caller does something else. Where one fails,
    or the caller does, no other is begun, and nobody waits for those that are under way: a large
    upload would go on for minutes. They end with the process."""

    def __init__(self, work: Iterable[Callable[[], T]], at_once: int) -> None:
        self._waiting = deque(work)
        self._count = len(self._waiting)
        self._done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        for _ in range(min(at_once, self._count)):
            threading.Thread(target=self._go_on, daemon=True).start()

    def results(self, meanwhile: Callable[[], object] = lambda: None) -> list[T]:
        """In the order in which they came."""
        try:
            meanwhile()
            return [self._next() for _ in range(self._count)]
        finally:
            self._waiting.clear()

    def _next(self) -> T:
        result, error = self._done.get()
        if error:
            raise error
        return result  # type: ignore[return-value] # of work that did not fail

    def _go_on(self) -> None:
        with suppress(IndexError):  # nothing waits any more
            while True:
                self._done.put(_outcome(self._waiting.popleft()))


def _outcome[T](work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:
        return None, error


class JobAhead[Job, Outcome]:
    """At most one job that is begun before somebody asks for it, where one runs at a time. Who runs
    the same job takes what came of it."""

    def __init__(self) -> None:
        self._begun: _Begun[Job, Outcome] | None = None

    def begin(self, job: Job, run: Callable[[Job, OnLine], Outcome]) -> None:
        self._begun = _Begun(job, run)

    def take(self, job: Job, on_line: OnLine, run: Callable[[Job, OnLine], Outcome]) -> Outcome:
        """Of the job that was begun, if it is this one. Another one waits for its end."""
        begun, self._begun = self._begun, None
        if begun and begun.job == job:
            return begun.outcome(on_line)
        if begun:
            begun.thread.join()
        return run(job, on_line)


class _Begun[Job, Outcome]:
    def __init__(self, job: Job, run: Callable[[Job, OnLine], Outcome]) -> None:
        self.job, self._run = job, run
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._found: Outcome | None = None
        self._error: BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            self._found = self._run(self.job, self._lines.put)
        except BaseException as error:  # for who takes it
            self._error = error
        finally:
            self._lines.put(None)

    def outcome(self, on_line: OnLine) -> Outcome:
        """Its lines, as they came and come. What `run` raised."""
        for line in iter(self._lines.get, None):
            on_line(line)
        if self._error:
            raise self._error
        assert self._found is not None
        return self._found


def in_time(seconds: float, ask: Callable[[], str]) -> str:
    """The answer, '' where it takes longer or fails. Nobody waits for a late one."""
    found: list[str] = []

    def quietly() -> None:
        with suppress(Exception):
            found.append(ask())

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else ""
