"""tasks/requirements/host_python.py: what this machine can do for a layer with builder=host."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.requirements import host_python
from tasks.settings.model import Settings

HOST = Settings(builder="host", python="3.9")
Add = Callable[[str, str], str]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An x86_64 machine with Linux and no Python but ours."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    host_python._found.cache_clear()
    yield
    host_python._found.cache_clear()


@pytest.fixture
def add(tmp_path: Path) -> Add:
    """Put a python3.9 there that says this when it is asked."""

    def put(place: str, says: str) -> str:
        path = tmp_path / place / "python3.9"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{says}\n")
        path.chmod(0o755)
        return str(path)

    return put


GOOD = "echo cpython-39 3.9.18"


def test_its_own_python_is_the_first() -> None:
    """Outside of any .venv, and nobody is asked."""
    own = replace(HOST, python=".".join(platform.python_version_tuple()[:2]))
    assert host_python.runs(own)
    assert host_python.feasible(own) == own
    assert host_python.left_out(own) == []
    assert host_python.title(own) == f"this machine's Python {platform.python_version()}"
    assert ".venv" not in host_python.interpreter(own.python)


@pytest.mark.parametrize(
    "place",
    ["bin", ".pyenv/versions/3.9.18/bin", ".local/share/uv/python/cpython-3.9.18-linux-x/bin"],
)
def test_another_python_is_found_where_people_have_them(add: Add, place: str) -> None:
    """And does everything, as our own would."""
    path = add(place, GOOD)
    assert host_python.interpreter("3.9") == path
    assert host_python.runs(HOST)
    assert host_python.feasible(HOST) == HOST
    assert host_python.title(HOST) == "this machine's Python 3.9.18"


@pytest.mark.parametrize(
    "says",
    [
        "echo not this version >&2; exit 127",
        "echo pypy39-pp73 3.9.18",
        "echo cpython-39t 3.9.18",
        "exec /nowhere",
    ],
)
def test_one_that_does_not_start_or_is_another_is_none(add: Add, says: str) -> None:
    """pyenv's shims end with 127; PyPy has bytecode of its own, and without the GIL other
    libraries load. The next one counts."""
    add(".pyenv/versions/3.9.1/bin", says)
    assert host_python.version("3.9") == ""
    path = add("bin", GOOD)
    host_python._found.cache_clear()
    assert host_python.interpreter("3.9") == path


def test_without_that_python_there_is_no_bytecode() -> None:
    """Ours installs, reads and packs."""
    assert not host_python.runs(HOST)
    assert host_python.feasible(HOST) == replace(HOST, strip=False, bytecode="none")
    assert host_python.interpreter("3.9") == host_python._own()
    assert host_python.title(HOST).endswith(", which does not run Python 3.9 on x86_64")
    whole, bytecode = host_python.left_out(HOST)
    assert "no import is tested" in whole
    assert "it takes a Python 3.9, and none was found here" in bytecode


def test_another_machine_still_compiles(add: Add) -> None:
    """Bytecode is the same on all of them. What cannot be loaded is not stripped."""
    add("bin", GOOD)
    arm = replace(HOST, architecture="arm64")
    assert not host_python.runs(arm)
    assert host_python.feasible(arm) == replace(arm, strip=False)
    assert (
        host_python.title(arm)
        == "this machine's Python 3.9.18, which does not run Python 3.9 on arm64"
    )
    assert len(host_python.left_out(arm)) == 1


def test_docker_is_not_this_machine() -> None:
    """Nothing is left out there."""
    docker = replace(HOST, builder="docker", architecture="arm64")
    assert host_python.feasible(docker) == docker
