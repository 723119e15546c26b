"""tasks/local_aws/confine.py: where the Docker engine is, as its own client reads it."""

import pytest

from tasks.local_aws import confine


@pytest.mark.parametrize(
    ("docker_host", "address", "reached"),
    [
        ("127.0.0.1:2375", ("127.0.0.1", 2375), True),
        ("tcp://127.0.0.1:2375", ("127.0.0.1", 2375), True),
        ("ssh://me@127.0.0.1", ("127.0.0.1", 22), True),
        ("127.0.0.1:2375", ("127.0.0.1", 2376), False),
        ("unix:///x.sock", ("127.0.0.1", 2375), False),
        ("", ("127.0.0.1", 2375), False),
        ("tcp://[::1", ("127.0.0.1", 2375), False),
    ],
)
def test_the_engine_is_reached(docker_host: str, address: tuple[str, int], reached: bool) -> None:
    """The tool builds there, so functions run there."""
    allowed = confine.allowed("127.0.0.1:5000", docker_host)
    assert not confine.is_outside(("127.0.0.1", 5000), allowed)
    assert confine.is_outside(address, allowed) is not reached
