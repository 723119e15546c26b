"""stage=local stays on this machine, whatever its surroundings say; here without Docker."""

from pathlib import Path

from tests import hostile_surroundings
from tests.project import small


def test_a_whole_life_speaks_with_its_own_server_alone(tmp_path: Path) -> None:
    """deploy, rollback, status, gc and the rest; every proxy is a sink that hears nothing."""
    project = small(tmp_path / "project")
    assert hostile_surroundings.live(project, tmp_path, "host") == []
