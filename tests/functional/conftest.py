"""One HTTP moto for all tests of a run, empty for each; an empty project to work in."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import dist
from tasks.aws.client import Aws
from tasks.context.connection import connect
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files
from tests import answering_api, ci_jobs, installed_wheel, sandbox_scripts
from tests import deployed_project as deploying
from tests.adopted_apps.index import of_a_team
from tests.answering_api import Api
from tests.ci_jobs import Runner
from tests.installed_wheel import Tool
from tests.moto_server import REGION, Server, serving
from tests.package_index import Index
from tests.package_index import serving as serving_index
from tests.project import ROOT, Project, clean_environment, small

REPOSITORY = ("doitw", "doitw.lock", ".python-version", ".gitignore", ".github", "docs")
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


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's, as it is released."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        built = dist.build_distributions(tmp_path_factory.mktemp("dist"), os.environ)
    return next(path for path in built if path.suffix == ".whl")


@pytest.fixture(scope="session")
def tool(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The wheel installed, with an empty home."""
    return installed_wheel.install(wheel, tmp_path_factory.mktemp("tool"))


@pytest.fixture(scope="session")
def team_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with of_a_team(tmp_path_factory.mktemp("index")) as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path, tool: Tool) -> Iterator[Path]:
    """Where apps of others are to be; their emulator ends with the test."""
    yield tmp_path / "repository"
    for address in tmp_path.glob("repository/**/build/local"):
        tool.run(address.parents[1], "doit", "local-stop")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Chalice app's folder with requirements, nothing built."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)  # part of what a layer is made from
    # the functions of an AWS in this process run on this machine: no container is left by them
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
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
    """A small project; its emulator ends with the test."""
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


@pytest.fixture
def api() -> Iterator[Api]:
    """A server in the place of a deployed API."""
    with answering_api.serving() as made:
        yield made


@pytest.fixture
def open_aws(tmp_path: Path) -> Iterator[Server]:
    """Functions run in this process, from a folder that no job sees."""
    with deploying.serving(tmp_path / "aws") as server:
        yield server


@pytest.fixture
def runner(tmp_path: Path, open_aws: Server) -> Iterator[Runner]:
    """A project of one small package, as a repository; nothing but AWS and an index around it."""
    project = small(tmp_path / "origin")
    ci_jobs.repository(project.path, *REPOSITORY)
    (tmp_path / "index").mkdir()
    (tmp_path / "jobs").mkdir()
    with serving_index(tmp_path / "index") as index:
        for name, version in (("six", "1.16.0"), ("six", "1.17.0"), ("idna", "3.10")):
            index.add(name, version)
        around = {**open_aws.environment(), "UV_DEFAULT_INDEX": index.url, "AWS_REGION": REGION}
        environment = clean_environment() | around
        yield Runner(origin=project.path, folder=tmp_path / "jobs", environment=environment)
