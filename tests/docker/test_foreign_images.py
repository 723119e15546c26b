"""Images for another architecture, or with another Python, than the layer's."""

from pathlib import Path

import pytest
from docker import DockerClient

from tasks.sandbox.container import emulation
from tasks.sandbox.container.sandbox import ContainerSandbox
from tasks.sandbox.job_users import INSPECT
from tasks.sandbox.protocol import Job
from tasks.settings.model import Settings
from tasks.util.errors import BuildError
from tests import foreign_platform
from tests.project import ROOT

pytestmark = pytest.mark.docker


def started(settings: Settings) -> None:
    """A build's first job."""
    sandbox = ContainerSandbox(settings)
    try:
        sandbox.run(Job(argv=("true",), kind=INSPECT))
    finally:
        sandbox.close()


OTHER = {"amd64": "arm64", "arm64": "x86_64"}  # for an engine of that kind


def test_what_the_engine_cannot_run_says_how_to_get_emulation(
    docker_engine: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the kernel can be asked before, or refuses the first program. (Where it emulates,
    this image still starts nothing, and its own words are shown.)"""
    monkeypatch.chdir(ROOT)
    other = OTHER[docker_engine.version()["Arch"]]
    with foreign_platform.image(docker_engine, other) as image, pytest.raises(BuildError) as caught:
        started(Settings(image=image, architecture=other))
    if emulation.registered(other):
        assert "does not start" in caught.value.problem
    else:
        assert "--privileged --rm tonistiigi/binfmt --install" in caught.value.fix
        assert "builder=host" in caught.value.fix


def test_an_image_for_another_architecture_is_not_taken(docker_engine: DockerClient) -> None:
    """A layer made in it would be for that one: its registry is asked for the right one."""
    other = OTHER[docker_engine.version()["Arch"]]
    own = next(name for name in OTHER.values() if name != other)
    with (
        foreign_platform.image(docker_engine, other) as image,
        pytest.raises(BuildError, match="cannot be pulled"),
    ):
        started(Settings(image=image, architecture=own))


def test_an_image_with_another_python_is_refused(
    docker_engine: DockerClient, lambda_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layer would be published for a runtime that cannot use it: nothing is installed."""
    monkeypatch.chdir(ROOT)
    started(Settings(image=lambda_image, python="3.12"))
    with pytest.raises(BuildError, match=r"has Python 3\.12, the layer is for 3\.13") as caught:
        started(Settings(image=lambda_image, python="3.13"))
    assert 'python = "3.12"' in caught.value.fix


def test_an_image_without_lambdas_python_says_so(
    docker_engine: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what to make it from."""
    monkeypatch.chdir(ROOT)
    here = docker_engine.version()["Arch"]
    own = {"amd64": "x86_64"}.get(here, here)
    with (
        foreign_platform.image(docker_engine, own) as image,
        pytest.raises(BuildError, match="does not start") as caught,
    ):
        started(Settings(image=image, architecture=own))
    assert "public.ecr.aws/lambda/python" in caught.value.fix
