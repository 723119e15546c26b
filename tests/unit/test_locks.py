"""tasks/core/locks.py: what a lock answers for. The real one: tests/functional/test_lock."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.core import locks
from tasks.core.errors import InputError
from tasks.core.settings import Settings

SETTINGS = Settings()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirements file and its lock."""
    monkeypatch.chdir(tmp_path)
    Path("requirements-all.txt").write_text("b==2\na==1\n", encoding="utf-8")
    text = locks.header(SETTINGS) + "a==1 --hash=sha256:0\n"
    Path("requirements-all.lock").write_text(text, encoding="utf-8")


def test_a_lock_of_these_requirements_is_fine() -> None:
    """Whatever their order and comments."""
    locks.check(SETTINGS)
    Path("requirements-all.txt").write_text("# c\na == 1\n\nb==2 # d\n", encoding="utf-8")
    locks.check(SETTINGS)


def test_no_lock_is_fine() -> None:
    """It is optional."""
    Path("requirements-all.lock").unlink()
    locks.check(SETTINGS)


@pytest.mark.parametrize("other", [{"python": "3.13"}, {"architecture": "arm64"}])
def test_another_platform_makes_it_stale(other: dict[str, str]) -> None:
    """It was resolved for one."""
    with pytest.raises(InputError, match=r"requirements-all\.lock is older"):
        locks.check(replace(SETTINGS, **other))  # type: ignore[arg-type] # any values


@pytest.mark.parametrize("text", ["", "a==1\n", f"{locks.MARK}0\n", "pip-compile\n"])
def test_a_lock_that_is_not_of_them_is_stale(text: str) -> None:
    """Also one that another tool made."""
    Path("requirements-all.lock").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        locks.check(SETTINGS)
    assert "./doitw lock" in caught.value.fix


def test_an_included_file_counts() -> None:
    """It is part of the requirements."""
    Path("requirements-all.txt").write_text("-r more.txt\nb==2\n", encoding="utf-8")
    Path("more.txt").write_text("a==1\n", encoding="utf-8")
    locks.check(SETTINGS)
    Path("more.txt").write_text("a==3\n", encoding="utf-8")
    with pytest.raises(InputError):
        locks.check(SETTINGS)


def test_pins_are_read_from_a_locks_text() -> None:
    """With extras, markers, continuation lines and comments around them."""
    text = "# c\na==1 \\\n    --hash=sha256:1\nb[x]==2 ; python_version > '3'\n--index-url u\n"
    assert locks.pins(text) == {"a": "1", "b[x]": "2"}
