"""One HTTP moto for all tests of a run, empty for each; an empty project to work in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.clients.aws import Aws, connect
from tasks.core import paths
from tasks.core.settings import Settings
from tests.aws import REGION, Server, serving
from tests.project import Project, small

CONFIG = {"app_name": "shuking", "stages": {"prod": {"layers": []}, "dev": {}}}


@pytest.fixture(scope="session")
def http_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(http_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Empty, and the only AWS that this process can reach."""
    http_server.reset()
    for name, value in http_server.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    connect.cache_clear()
    return http_server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Chalice app's folder with requirements, nothing built."""
    monkeypatch.chdir(tmp_path)
    paths.BUILD.mkdir()
    Path("requirements-all.txt").write_text("six==1.17.0\n", encoding="utf-8")
    paths.CHALICE_CONFIG.parent.mkdir()
    paths.CHALICE_CONFIG.write_text(json.dumps(CONFIG), encoding="utf-8")
    return tmp_path


@pytest.fixture
def settings(project: Path) -> Settings:
    return Settings(layer="deps", bucket="deps-bucket", region=REGION, builder="host")


@pytest.fixture
def aws(server: Server, settings: Settings) -> Aws:
    """Stage prod's code, at this server."""
    return connect(settings)


@pytest.fixture
def layer(tmp_path: Path) -> Iterator[Project]:
    """A small project; its embedded AWS ends with the test."""
    copy = small(tmp_path / "project")
    yield copy
    copy.doit("local-stop")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A small project that is deployed, for tests that only look."""
    copy = small(tmp_path_factory.mktemp("deployed") / "project")
    copy.deploy()
    yield copy
    copy.doit("local-stop")
