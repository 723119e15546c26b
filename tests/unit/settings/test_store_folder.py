"""tasks/settings/store_folder.py: where the store is, and where it must not be."""

import os
from pathlib import Path

import pytest

from tasks.settings import paths, store_folder
from tasks.settings.model import Settings


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's, with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches"


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_it_is_the_persons_and_private(caches: Path) -> None:
    """Made with all that leads to it, whatever others may see of new folders."""
    found = store_folder.locate(Settings())
    assert found == caches / "doit-lambda-layer/store"
    assert mode(found) == mode(found.parent) == 0o700


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
