"""What this checkout has given to the team, so that the next build does not send it again. It
also counts where nothing was read, or the stage does not read its own prefix.

It counts for some days only: S3 removes all by age.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ...settings import paths
from ...settings.model import Settings
from ...util import files
from .bundle import Entry, Name, UnreadableError, entry, row

STEP = "team-store-sent"  # of the record
COUNTS_FOR = timedelta(days=7)


def read(settings: Settings, origin: str) -> dict[Name, Entry]:
    """`origin`: the writer's. A record of another one counts as none."""
    found: dict[Name, Entry] = {}
    for rows in _days(settings, origin).values():
        try:
            found |= {each.name: each for each in map(entry, rows)}
        except (UnreadableError, TypeError, ValueError):
            return {}
    return found


def write(settings: Settings, origin: str, given: Mapping[Name, Entry]) -> None:
    """Beside what was given in the days before."""
    days, today = _days(settings, origin), datetime.now(UTC).strftime("%Y%m%d")
    rows = {each.name: each for each in map(entry, days.get(today, ()))} | dict(given)
    days[today] = [row(each) for each in rows.values()]
    files.write_record(_place(settings), {"origin": origin, "days": days})


def _place(settings: Settings) -> Path:
    return paths.stage_record(settings, STEP)


def _days(settings: Settings, origin: str) -> dict[str, Any]:
    record = files.read_record(_place(settings)) or {}
    days = record.get("days") if record.get("origin") == origin else None
    oldest = (datetime.now(UTC) - COUNTS_FOR).strftime("%Y%m%d")
    return {day: days[day] for day in days if day > oldest} if isinstance(days, dict) else {}
