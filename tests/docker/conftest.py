"""Tests that need an engine. Each leaves it as it was."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests import docker_engine as tests_docker_engine


@pytest.fixture(autouse=True)
def nothing_left(docker_engine: DockerClient, lambda_image: str) -> Iterator[None]:
    """Containers, volumes and images are the ones from before the test. The image that all of
    them share is made first: whichever test is the first must not be blamed for it."""
    with tests_docker_engine.left_as_it_was(docker_engine):
        yield
