"""A job's lines, and its clock: out here, where nothing that runs in a sandbox can stop it. A
package may send any signal to any process of its own user, ours among them."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from .protocol import Job, OnLine, Outcome

TRYING = "~ "  # before what a job is at: shown to nobody, named where the job is lost
KEPT = 16 << 20  # characters of what a job says
TRIED = 500  # characters of what it was at


class OutOfTimeError(TimeoutError):
    """Its text: what the job said. `trying`: what it said last that it was at. `silent`: it did not
    say anything for so many seconds, 0 where it was only slow."""

    def __init__(self, said: str, trying: str, silent: float) -> None:
        super().__init__(said)
        self.trying, self.silent = trying, silent


class Watch:
    """While it is entered, `end` is called once the job has no more time. It ends the job."""

    def __init__(self, job: Job, on_line: OnLine, end: Callable[[], None]) -> None:
        self._job, self._on_line, self._end = job, on_line, end
        self._lines: list[str] = []
        self._room = KEPT
        self._trying = ""
        self._begun = self._heard = time.monotonic()
        self._over, self._expired = threading.Event(), threading.Event()
        self._silent = 0.0
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._over.set()
        self._thread.join()

    def hear(self, line: str) -> None:
        """One, with its end."""
        self.touch()
        if line.startswith(TRYING):
            self._trying = line.removeprefix(TRYING).strip()[:TRIED]
            return
        self._on_line(line.removesuffix("\n"))
        self._room -= len(line)
        if self._room > 0:  # who floods is not remembered to the end
            self._lines.append(line)

    def touch(self) -> None:
        """It is at work."""
        self._heard = time.monotonic()

    @property
    def expired(self) -> bool:
        return self._expired.is_set()

    def outcome(self, code: int) -> Outcome:
        """OutOfTimeError where it was ended."""
        said = "".join(self._lines)
        if self.expired:
            raise OutOfTimeError(said, self._trying, self._silent)
        return Outcome(code=code, output=said, trying=self._trying)

    def _wait(self) -> None:
        while not self._over.wait(self._left()):
            if self._left() <= 0:
                if self._heard + (self._job.silence or threading.TIMEOUT_MAX) <= time.monotonic():
                    self._silent = self._job.silence or 0.0
                self._expired.set()
                self._end()
                return

    def _left(self) -> float:
        """Seconds."""
        most = threading.TIMEOUT_MAX
        end = min(
            self._begun + (self._job.timeout or most), self._heard + (self._job.silence or most)
        )
        return min(max(end - time.monotonic(), 0.0), most)
