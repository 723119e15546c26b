"""tasks/layer/wheels/wheel_memory.py: what a wheel held the first time."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.commands import cache as cache_command
from tasks.layer.locked_requirement import LockedRequirement
from tasks.layer.wheels import wheel_memory
from tasks.settings.model import Settings
from tasks.ui import console

PIN = LockedRequirement(name="a", text="a==1 --hash=sha256:1", certain=True, key="k")
HELD = {"a/__init__.py": "0" * 64, "a/b.py": "1" * 64}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("later", "named"),
    [
        (HELD, []),
        (HELD | {"a/b.py": "2" * 64}, ["a/b.py"]),
        (HELD | {"a/more.py": "2" * 64}, ["a/more.py"]),
        ({"a/b.py": "1" * 64}, ["a/__init__.py"]),
    ],
    ids=["the same", "changed", "added", "gone"],
)
def test_what_differs_from_the_first_time_is_named(later: dict[str, str], named: list[str]) -> None:
    """In any project of this person."""
    assert wheel_memory.differences(PIN, HELD, Settings(), "docker") == []
    found = wheel_memory.differences(replace(PIN, key="another"), later, Settings(), "docker")
    assert [line.split("'")[1] for line in found] == named
    assert all(line.startswith("a: ") for line in found)


def test_what_was_forgotten_is_learned_anew() -> None:
    """After the cache's entry went: the next download was compared with the lock."""
    wheel_memory.differences(PIN, HELD, Settings(), "docker")
    wheel_memory.forget(PIN, Settings(), "docker")
    wheel_memory.forget(PIN, Settings(), "docker")
    assert wheel_memory.differences(PIN, {}, Settings(), "docker") == []
    assert len(wheel_memory.differences(PIN, HELD, Settings(), "docker")) == 2


def test_what_nobody_installs_any_more_goes(capfd: pytest.CaptureFixture[str]) -> None:
    """After 90 days. Each use counts, and `cache` says that it keeps the rest."""
    console.console.cache_clear()
    others = [replace(PIN, name=name, text=f"{name}==1 --hash=sha256:2") for name in "bcd"]
    for pin in others[:2]:
        wheel_memory.differences(pin, HELD, Settings(), "docker")
    for place in wheel_memory.folder().iterdir():
        os.utime(place, (0, time.time() - wheel_memory.UNUSED - 60))
    assert wheel_memory.differences(others[1], HELD, Settings(), "docker") == []
    wheel_memory.differences(others[2], HELD, Settings(), "docker")
    wheel_memory.forget_unused()
    assert sorted(each.name[0] for each in wheel_memory.folder().iterdir()) == ["c", "d"]
    cache_command.empty(Settings())
    told = capfd.readouterr().out
    console.console.cache_clear()
    assert "2 lists of what a wheel holds" in told


def test_another_platform_has_another_wheel() -> None:
    """So has another version, and who names no artefact may be given any."""
    wheel_memory.differences(PIN, HELD, Settings(), "docker")
    for settings in (Settings(python="3.13"), Settings(architecture="arm64")):
        assert wheel_memory.differences(PIN, {}, settings, "docker") == []
    loose = replace(PIN, text="a==1", certain=False)
    assert wheel_memory.differences(loose, HELD, Settings(), "docker") == []
    assert wheel_memory.differences(loose, {}, Settings(), "docker") == []


def test_another_builder_or_image_may_have_another_wheel() -> None:
    """uv asks which C library there is: the tag of the wheel that it takes depends on that."""
    other = Settings(image="registry.example/glibc-2.40:1")
    ways = [("docker", Settings()), ("host", Settings()), ("docker", other)]
    for number, (builder, settings) in enumerate(ways):
        mine = {"a/b.so": str(number)}
        assert wheel_memory.differences(PIN, mine, settings, builder) == []
        assert wheel_memory.differences(PIN, mine, settings, builder) == []
        assert len(wheel_memory.differences(PIN, HELD, settings, builder)) == 3
    assert wheel_memory.differences(PIN, {"a/b.so": "1"}, other, "host") == []  # no image there


def test_a_memory_that_cannot_be_read_or_written_is_none(cache: Path) -> None:
    """The comparison with RECORD remains."""
    wheel_memory.differences(PIN, HELD, Settings(), "docker")
    [place] = wheel_memory.folder().iterdir()
    place.write_text("{", encoding="utf-8")
    assert wheel_memory.differences(PIN, {}, Settings(), "docker") == []
    place.unlink()
    wheel_memory.folder().rmdir()
    wheel_memory.folder().write_text("a file", encoding="utf-8")
    assert wheel_memory.differences(PIN, HELD, Settings(), "docker") == []
