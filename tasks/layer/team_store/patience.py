"""How long a build waits for the team's store: a second, and as long as that pays.

What arrives saves work. A store that saves less than it costs is slow, and is given up.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue

SECONDS = 1.0  # that a store may cost and bring nothing
RATE = 6e6  # bytes of finished parts that a build makes in a second (two cores, docs/bench.md)
LENT = 128 << 20  # bytes that may come before one knows whether they are what was wanted
SAVED = 0.05  # seconds that any entry saves at least: a package installed, or imported
AT_ONCE = 8  # requests; the SDK keeps ten connections
WAIT = 0.05  # seconds between two looks at what has arrived


class SlowError(Exception):
    """It costs more than it saves."""


class Patience:
    """Of one run, whichever thread hears of what arrived. It never grows over what it began with:
    a store that was good may stand still, too."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._most = self._left = seconds
        self._lent = 0
        self._lock = threading.Lock()
        self.is_over = threading.Event()

    @property
    def left(self) -> float:
        """Seconds."""
        return self._left

    def gain(self, size: int = 0, entries: int = 0) -> None:
        """`size`: bytes that came or went, negative for those that were worth nothing."""
        with self._lock:
            self._left = min(self._left + size / RATE + entries * SAVED, self._most)

    def lend(self, size: int) -> None:
        """Bytes came that nobody has compared yet. They count as long as not too many of them
        are owed: a store that lies could send others for minutes."""
        with self._lock:
            self._lent += size
            is_owed = self._lent > LENT
        self.gain(0 if is_owed else size)

    def settle(self, size: int) -> None:
        """They are what was wanted."""
        with self._lock:
            self._lent = max(self._lent - size, 0)

    def spend(self, seconds: float) -> None:
        with self._lock:
            self._left -= seconds


def in_parallel[T](jobs: Sequence[Callable[[], Iterable[T]]], patience: Patience) -> Iterator[T]:
    """What the jobs give, as it comes. SlowError once patience is over, also where somebody else
    says so and jobs were left out for that: who hears no error has all. Threads that still wait for
    an answer are left behind then. An error of a job is raised here."""
    waiting, results = SimpleQueue[Callable[[], Iterable[T]]](), SimpleQueue[T | Exception | None]()
    for job in jobs:
        waiting.put(job)
    working = min(AT_ONCE, len(jobs))
    for _ in range(working):
        threading.Thread(target=_work, args=(waiting, results, patience), daemon=True).start()
    while working:
        result = _next(results, patience)
        if isinstance(result, Exception):
            raise result
        if result is None:
            working -= 1
        else:
            yield result
    if patience.is_over.is_set():
        raise SlowError


def _work[T](
    waiting: SimpleQueue[Callable[[], Iterable[T]]],
    results: SimpleQueue[T | Exception | None],
    patience: Patience,
) -> None:
    try:
        while not patience.is_over.is_set():
            for result in waiting.get_nowait()():
                results.put(result)
    except Empty:
        pass
    except Exception as error:  # whoever waits has to hear of it
        results.put(error)
    results.put(None)


def _next[T](results: SimpleQueue[T], patience: Patience) -> T:
    while patience.left > 0:
        started = time.monotonic()
        try:
            return results.get(timeout=max(0.0, min(WAIT, patience.left)))
        except Empty:
            continue
        finally:
            patience.spend(time.monotonic() - started)
    patience.is_over.set()
    raise SlowError
