"""What every run of the tests has and says."""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from doit import doit_cmd
from xdist.scheduler import LoadFileScheduling

from tasks.layer.team_store import origins
from tasks.local_aws import invoke
from tasks.settings import store_folder
from tasks.settings.model import Settings
from tasks.ui import console
from tasks.util import files
from tests import docker_engine as tests_docker_engine
from tests import reliability_counts

LAMBDA_IMAGE = pytest.StashKey[str]()
OWN_CACHES = "TESTS_OWN_CACHES"


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    """No function of an AWS in this process stays warm for another test, nothing was said, no
    writer's work was taken, and nothing was typed: doit keeps a command line's name=value pairs for
    the whole process."""
    yield
    origins.forget()
    doit_cmd.reset_vars()
    invoke.ENVIRONMENTS.end()
    console.say_once.cache_clear()
    console._aside = False


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerClient]:
    """The engine that DOCKER_HOST names, or this machine's."""
    with tests_docker_engine.client() as client:
        yield client


@pytest.fixture(scope="session")
def lambda_image(docker_engine: DockerClient, pytestconfig: pytest.Config) -> str:
    """The image that layers are built and run in: Lambda's own, or the stand-in for it."""
    image = tests_docker_engine.lambda_image(docker_engine)
    pytestconfig.stash[LAMBDA_IMAGE] = image
    return image


def pytest_configure() -> None:
    """Ctrl-C and a closed terminal are heard by what tests start, also where a script started them
    in its background, or by `nohup`: there these are off, which processes hand on. Like ./doitw,
    no test has a PYTHON… of somebody's: PYTHONUNBUFFERED hid that Chalice's error was lost."""
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        del os.environ[name]
    use_own_caches()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def use_own_caches() -> None:
    """Nobody's store is read or written: where that is to be lies a file, so each project keeps its
    finished work in its own build/. What was downloaded is shared with whoever runs the tests."""
    if OWN_CACHES in os.environ:  # a worker, whose main process has done it
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or files.home() / ".cache")
    os.environ.setdefault("UV_CACHE_DIR", str(home / "uv"))
    os.environ.setdefault("PIP_CACHE_DIR", str(home / "pip"))
    own = os.environ[OWN_CACHES] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="caches-")
    place = store_folder.wanted(Settings())
    place.parent.mkdir()
    place.touch()
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(own) if os.getpid() == owner else None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is `long` runs only where it is asked for."""
    if "long" in config.option.markexpr:
        return
    long = [each for each in items if each.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [each for each in items if each not in long]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reliability", type=Path, metavar="FILE", help="write what was counted into this document"
    )


class Files(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Side by side run files, and what watches the one Docker engine stays together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "docker" if file.startswith(("tests/docker/", "tests/hostile/")) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Files:
    return Files(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the main process which image it used, and what it counted."""
    told: dict[str, str] = getattr(session.config, "workeroutput", {})
    told["lambda_image"] = session.config.stash.get(LAMBDA_IMAGE, "")
    told["reliability"] = reliability_counts.told()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {})
    reliability_counts.hear(told.get("reliability", ""))
    if image := told.get("lambda_image"):
        node.config.stash[LAMBDA_IMAGE] = image


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Which image the results speak of."""
    used = config.stash.get(LAMBDA_IMAGE, "none, no test of this run needed one")
    kind = (
        " (a stand-in: Lambda's own cannot be had here)"
        if used == tests_docker_engine.STAND_IN
        else ""
    )
    wrong = [each for kind in ("failed", "error") for each in terminalreporter.stats.get(kind, [])]
    if (document := config.getoption("--reliability")) and not wrong:
        terminalreporter.write_line(reliability_counts.write(document))
    terminalreporter.write_line(f"Lambda image: {used}{kind}")
