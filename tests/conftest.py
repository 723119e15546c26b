"""What every run of the tests has and says."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests import engine

LAMBDA_IMAGE = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerClient]:
    """The engine that DOCKER_HOST names, or this machine's."""
    with engine.client() as client:
        yield client


@pytest.fixture(scope="session")
def lambda_image(docker_engine: DockerClient, pytestconfig: pytest.Config) -> str:
    """The image that layers are built and run in: Lambda's own, or the stand-in for it."""
    image = engine.lambda_image(docker_engine)
    pytestconfig.stash[LAMBDA_IMAGE] = image
    return image


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Which image the results speak of."""
    used = config.stash.get(LAMBDA_IMAGE, "none, no test of this run needed one")
    kind = " (a stand-in: Lambda's own cannot be had here)" if used == engine.STAND_IN else ""
    terminalreporter.write_line(f"Lambda image: {used}{kind}")
