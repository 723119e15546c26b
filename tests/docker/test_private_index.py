"""An index that wants a password, asked from inside the container: nothing of it stays there."""

import ipaddress
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker import DockerClient

from tasks.sandbox.container import docker_images
from tasks.sandbox.container.docker_engine import JOB
from tasks.sandbox.container.session import CACHE_VOLUME
from tasks.settings.model import Settings
from tests import package_index, project, secret_leaks
from tests.package_index import Index
from tests.project import Project
from tests.secret_leaks import NAME, WORD, Processes

pytestmark = [pytest.mark.docker, pytest.mark.long]
TELLS = """import os
def build_wheel(*arguments, **named):
    print(os.environ)
    raise SystemExit("gcc: fatal error: no input files")
"""


@dataclass
class Watch:
    """What others can see of the container while it installs: its configuration, and arguments."""

    engine: DockerClient
    processes: Processes = field(default_factory=Processes)
    containers: set[str] = field(default_factory=set)

    def look(self) -> None:
        self.processes.look()
        for each in self.engine.api.containers(filters={"label": JOB}):
            with suppress(docker.errors.NotFound):  # another test's, which ended meanwhile
                self.containers.add(json.dumps(self.engine.api.inspect_container(each["Id"])))


@pytest.fixture
def watch(docker_engine: DockerClient) -> Watch:
    return Watch(engine=docker_engine)


@pytest.fixture
def served(docker_engine: DockerClient, tmp_path: Path, watch: Watch) -> Iterator[Index]:
    """Where containers and this machine reach it alike."""
    [config, *_] = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    with package_index.serving(tmp_path / "index", gateway, f"{NAME}:{WORD}", watch.look) as found:
        found.add("ours", "1.0")
        yield found


@pytest.fixture
def copy(tmp_path: Path, lambda_image: str, served: Index) -> Project:
    made = project.small(tmp_path / "copy", "ours==1.0\n")
    made.environment.update(secret_leaks.home(tmp_path / "home"), LAYER_IMAGE=lambda_image)
    conf = tmp_path / "home/.config/pip/pip.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(f"[global]\nindex-url = {secret_leaks.address(served.url)}\n", encoding="utf-8")
    return made


def in_volume(engine: DockerClient, image: str) -> str:
    """Files of the cache's volume that hold the password."""
    words = [word for form in sorted(secret_leaks.FORMS) for word in ("-e", form)]
    script = ["sh", "-c", 'grep -rlF "$@" /cache || true', "sh", *words]
    volumes = {CACHE_VOLUME: {"bind": "/cache", "mode": "ro"}}
    found: bytes = engine.containers.run(image, script, entrypoint="", volumes=volumes, remove=True)
    return found.decode()


def test_it_is_used_and_left_nowhere(
    copy: Project, watch: Watch, docker_engine: DockerClient, lambda_image: str
) -> None:
    """Not in the container's configuration, arguments, the cache, the project, what was said."""
    run = copy.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert secret_leaks.in_text(run.output) == []
    assert secret_leaks.in_folder(copy.path) == []
    assert len(watch.containers) >= 1
    assert [each for each in watch.containers if secret_leaks.in_text(each)] == []
    assert watch.processes.has("requirements.txt")
    assert not any(watch.processes.has(form) for form in secret_leaks.FORMS)
    assert in_volume(docker_engine, lambda_image) == ""


def test_a_package_that_is_built_cannot_have_it_printed(copy: Project, served: Index) -> None:
    """Its build sees the installer's variables, as it does with pip; nobody reads them here."""
    served.add_sdist("telling", "1.0", TELLS)
    copy.write("requirements-all.txt", "telling==1.0\n")
    run = copy.doit("install", "builder=docker")
    assert run.code == 1
    assert "gcc: fatal error" in run.output
    assert secret_leaks.in_text(run.output) == []
    assert secret_leaks.in_folder(copy.path) == []


def test_the_builder_image_has_nothing_of_it(
    docker_engine: DockerClient, lambda_image: str, served: Index, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Built while the variables are set: neither its layers' history nor its configuration."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/Dockerfile").write_text(
        "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY ca-bundle.pem /\nRUN env > /environment\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UV_DEFAULT_INDEX", secret_leaks.address(served.url))
    monkeypatch.setenv("PIP_INDEX_URL", secret_leaks.address(served.url))
    tag = docker_images.ensure_compiler(docker_engine, Settings(image=lambda_image), "telling")
    try:
        api: Any = docker_engine.api
        told = json.dumps([api.inspect_image(tag), api.history(tag)])
        inside = docker_engine.containers.run(
            tag, ["/environment"], entrypoint=["cat"], remove=True
        )
        assert secret_leaks.in_text(told) + secret_leaks.in_text(inside) == []
    finally:
        docker_engine.images.remove(tag)
