"""Work spread over forked processes, for the scripts beside this one. Standard library only."""

import os
import pickle
import selectors
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
JOBS = len(os.sched_getaffinity(0))
SHARES = 4 * JOBS
CHUNK_BYTES, CHUNK_FILES = 1_600_000, 512  # a fork and its end take a millisecond and more


class _Child:  # no dataclass: that module takes longer to import than this script's others
    def __init__(self, task: Any, pid: int) -> None:
        self.task, self.pid, self.said = task, pid, bytearray()


def each(  # noqa: UP047 - the layer's Python may be 3.10
    tasks: Iterable[Task], work: Callable[[Task], Result], jobs: int = JOBS
) -> Iterator[tuple[Task, Result]]:
    """(task, what `work` made of it) for each as it ends, in a process forked for it alone:
    nothing that one leaves in memory shows in another. SystemExit when one fails."""
    with selectors.DefaultSelector() as running:
        for task in tasks:
            _start(running, task, work)
            if len(running.get_map()) >= jobs:
                yield from _ended(running)
        while running.get_map():
            yield from _ended(running)


def _start(running: selectors.BaseSelector, task: Any, work: Callable[[Any], Any]) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _answer(task, work, writing)
    os.close(writing)
    running.register(reading, selectors.EVENT_READ, _Child(task, pid))


def _answer(task: Any, work: Callable[[Any], Any], writing: int) -> None:
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(task), pipe)
        code = 0
    except BaseException as error:
        print(f"{task}: {error!r}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def _ended(running: selectors.BaseSelector) -> list[tuple[Any, Any]]:
    """Wait until at least one child is through."""
    found: list[tuple[Any, Any]] = []
    while not found:
        for key, _ in running.select():
            child: _Child = key.data
            if block := os.read(key.fd, 1 << 20):
                child.said += block
                continue
            running.unregister(key.fd)
            os.close(key.fd)
            _, status = os.waitpid(child.pid, 0)
            if code := os.waitstatus_to_exitcode(status):
                raise SystemExit(f"{child.task} ended with {code}")
            found.append((child.task, pickle.loads(child.said)))  # noqa: S301 - our own child's
    return found


def chunks(sized: Iterable[tuple[str, int]]) -> list[list[str]]:
    """Names in groups of about the same size: [(name, bytes)] → [[name]], in the order given."""
    groups: list[list[str]] = []
    room, count = 0, 0
    for name, size in sized:
        if not groups or room < size or count == CHUNK_FILES:
            groups.append([])
            room, count = CHUNK_BYTES, 0
        groups[-1].append(name)
        room, count = room - size, count + 1
    return groups


def shares(sized: Iterable[tuple[str, int]], count: int = SHARES) -> list[list[str]]:
    """The same for work in which the groups show in nothing: few, since each costs a process, with
    large names and small ones in each."""
    names = [name for name, _ in sorted(sized, key=lambda pair: pair[1], reverse=True)]
    return [share for number in range(count) if (share := names[number::count])]


class Progress:
    """Says `@ done/total` on stdout now and then."""

    def __init__(self, total: int, every: int = 50) -> None:
        self.total, self.every, self.done, self.said = total, every, 0, 0

    def advance(self, more: int = 1) -> None:
        self.done += more
        if self.done - self.said >= self.every:
            self.said = self.done
            print(f"@ {self.done}/{self.total}", flush=True)
