"""Work that is begun before somebody needs it."""

import threading
from collections.abc import Callable
from contextlib import suppress


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
