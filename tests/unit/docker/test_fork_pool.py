"""docker/fork_pool.py: work over forked processes."""

import os
import time
from pathlib import Path
from types import ModuleType

import pytest

from tests import sandbox_scripts


@pytest.fixture(scope="module")
def jobs() -> ModuleType:
    return sandbox_scripts.load("fork_pool")


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_every_task_comes_with_its_result(jobs: ModuleType, at_once: int) -> None:
    """Whoever ends first."""

    def work(task: int) -> int:
        time.sleep(0.02 * (task % 3))
        return task * task

    found = list(jobs.each(range(10), work, at_once))
    assert sorted(found) == [(task, task * task) for task in range(10)]


def test_who_ends_first_comes_first(jobs: ModuleType) -> None:
    """A short task does not wait for a long one that began before it."""
    found = jobs.each([1.0, 0.0], lambda task: time.sleep(task), 2)
    assert [task for task, _ in found] == [0.0, 1.0]


def test_no_more_run_at_once_than_asked_for(jobs: ModuleType, tmp_path: Path) -> None:
    """Each leaves a file while it runs."""

    def work(task: int) -> int:
        mine = tmp_path / str(task)
        mine.touch()
        time.sleep(0.05)
        running = len(list(tmp_path.iterdir()))
        mine.unlink()
        return running

    assert max(running for _, running in jobs.each(range(8), work, 2)) == 2


def test_a_result_may_be_large(jobs: ModuleType) -> None:
    """Far more than a pipe holds."""
    found = dict(jobs.each([1, 2], lambda task: bytes([task]) * 3_000_000, 2))
    assert found == {1: b"\1" * 3_000_000, 2: b"\2" * 3_000_000}


def test_tasks_share_no_memory(jobs: ModuleType) -> None:
    """What one leaves behind is seen by none after it, nor here."""
    seen: list[int] = []

    def work(task: int) -> list[int]:
        seen.append(task)
        return seen

    assert sorted(jobs.each(range(3), work, 1)) == [(0, [0]), (1, [1]), (2, [2])]
    assert seen == []


def test_nothing_to_do_is_done(jobs: ModuleType) -> None:
    """Without a process."""
    assert list(jobs.each([], lambda task: task)) == []


def test_an_error_ends_it_all_and_is_told(
    jobs: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    """A part that is not whole must not look like one."""

    def work(task: str) -> None:
        if task == "bad":
            raise ValueError("so it is")

    with pytest.raises(SystemExit, match="bad ended with 1"):
        list(jobs.each(["good", "bad", "good"], work, 1))
    assert "bad: ValueError('so it is')" in capfd.readouterr().err


def test_a_crash_ends_it_all(jobs: ModuleType) -> None:
    """Also one that Python does not see."""
    with pytest.raises(SystemExit, match="1 ended with -9"):
        list(jobs.each([1], lambda task: os.kill(os.getpid(), 9)))


def test_no_process_is_left(jobs: ModuleType) -> None:
    """Each is waited for, and its pipe closed."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    own = [pid for _, pid in jobs.each(range(5), lambda task: os.getpid(), 2)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(set(own)) == 5
    for pid in own:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_chunks_depend_on_what_is_given_alone(jobs: ModuleType) -> None:
    """Bytecode is compiled by chunk, and what shares a process shows in its bytes."""
    sized = [(f"m{number}", 7919 * number % 90_000) for number in range(500)]
    chunks = jobs.chunks(sized)
    assert chunks == jobs.chunks(iter(sized))
    assert [name for chunk in chunks for name in chunk] == [name for name, _ in sized]
    sizes = dict(sized)
    for chunk in chunks:
        assert 0 < len(chunk) <= jobs.CHUNK_FILES
        assert sum(sizes[name] for name in chunk) <= jobs.CHUNK_BYTES


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([10**9, 1, 10**9], [["0"], ["1"], ["2"]]),
        ([800_000, 800_000, 1], [["0", "1"], ["2"]]),
        ([0] * 513, [[str(number) for number in range(512)], ["512"]]),
    ],
    ids=["nothing", "too large for any", "just full", "too many"],
)
def test_a_chunk_is_never_empty(
    jobs: ModuleType, sizes: list[int], expected: list[list[str]]
) -> None:
    """A file that is larger than a chunk is one by itself."""
    assert jobs.chunks((str(number), size) for number, size in enumerate(sizes)) == expected


def test_shares_are_few_and_alike(jobs: ModuleType) -> None:
    """Each name is in one of them; none is empty."""
    sized = [(f"m{number}", 7919 * number % 90_000) for number in range(5000)]
    shares = jobs.shares(iter(sized))
    assert len(shares) == jobs.SHARES
    assert sorted(name for share in shares for name in share) == sorted(dict(sized))
    sums = [sum(dict(sized)[name] for name in share) for share in shares]
    assert max(sums) - min(sums) <= 90_000
    assert jobs.shares(sized[:1]) == [["m0"]]
    assert jobs.shares([]) == []


def test_progress_is_said_now_and_then(
    jobs: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not for each file."""
    progress = jobs.Progress(120)
    for _ in range(4):
        progress.advance(30)
    assert capsys.readouterr().out == "@ 60/120\n@ 120/120\n"
