"""Every kind of function in containers, as tests/functional/test_local_kinds.py without."""

from pathlib import Path

import pytest

from tests import local_kinds
from tests.local_kinds import got

pytestmark = [pytest.mark.docker, pytest.mark.long]


def test_every_kind_gets_its_event(lambda_image: str, tmp_path: Path) -> None:
    """Each function in a container of its own, which has only the layer's packages."""
    made = local_kinds.project(tmp_path / "project")
    chosen = f'builder = "docker"\nimage = "{lambda_image}"'
    made.write("pyproject.toml", made.read("pyproject.toml").replace('builder = "host"', chosen))
    try:
        assert "kinds-local answers 200" in made.deploy().output
        local_kinds.send_message(made, MessageBody="one")
        local_kinds.send_message(made, "line.fifo", MessageBody="first", MessageGroupId="g")
        for send in (
            local_kinds.publish, local_kinds.put_objects, local_kinds.put_item,
            local_kinds.put_record, local_kinds.put_events,
        ):  # fmt: skip
            send(made)
        for name in ("jobs", "line", "news", "object_made", "orders", "clicks", "paid"):
            assert got(made, name, seconds=90)["six"] == "1.16.0"
    finally:
        made.doit("local-stop")
