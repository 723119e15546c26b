"""stage=local stays on this machine, whatever its surroundings say; here in containers."""

from pathlib import Path

import pytest

from tests import hostile_surroundings
from tests.project import Project, small

pytestmark = pytest.mark.docker


@pytest.mark.long
def test_a_whole_life_speaks_with_its_own_server_alone(lambda_image: str, tmp_path: Path) -> None:
    """The function reaches the emulator through the channel to its container."""
    made = small(tmp_path / "project")
    project = Project(path=made.path, environment={"LAYER_IMAGE": lambda_image})
    assert hostile_surroundings.live(project, tmp_path, "docker") == []
