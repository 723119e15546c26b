"""Where entries of the store here came from.

What a writer of the team made lies in a folder of its own, `<kind>@<origin>`. It counts only where
that writer is trusted, also in a later run, in another stage and in another checkout. The record of
a step names the origins of all that it rests on.
"""

import os
from pathlib import Path

from ...settings import paths
from ...settings.model import LOCAL, OFF, Settings
from ...util import files

AT = "@"
STEP = "team-store"  # of the record that says whose prefix is a stage's own
_USED: set[str] = set()  # by this run


def origin(settings: Settings, writer: str) -> str:
    """Names of buckets are unique in a partition of AWS. Another partition, and what stands in for
    AWS, has others of the same names, and other people may write to them."""
    place = [_partition(settings.region), endpoint(), settings.bucket]
    return files.digest([*place, writer])[:16]


def _partition(region: str) -> str:
    """`cn`, `us-gov`, …, '' for the one of all others. By its regions' names: botocore, which has
    a list, takes too long for a run that asks nothing of AWS."""
    area = region.rsplit("-", 2)[0]
    return area if area == "cn" or "-" in area else ""


def endpoint() -> str:
    """What stands in for AWS, '' for AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def folder(kind: str, origin: str) -> str:
    """Of entries of a kind. `origin`: '' for what was made here."""
    return f"{kind}{AT}{origin}" if origin else kind


def of(path: Path) -> str:
    """'' for an entry that was made here."""
    return path.parent.name.partition(AT)[2]


def note(path: Path) -> None:
    """This run rests on that entry."""
    _USED.update(filter(None, [of(path)]))


def used() -> list[str]:
    """For a step's record: what it and those before it rest on."""
    return sorted(_USED)


def forget() -> None:
    """The next run begins."""
    _USED.clear()


def trusted(settings: Settings) -> tuple[str, ...]:
    """Those that the stage trusts. Nothing of AWS is behind stage local: it takes what any stage of
    this checkout takes."""
    if settings.team_store == OFF:
        return ()
    writers = settings.store_trust or (named_writer(settings),)
    known = [*filter(None, writers)] or _remembered(settings)
    return tuple(origin(settings, each) for each in known)


def named_writer(settings: Settings) -> str:
    """Whose prefix is the stage's own as far as settings say it, '' if only AWS knows."""
    return settings.store_writer or settings.role.rpartition("/")[2]


def remember(settings: Settings, writer: str) -> None:
    """As AWS says who this is: later runs that do not ask it know it, too."""
    files.write_record(paths.stage_record(settings, STEP), {"writer": writer})


def _remembered(settings: Settings) -> list[str]:
    place = paths.stage_record(settings, STEP)
    places = place.parent.glob("*.json") if settings.stage == LOCAL else [place]
    records = [files.read_record(each) or {} for each in sorted(places)]
    return [str(each["writer"]) for each in records if each.get("writer")]


def are_trusted(settings: Settings, step: str) -> bool:
    """All that the last run of this step rests on?"""
    record = files.read_record(paths.record(settings, step)) or {}
    return {*record.get("origins", ())} <= {*trusted(settings)}
