"""docker/keeper.py: the container's main process lives as long as the tool is connected."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import scripts

SCRIPT = scripts.FOLDER / "keeper.py"


@contextmanager
def keeper(work: Path) -> Iterator["subprocess.Popen[str]"]:
    """One that keeps `work` already; its standard input is the connection."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", SCRIPT, work],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def disconnect(process: "subprocess.Popen[str]") -> int:
    assert process.stdin
    process.stdin.close()
    return process.wait(timeout=10)


def gone(path: Path) -> bool:
    """Soon."""
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not path.exists()


def test_it_ends_with_the_connection(tmp_path: Path) -> None:
    """And its folder with it, whatever lies in there."""
    work = tmp_path / "volume/work/mine"
    with keeper(work) as process:
        (work / "apart/k").mkdir(parents=True)
        (work / "apart/k/a.py").write_text("", encoding="utf-8")
        assert process.poll() is None
        assert disconnect(process) == 0
    assert list((tmp_path / "volume/work").iterdir()) == []


def test_what_comes_over_the_connection_does_not_end_it(tmp_path: Path) -> None:
    """Only its end does."""
    with keeper(tmp_path / "work/mine") as process:
        assert process.stdin
        process.stdin.write("hello\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        assert (tmp_path / "work/mine").is_dir()
        assert disconnect(process) == 0


def test_anybody_may_write_into_its_folder(tmp_path: Path) -> None:
    """Jobs run as nobody; none removes what is another's."""
    with keeper(tmp_path / "work/mine"):
        assert (tmp_path / "work/mine").stat().st_mode & 0o7777 == 0o1777


def test_abandoned_folders_are_removed(tmp_path: Path) -> None:
    """Their keeper was killed, or never came so far as to keep them."""
    killed, begun = tmp_path / "work/killed", tmp_path / "work/begun"
    with keeper(killed) as process:
        (killed / "python").mkdir()
        process.kill()
        process.wait()
    begun.mkdir()
    assert (killed / "python").exists()
    with keeper(tmp_path / "work/mine"):
        assert gone(killed)
        assert gone(begun)
        assert (tmp_path / "work/mine").exists()


def test_folders_that_others_keep_stay(tmp_path: Path) -> None:
    """Two runs at a time share the volume; each removes its own."""
    one, two = tmp_path / "work/one", tmp_path / "work/two"
    with keeper(one) as first, keeper(two) as second:
        (one / "python").mkdir()
        assert disconnect(second) == 0
        assert not two.exists()
        assert (one / "python").exists()
        assert disconnect(first) == 0
    assert not one.exists()


def test_a_file_beside_it_is_no_folder_of_a_run(tmp_path: Path) -> None:
    """It stays, and does not keep the keeper from its work."""
    stray = tmp_path / "work/stray"
    stray.parent.mkdir()
    stray.write_text("", encoding="utf-8")
    with keeper(tmp_path / "work/mine") as process:
        assert disconnect(process) == 0
    assert stray.exists()


def test_its_folder_is_locked_before_it_is_ready(tmp_path: Path) -> None:
    """Whoever starts in this moment finds it kept."""
    with keeper(tmp_path / "work/mine"):
        handle = os.open(tmp_path / "work/mine/.kept", os.O_RDWR)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
