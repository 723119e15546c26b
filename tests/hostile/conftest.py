"""What all hostile packages need: two projects and their surroundings, in both builders."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests.hostile import ground
from tests.hostile.ground import Ground


@pytest.fixture(scope="module", params=["host", "docker"])
def grounds(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    lambda_image: str,
    docker_engine: DockerClient,
) -> Iterator[Ground]:
    base = tmp_path_factory.mktemp(f"hostile-{request.param}")
    with ground.ground(base, request.param, lambda_image, docker_engine) as made:
        yield made
