"""One store for all checkouts of a person: what one has built, another takes."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import package_index, project
from tests.package_index import Index
from tests.project import Project, Run, clean_environment

LAYER = "build/t.zip"
SETTINGS = """
[tool.lambda-layer]
layer = "t"
builder = "host"
"""
NO_DOCKER = "tcp://127.0.0.1:1"
FULL = "mount -t tmpfs -o size=8k none {0}"
READ_ONLY = "mount --bind {0} {0} && mount -o remount,bind,ro {0}"
MADE = ("installing in", "optimizing in", "testing in")


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Index]:
    with package_index.serving(tmp_path / "index") as found:
        for name in ("alpha", "beta"):
            found.add(name, "1.0", files={f"{name}/__init__.py": b"x = 1\n" * 999})
        yield found


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    """The person's."""
    return tmp_path / "caches"


@pytest.fixture
def checkout(tmp_path: Path, packages: Index, caches: Path) -> Project:
    """Two packages, locked; nothing built."""
    made = project.copy(tmp_path / "one", "alpha==1.0\nbeta==1.0\n")
    text = made.read("pyproject.toml")
    made.write("pyproject.toml", text[: text.index("[tool.lambda-layer]")] + SETTINGS)
    made.environment.update(
        UV_DEFAULT_INDEX=packages.url, UV_CACHE_DIR=str(tmp_path / "uv"),
        XDG_CACHE_HOME=str(caches),
    )  # fmt: skip
    done(made, "lock")
    return made


def done(copy: Project, *arguments: str, **environment: str) -> Run:
    run = copy.doit(*arguments, **environment)
    assert run.code == 0, run.output
    return run


def clone(checkout: Project, name: str, **environment: str) -> Project:
    """As another clone: all but what was built."""
    path = checkout.path.with_name(name)
    ignored = shutil.ignore_patterns("build", ".doit.sqlite3*", "__pycache__")
    shutil.copytree(checkout.path, path, ignore=ignored)
    return Project(path=path, environment=checkout.environment | environment)


def layer(copy: Project) -> bytes:
    return (copy.path / LAYER).read_bytes()


def test_another_checkout_makes_nothing_again(checkout: Project, tmp_path: Path) -> None:
    """No installer, no sandbox: the index and the downloads may be gone. The zip is the same, and
    `cache` tells of it."""
    done(checkout)
    assert not (checkout.path / "build/store").exists()
    gone = {"UV_DEFAULT_INDEX": "http://127.0.0.1:1", "UV_CACHE_DIR": str(tmp_path / "none")}
    other = clone(checkout, "two", DOCKER_HOST=NO_DOCKER, **gone)
    run = done(other)
    assert layer(other) == layer(checkout)
    assert not any(words in run.output for words in MADE), run.output
    told = done(other, "cache").output
    assert "packages, packed" in told
    assert "caches/doit-lambda-layer/store: " in told
    assert "hits: " in told
    assert " freed" in done(other, "cache", "clean=1").output
    assert "0 entries" in done(other, "cache").output
    assert layer(other) == layer(checkout)


def test_two_builds_at_once_share_it(checkout: Project, caches: Path) -> None:
    """Each in its checkout, from nothing, in a store that holds next to nothing: neither takes from
    the other what it works with."""
    text = checkout.read("pyproject.toml")
    checkout.write("pyproject.toml", f"{text}store-size = 0\n")
    copies = [checkout, clone(checkout, "two"), clone(checkout, "three")]
    runs: list[Run] = []
    threads = [
        threading.Thread(target=lambda copy=copy: runs.append(copy.doit())) for copy in copies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.code for run in runs] == [0, 0, 0], "\n".join(run.output for run in runs)
    assert len({layer(copy) for copy in copies}) == 1
    assert (caches / "doit-lambda-layer").stat().st_mode & 0o777 == 0o700
    assert not list((caches / "doit-lambda-layer/runs").glob("run-*"))


def test_damage_of_the_shared_store_is_made_good(checkout: Project, caches: Path) -> None:
    """By whoever finds it."""
    done(checkout)
    store = caches / "doit-lambda-layer/store"
    for path in store.glob("*/*"):
        path.write_bytes(path.read_bytes()[:-1])
    other = clone(checkout, "two")
    run = done(other)
    assert all(words in run.output for words in MADE)
    assert layer(other) == layer(checkout)


@pytest.mark.parametrize("mount", [FULL, READ_ONLY])
def test_a_store_that_takes_nothing(checkout: Project, caches: Path, mount: str) -> None:
    """Full: it is said, with what frees space. Read-only: the checkout keeps its own."""
    caches.mkdir(exist_ok=True)
    mounted = mount.format(caches)
    script = f'{mounted} && cd "$PWD" && exec "$0" -m tasks'
    ended = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable],
        cwd=checkout.path, env=clean_environment() | checkout.environment, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if mount == FULL:
        assert "Traceback" not in ended.stdout
        assert "No space left on device" in ended.stdout, ended.stdout
        assert "./doitw cache clean=1" in ended.stdout
        assert ended.returncode == 1
        assert done(checkout)
    else:
        assert ended.returncode == 0, ended.stdout
        assert (checkout.path / "build/store/parts").is_dir()
