"""A stage's deploy lock as it stands in S3: whose, since when, until when."""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from ...ui.visible import one_line
from ...util import actor, files, typed_json

SECONDS = 120  # it holds, from each renewal on


@dataclass(frozen=True, kw_only=True)
class Lease:
    """`token`: this taking's own name. `since`, `until`: seconds of the epoch, by S3's clock.
    `released`: given back."""

    owner: str
    token: str
    since: float
    until: float
    released: bool = False

    def renewed(self, now: datetime) -> "Lease":
        return replace(self, until=(now + timedelta(seconds=SECONDS)).timestamp())

    def given_back(self, now: datetime) -> "Lease":
        return replace(self, until=now.timestamp(), released=True)

    def expired(self, now: datetime) -> bool:
        return now.timestamp() >= self.until

    def written(self) -> bytes:
        return files.canonical(asdict(self))

    def __str__(self) -> str:
        """`anna@laptop, since 2026-11-24 03:10:17 UTC`"""
        owner = one_line(self.owner)
        return f"{owner}, since {actor.written(datetime.fromtimestamp(self.since, UTC))}"

    @property
    def end(self) -> str:
        return actor.written(datetime.fromtimestamp(self.until, UTC))


def taken(owner: str, now: datetime) -> Lease:
    start, token = now.timestamp(), uuid.uuid4().hex
    return Lease(owner=owner, token=token, since=start, until=start).renewed(now)


def parse_lease(data: bytes | None) -> Lease | None:
    """None for none, and for what is no lock of ours: both are free to take."""
    found = typed_json.read_note(Lease, data)
    try:
        return found if f"{found}{found and found.end}" else None
    except (OverflowError, ValueError, OSError):  # a time that is on no calendar
        return None
