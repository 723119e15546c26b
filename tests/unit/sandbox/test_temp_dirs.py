"""tasks/sandbox/temp_dirs.py: folders for as long as somebody works in them, and not longer."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.sandbox import temp_dirs
from tasks.sandbox.temp_dirs import ALIVE, Scratch
from tasks.settings import paths
from tests import handmade_layers

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from tasks.sandbox.temp_dirs import Scratch
from tests import handmade_layers
print(Scratch().path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
ENDS = """
import atexit, sys
sys.path.insert(0, sys.argv[1])
from tasks.sandbox.temp_dirs import Scratch
left = Scratch()
for number in range(20_000):
    (left.path / str(number)).touch()
atexit.register(left.remove_later) if sys.argv[2] == "as it ends" else left.remove_later()
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders are made: build/work."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / paths.WORK


def test_a_folder_lasts_as_long_as_its_block(work: Path) -> None:
    """Whatever lies in it, and however the block ends."""
    with temp_dirs.folder() as here:
        assert here.is_absolute()
        assert here.parent == work
        (here / "deep").mkdir()
        (here / "deep/file").touch()
    assert list(work.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), temp_dirs.folder():
        raise KeyboardInterrupt
    assert list(work.iterdir()) == []


def test_folders_are_apart(work: Path) -> None:
    """Two at once, as two runs may have them: neither removes the other's."""
    one = Scratch()
    with temp_dirs.folder() as two:
        assert one.path != two
    assert list(work.iterdir()) == [one.path]
    one.remove()
    assert list(work.iterdir()) == []


def test_an_abandoned_folder_goes_with_the_next_run(work: Path) -> None:
    """Of a process that was killed and could not tidy up."""
    words = [sys.executable, "-c", KILLED, str(ROOT)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    left = Path(done.stdout.strip())
    assert list(work.iterdir()) == [left]
    with temp_dirs.folder() as here:
        assert here != left
        assert handmade_layers.left_in(work, [here]) == [here]


@pytest.mark.parametrize("when", ["before", "as it ends"])
def test_a_process_that_has_ended_removes_nothing_any_more(work: Path, when: str) -> None:
    """Whoever copies build/ next, as a CI's cache does, would find that files go."""
    subprocess.run([sys.executable, "-c", ENDS, str(ROOT), when], check=True)
    assert list(work.iterdir()) == []


def test_a_process_that_lives_long_keeps_no_dead_ones(work: Path) -> None:
    """The emulator ends one sandbox after the other."""
    for _ in range(6):
        Scratch().remove_later()
        assert handmade_layers.left_in(work) == []
    assert len(temp_dirs._REMOVALS) < 5


def test_what_is_just_being_made_stays(work: Path) -> None:
    """A folder without the file: another run is about to lock it, or just removing it."""
    (work / "new").mkdir(parents=True)
    (work / "file").touch()
    with temp_dirs.folder():
        pass
    assert sorted(path.name for path in work.iterdir()) == ["file", "new"]


def test_read_only_trees_can_be_removed(work: Path) -> None:
    """As {opt} is laid for a job; a link is removed, not what it points to."""
    outside = work.parent / "outside"
    outside.mkdir(parents=True)
    (outside / "file").touch()
    outside.chmod(0o500)
    with temp_dirs.folder() as here:
        (here / "opt").mkdir()
        (here / "opt/file").touch()
        (here / "opt/link").symlink_to(outside)
        (here / "opt").chmod(0o500)
    assert list(work.iterdir()) == []
    assert (outside / "file").exists()
    assert outside.stat().st_mode & 0o777 == 0o500
    outside.chmod(0o700)  # pytest tidies up


def test_two_may_remove_the_same(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in the background, and the next run, which finds it abandoned: what is gone is no
    error."""
    tree = work / "left/deep/deeper"
    tree.mkdir(parents=True)
    (tree / "file").touch()
    really = os.open

    def late(path: str, flags: int, *more: int, **named: int) -> int:
        if path == "deeper":
            shutil.rmtree(tree)  # the other one
        return really(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", late)
    temp_dirs.remove(work / "left")
    assert not (work / "left").exists()


def test_the_lock_is_what_keeps_it(work: Path) -> None:
    """The file alone does not."""
    (work / "left").mkdir(parents=True)
    (work / "left" / ALIVE).touch()
    with temp_dirs.folder() as here:
        assert handmade_layers.left_in(work, [here]) == [here]


def test_a_dead_run_of_another_user_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root could remove it. Its owner does, on the next run."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / temp_dirs.ALIVE).touch()
    assert temp_dirs.is_dead(folder)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert not temp_dirs.is_dead(folder)
