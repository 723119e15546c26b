"""tasks/util/subprocesses.py: the commit, whether the tree was dirty, and where there is no git."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.settings import paths
from tasks.util import subprocesses

AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")


def run(*arguments: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One commit."""
    monkeypatch.chdir(tmp_path)
    paths.CHALICE_CONFIG.parent.mkdir()
    paths.CHALICE_CONFIG.write_text("{}")
    Path("requirements-all.txt").write_text("six\n")
    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "--message", "first")
    return tmp_path


def test_a_clean_checkout(checkout: Path) -> None:
    """The commit's full hash."""
    assert subprocesses.state(paths.CHALICE_CONFIG) == {
        "commit": run("rev-parse", "HEAD"),
        "dirty": False,
    }


@pytest.mark.parametrize("name", ["requirements-all.txt", "new.txt"])
def test_changed_and_new_files_make_it_dirty(checkout: Path, name: str) -> None:
    """Either may be what the layer was made from."""
    Path(name).write_text("other\n")
    assert (subprocesses.state(paths.CHALICE_CONFIG) or {})["dirty"] is True


def test_what_a_deploy_writes_does_not(checkout: Path) -> None:
    """The ARN in config.json is no input."""
    paths.CHALICE_CONFIG.write_text('{"stages": {}}')
    assert (subprocesses.state(paths.CHALICE_CONFIG) or {})["dirty"] is False


def test_no_checkout_and_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert subprocesses.state(paths.CHALICE_CONFIG) is None
    run("init", "--quiet")
    assert subprocesses.state(paths.CHALICE_CONFIG) is None


def test_no_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without it."""
    monkeypatch.setenv("PATH", "")
    assert subprocesses.state(paths.CHALICE_CONFIG) is None


def test_where_the_checkout_came_from(checkout: Path) -> None:
    """'' for one that was never pushed."""
    assert subprocesses.origin() == ""
    run("remote", "add", "origin", "git@github.com:me/shop.git")
    assert subprocesses.origin() == "git@github.com:me/shop.git"


PARENT = """
import subprocess, sys
from tasks.util import subprocesses
child = (
    "import os, signal, time; signal.signal(signal.SIGTERM, lambda *x: None); "
    "print(os.getpid(), flush=True); time.sleep(60)"
)
subprocess.run([sys.executable, "-c", child], preexec_fn=subprocesses.die_with_parent)
"""


def test_what_handles_sigterm_dies_with_its_parent_too() -> None:
    """An app may: it would go on deploying beside the run that repeats it."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout as said:
        child = int(said.readline())
        opened = os.pidfd_open(child)
        parent.kill()
        parent.wait()
        assert select.select([opened], [], [], 20)[0] == [opened]
        os.close(opened)
