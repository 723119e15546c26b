"""tasks/settings/local_access.py: a server that the user names."""

import pytest

from tasks.settings import local_access
from tasks.util.errors import InputError


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://[::1", "http://", "ftp://h", "h:1"],
)
def test_no_address(address: str) -> None:
    """urllib says some of it when it is asked for the port, which is later."""
    with pytest.raises(InputError, match="LAYER_LOCAL_AWS is no address of a server"):
        local_access.of_others({"LAYER_LOCAL_AWS": address})


def test_an_address() -> None:
    found = local_access.of_others({"LAYER_LOCAL_AWS": "http://k:s@[::1]:99"})
    assert found
    assert (found.url, found.port, found.key, found.secret) == ("http://[::1]:99", 99, "k", "s")
