"""Every kind of function in containers, as tests/functional/test_local_kinds.py without."""

from pathlib import Path

import pytest

from tests import local_kinds

pytestmark = [pytest.mark.docker, pytest.mark.long]


def test_every_kind_gets_its_event(lambda_image: str, tmp_path: Path) -> None:
    """Each function in a container of its own, which has only the layer's packages."""
    made = local_kinds.project(tmp_path / "project")
    chosen = f'builder = "docker"\nimage = "{lambda_image}"'
    made.write("pyproject.toml", made.read("pyproject.toml").replace('builder = "host"', chosen))
    try:
        local_kinds.check_every_kind(made, seconds=90)
    finally:
        made.doit("local-stop")
