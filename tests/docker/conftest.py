"""Tests that need an engine. Each leaves it as it was."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests import engine


@pytest.fixture(autouse=True)
def nothing_left(docker_engine: DockerClient) -> Iterator[None]:
    """Containers, volumes and images are the ones from before the test."""
    with engine.left_as_it_was(docker_engine):
        yield
