"""Work that is begun before somebody needs it."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue


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
