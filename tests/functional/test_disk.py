"""Disks that are full, and folders that may only be read: real ones, in a mount namespace."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import crash_runs, deployed_project, project, reliability_counts
from tests.moto_server import Server
from tests.project import Project, Run, clean_environment

READ_ONLY = "mount --bind {0} {0} && mount -o remount,bind,ro {0}"


def inside(copy: Project, mounts: str, *words: str) -> Run:
    """The command, where these mounts are; nobody else sees them, and they end with it."""
    script = f'{mounts} && cd "$PWD" && exec "$0" -m tasks "$@"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, *words],
        cwd=copy.path, env=clean_environment() | copy.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return Run(code=done.returncode, output=done.stdout)


def failed(run: Run, *said: str) -> None:
    """In words, with a way out."""
    assert run.code == 1, run.output
    assert "Traceback" not in run.output, run.output
    for words in said:
        assert words in run.output, run.output


# ---- the build ----------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Project:
    made = watched(project.small(tmp_path / "copy"), tmp_path)
    (made.path / "build").mkdir()
    return made


def watched(made: Project, folder: Path) -> Project:
    """With a folder for temporary files of its own."""
    (folder / "temporary").mkdir()
    made.environment.update(TMPDIR=str(folder / "temporary"))
    return made


def left(made: Project) -> list[str]:
    return crash_runs.left(made, Path(made.environment["TMPDIR"]))


def builds(copy: Project) -> None:
    """With the disk as it should be."""
    run = copy.doit("build")
    assert run.code == 0, run.output
    assert (copy.path / "build/deps.zip").is_file()


def right(copy: Project, row: str) -> None:
    """After a fault; nothing of the two runs is left."""
    builds(copy)
    leaks = left(copy)
    reliability_counts.ran(row, leaks=leaks)
    assert leaks == []
    reliability_counts.correct(row)


@pytest.mark.parametrize("room", ["16k", "64k", "200k"])
def test_a_disk_gets_full_while_it_builds(copy: Project, room: str) -> None:
    """In the installer, in a step, in the zip."""
    run = inside(copy, f"mount -t tmpfs -o size={room} none build", "build")
    failed(run, "No space left on device", "→ free some disk space")
    right(copy, reliability_counts.DISK_FULL)


def test_the_disk_of_the_temporary_files_is_full(copy: Project, tmp_path: Path) -> None:
    """Those of the build lie in build/."""
    (tmp_path / "small").mkdir()
    copy.environment.update(TMPDIR=str(tmp_path / "small"))
    run = inside(copy, f"mount -t tmpfs -o size=4k none {tmp_path / 'small'}", "build")
    assert run.code == 0, run.output
    right(copy, reliability_counts.DISK_FULL)


def test_a_checkout_that_may_only_be_read(copy: Project) -> None:
    """With nothing to do nothing need be written; else nothing can be remembered there, and what is
    built already is not hurt."""
    builds(copy)
    run = inside(copy, READ_ONLY.format(copy.path), "build")
    assert run.code == 0, run.output
    copy.write("requirements-all.txt", "six==1.17.0\n")
    run = inside(copy, READ_ONLY.format(copy.path), "build")
    failed(run, ".doit.sqlite3 cannot be used: attempt to write a readonly database")
    right(copy, reliability_counts.READ_ONLY)


def test_build_may_only_be_read(copy: Project) -> None:
    """With nothing to do nothing need be written; else it says where it could not."""
    builds(copy)
    mounts = READ_ONLY.format(copy.path / "build")
    run = inside(copy, mounts, "build")
    assert run.code == 0, run.output
    copy.write("requirements-all.txt", "six==1.17.0\n")
    failed(inside(copy, mounts, "build"), "Read-only file system", "→ run from a folder")
    right(copy, reliability_counts.READ_ONLY)


def test_a_database_that_is_none(copy: Project) -> None:
    """It is deleted, as the words say, and all is looked at anew."""
    copy.write(".doit.sqlite3", "no database, but long enough to be taken for a broken one" * 99)
    failed(copy.doit("build"), ".doit.sqlite3 cannot be used", "or delete it")
    (copy.path / ".doit.sqlite3").unlink()
    builds(copy)


# ---- the deploy ---------------------------------------------------------------------------------

DEPLOY = ("deploy", "stage=local", "builder=host")


@pytest.fixture
def shop(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return watched(deployed_project.copy(tmp_path / "shop", server, monkeypatch), tmp_path)


def deploys(shop: Project, row: str) -> None:
    """The same command with the disk as it should be: one version, one REST API."""
    run = shop.doit(*DEPLOY)
    assert run.code == 0, run.output
    [layer] = shop.aws("lambda").list_layers()["Layers"]
    found = shop.aws("lambda").list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]
    apis = shop.aws("apigateway").get_rest_apis()["items"]
    leaks = left(shop)
    reliability_counts.ran(row, duplicates=len(found) + len(apis) - 2, leaks=leaks)
    assert (len(found), len(apis), leaks) == (1, 1, [])
    reliability_counts.correct(row)


def test_config_may_only_be_read(shop: Project) -> None:
    """What was done is said, the file is what it was, and the version that is there is taken."""
    before = shop.read(".chalice/config.json")
    run = inside(shop, READ_ONLY.format(shop.path / ".chalice"), *DEPLOY)
    failed(run, "✓ publish", "✗ patch-config", "Read-only file system")
    assert shop.read(".chalice/config.json") == before
    deploys(shop, reliability_counts.READ_ONLY)


def test_the_disk_is_full_while_chalice_packs(shop: Project) -> None:
    """Its package has no room. The layer is published and in config.json by then."""
    (shop.path / ".chalice/deployments").mkdir()
    run = inside(shop, "mount -t tmpfs -o size=4k none .chalice/deployments", *DEPLOY)
    failed(run, "✓ patch-config", "✗ chalice-deploy", "No space left on device")
    deploys(shop, reliability_counts.DISK_FULL)
