"""tasks/settings/store_folder.py: where the store is, and where it must not be."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from tasks.commands import cache
from tasks.layer import installed
from tasks.settings import paths, store_folder
from tasks.settings.model import Settings
from tasks.ui import console
from tasks.util.errors import BuildError
from tests import handmade_layers


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's, with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "caches"


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_it_is_the_persons_and_private(caches: Path) -> None:
    """Made with all that leads to it, whatever others may see of new folders."""
    found = store_folder.locate(Settings())
    assert found == caches / "doit-lambda-layer/store"
    assert mode(found) == mode(found.parent) == 0o700


def test_a_home_that_nobody_may_look_into_has_none(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another user, as HOME=/root is in many images. Root may look everywhere, so a test says
    what the system would."""

    def refused(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)
    assert store_folder.locate(Settings()) == paths.STORE


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_home_without_locks_has_none(
    caches: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Lustre without `-o flock`, gcsfuse, NFS whose lock service is dead: nothing could ever be
    deleted there. Who finds a lock held waits for it."""

    def refused(*_: object) -> None:
        raise OSError(number, "as the system says it")

    assert store_folder.locate(Settings()) == caches / "doit-lambda-layer/store"
    with (caches / "doit-lambda-layer/runs/gate").open("r") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        assert store_folder.locate(Settings()) == caches / "doit-lambda-layer/store"
    monkeypatch.setattr(fcntl, "flock", refused)
    assert store_folder.locate(Settings()) == paths.STORE


def test_why_nothing_can_be_deleted_is_said(
    caches: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of another build nothing is known there."""

    def refused(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)
    console.console.cache_clear()
    installed.store(Settings()).put_bytes("parts", "0" * 64, b"x" * 1000)
    cache.empty(Settings())
    told = capfd.readouterr().out
    console.console.cache_clear()
    assert "nobody can know which builds use them (Function not implemented)" in told
    assert "another build" not in told


def test_without_xdg_it_is_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative XDG_CACHE_HOME counts as none: it would be another folder in each checkout."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for none in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", none)
        assert store_folder.locate(Settings()) == tmp_path / ".cache/doit-lambda-layer/store"


@pytest.mark.parametrize("named", ["{tmp}/mine", "~/mine", "build"])
def test_a_setting_names_another(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute, of the home, or of the checkout."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = store_folder.locate(Settings(store=named.format(tmp=tmp_path)))
    folder = "build" if named == "build" else "mine"
    assert found.absolute() == tmp_path / folder / "store"


def test_one_that_others_could_enter_is_closed(caches: Path) -> None:
    """By an earlier umask, or a cache that CI unpacked."""
    found = store_folder.locate(Settings())
    found.chmod(0o777)
    assert store_folder.locate(Settings()) == found
    assert mode(found) == 0o700


def is_a_file(place: Path) -> None:
    place.parent.mkdir(parents=True)
    place.touch()


def is_a_link(place: Path) -> None:
    place.parent.mkdir(parents=True)
    (place.parent / "elsewhere").mkdir()
    place.symlink_to("elsewhere")


def is_below_a_file(place: Path) -> None:
    place.parents[1].touch()


@pytest.mark.parametrize("damage", [is_a_file, is_a_link, is_below_a_file])
def test_one_that_is_no_folder_is_not_used(caches: Path, damage: object) -> None:
    """Then each checkout has its own."""
    assert callable(damage)
    damage(caches / "doit-lambda-layer/store")
    assert store_folder.locate(Settings()) == paths.STORE


def test_somebody_elses_is_not_used(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who owns the folder decides what lies in it."""
    assert store_folder.locate(Settings()) != paths.STORE
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert store_folder.locate(Settings()) == paths.STORE


def test_one_that_cannot_be_written_is_not_used(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that is read-only (root may write to any other)."""
    assert store_folder.locate(Settings()) != paths.STORE
    monkeypatch.setattr(os, "access", lambda path, how: False)
    assert store_folder.locate(Settings()) == paths.STORE


@pytest.fixture
def without_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system as CIFS, exFAT or WSL's /mnt/c: all is 0777, whatever one asks for."""
    mkdir, chmod = os.mkdir, os.chmod

    def make(path: str, mode: int = 0, **named: object) -> None:
        mkdir(path)
        chmod(path, 0o777)

    monkeypatch.setattr(os, "mkdir", make)
    monkeypatch.setattr(os, "chmod", lambda path, mode, **named: chmod(path, 0o777))


@pytest.mark.usefixtures("without_modes")
def test_one_that_cannot_be_closed_is_not_used(caches: Path) -> None:
    assert store_folder.locate(Settings()) == paths.STORE


def test_a_checkouts_own_is_closed_too(caches: Path, tmp_path: Path) -> None:
    """Whatever the umask says. Who only looks makes none."""
    is_a_file(caches / "doit-lambda-layer/store")
    before = os.umask(0)
    try:
        assert store_folder.locate(Settings()) == paths.STORE
        assert not paths.BUILD.exists()
        found = installed.store(Settings()).put_bytes("k", "a", b"x").parents[1]
    finally:
        os.umask(before)
    assert (found, mode(found)) == (paths.STORE, 0o700)
    found.chmod(0o755)
    assert mode(store_folder.locate(Settings())) == 0o700


@pytest.mark.usefixtures("without_modes")
def test_a_checkout_without_modes_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its store is as open as the sources beside it. What was put there is found again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    settings = handmade_layers.project(tmp_path, monkeypatch)
    handmade_layers.lay_wheels(settings, {"one": {"one.py": "x = 1\n"}})
    first = handmade_layers.build(settings)
    assert mode(paths.STORE) == 0o777
    [part] = (paths.STORE / "parts").glob("*")
    assert mode(part) == 0o777
    made = part.stat().st_ino
    assert handmade_layers.build(settings).sha256 == first.sha256
    assert part.stat().st_ino == made


def test_a_file_that_others_may_write_in_a_closed_store_is_said(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mount that closes folders and opens files: no run would find what the one before kept."""
    store = installed.store(Settings())
    chmod = os.chmod
    monkeypatch.setattr(os, "chmod", lambda path, mode, **named: chmod(path, 0o666))
    with pytest.raises(BuildError, match="lets others write") as caught:
        store.put_bytes("parts", "k", b"x")
    assert "LAYER_STORE" in caught.value.fix


@pytest.mark.parametrize("xdg", [True, False])
def test_sudo_makes_nothing_in_the_home_of_who_called_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xdg: bool
) -> None:
    """Root's own home has root's store."""
    home, caller = tmp_path / "anna", os.getuid()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches") if xdg else "")
    before = store_folder.of_person()
    assert before.is_relative_to(home)
    monkeypatch.setenv("SUDO_UID", str(caller))
    assert store_folder.of_person() == before  # to become oneself
    monkeypatch.setattr(os, "getuid", lambda: caller + 1)
    monkeypatch.setattr(store_folder, "_own_home", lambda: tmp_path / "root")
    assert store_folder.of_person() == tmp_path / "root/.cache/doit-lambda-layer"
