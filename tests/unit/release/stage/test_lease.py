"""The lock's content: how long it holds, and what is not ours to read."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.release.stage import lease

NOW = datetime(2026, 11, 24, 3, 10, 17, tzinfo=UTC)


def test_it_holds_from_each_renewal_on() -> None:
    """Not from the taking."""
    taken = lease.taken("anna@laptop", NOW)
    later = NOW + timedelta(seconds=lease.SECONDS)
    assert not taken.expired(later - timedelta(seconds=1))
    assert taken.expired(later)
    assert not taken.renewed(later).expired(later)
    assert taken.given_back(NOW).released


def test_it_says_whose_and_since_when() -> None:
    """With the zone."""
    taken = lease.taken("anna@laptop", NOW)
    assert str(taken) == "anna@laptop, since 2026-11-24 03:10:17 UTC"
    assert taken.end == "2026-11-24 03:12:17 UTC"


def test_what_is_written_is_read() -> None:
    """And two takings are never the same."""
    taken = lease.taken("anna@laptop", NOW)
    assert lease.parse_lease(taken.written()) == taken
    assert lease.taken("anna@laptop", NOW).token != taken.token


@pytest.mark.parametrize("data", [None, b"", b"{", b"[]", b'{"owner": "x"}', b'{"other": 1}'])
def test_what_is_no_lock(data: bytes | None) -> None:
    """Free to take."""
    assert lease.parse_lease(data) is None
