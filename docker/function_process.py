"""One process of a function: started with Lambda's limits, watched, and ended with all it started.

What it prints is kept, stdout and stderr as they come. Its memory is looked at while it works:
a container's own limit would count /opt and /tmp too, which lie in memory there and not in Lambda.
Standard library only.
"""

import ctypes
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from memory import Peak
from runtime_api import Api

LOOK, LOOK_AT_ALL = 0.02, 0.2  # seconds between two looks at it, at what it has started
FILES = 1024  # open at a time (AWS quota)
KEPT = 1 << 20  # bytes of what one invocation prints: its end is what people look for
PAGE = os.sysconf("SC_PAGE_SIZE")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <sys/prctl.h>
SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
TIME_OUT, MEMORY, EXIT = "timeout", "memory", "exit"
_LIBC = ctypes.CDLL(None)


class Process:
    """`config`: docker/lambda_runtime.py's. OSError where it does not start."""

    def __init__(self, command: "list[str]", config: "dict[str, Any]") -> None:
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that what it started and left is found
        self.api = Api(config["port"])
        self._printed = bytearray()
        self.peak, self._memory = 0, Peak()  # bytes of memory
        self._most, self._processes = config["memory"] << 20, config["processes"]
        self._looked = 0.0
        self._output, writing = os.pipe()
        os.set_blocking(self._output, False)
        environment = config["environment"] | {"AWS_LAMBDA_RUNTIME_API": self.api.address}
        try:
            self._process = subprocess.Popen(
                command, cwd=environment["LAMBDA_TASK_ROOT"], env=environment,
                preexec_fn=self._limit, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing,
            )  # fmt: skip
        except OSError:
            self._close()
            raise
        finally:
            os.close(writing)

    def _limit(self) -> None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        most = min(FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        if self._processes:
            resource.setrlimit(resource.RLIMIT_NPROC, (self._processes, self._processes))

    def wait(self, ready: Callable[[Api], bool], deadline: float) -> str:
        """'' once it is `ready`, or what came before that: TIME_OUT, MEMORY, EXIT."""
        while True:
            self.read()
            if self._is_over():
                return MEMORY
            if ready(self.api):
                return ""
            if self._process.poll() is not None:
                return EXIT
            left = deadline - time.monotonic()
            if left <= 0:
                return TIME_OUT
            waited, *_ = select.select([self.api.changed], [], [], min(LOOK, left))
            if waited:
                os.read(self.api.changed, 1 << 10)

    def read(self) -> None:
        """What was printed since."""
        with suppress(OSError):  # nothing there, or closed
            while block := os.read(self._output, 1 << 16):
                self._printed += block
                if len(self._printed) > 2 * KEPT:
                    del self._printed[:-KEPT]

    def taken(self) -> bytes:
        """What was printed since this was called last."""
        self.read()
        printed, self._printed = bytes(self._printed[-KEPT:]), bytearray()
        return printed

    def reason(self) -> str:
        """Why it ended, as Lambda says it. '' where it ended by itself."""
        code = self._process.wait()
        if code < 0:
            words = SIGNALS.get(-code) or (signal.strsignal(-code) or str(-code)).lower()
            return f"signal: {words}"
        return f"exit status {code}" if code else ""

    def end(self) -> None:
        """It, and all that it started."""
        for _ in range(3):  # what was started meanwhile
            for pid in below(os.getpid()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        self.read()
        self._close()

    def _close(self) -> None:
        self.api.close()
        os.close(self._output)

    def _is_over(self) -> bool:
        """Does it need more memory than it has? Its own peak is known, of others what is seen."""
        self.peak = max(self.peak, self._memory.look(self._process.pid))
        if time.monotonic() - self._looked > LOOK_AT_ALL:
            self._looked = time.monotonic()
            there = [self._process.pid, *below(self._process.pid)]
            if len(there) > 1 and sum(map(_resident, there)) > self.peak:
                self.peak = max(self.peak, sum(map(_share, there)))
        return bool(self.peak > self._most)


def below(parent: int) -> "list[int]":
    """All that it has started, directly or not, without zombies."""
    children: dict[int, list[int]] = {}
    for pid, above in _parents():
        children.setdefault(above, []).append(pid)
    found, waiting = [], [parent]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def _parents() -> "Iterator[tuple[int, int]]":
    for entry in os.listdir("/proc"):  # noqa: PTH208 - many times a second
        if entry.isdecimal():
            # behind the name, which may hold anything: state, parent
            state, parent, *_ = _text(f"/proc/{entry}/stat").rpartition(")")[2].split() or ("Z", "")
            if state != "Z":
                yield int(entry), int(parent)


def _resident(pid: int) -> int:
    return int((_text(f"/proc/{pid}/statm").split() or ["", "0"])[1]) * PAGE


def _share(pid: int) -> int:
    """Its part of what it shares with others, of a parent's memory above all."""
    return _line(f"/proc/{pid}/smaps_rollup", "Pss_Anon:") or _resident(pid)


def _line(path: str, name: str) -> int:
    """Bytes."""
    lines = _text(path).splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(name)), 0)


def _text(path: str) -> str:
    """'' of a process that is gone, or not ours to look into."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
