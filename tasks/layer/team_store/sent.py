"""What this checkout has given to the team, so that the next build does not send it again. It
also counts where nothing was read, or the stage does not read its own prefix.

It counts for some days only: S3 removes all by age.
"""

from collections.abc import Collection, Mapping
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
    return {each.name: each for day in _days(settings, origin).values() for each in day}


def write(
    settings: Settings, origin: str, given: Mapping[Name, Entry], lost: Collection[str] = ()
) -> None:
    """Beside what was given in the days before. `lost`: packs that are gone."""
    days, today = _days(settings, origin), datetime.now(UTC).strftime("%Y%m%d")
    days[today] = [*({each.name: each for each in days.get(today, ())} | dict(given)).values()]
    rows = {day: [row(e) for e in each if e.pack not in lost] for day, each in days.items()}
    files.write_record(_place(settings), {"origin": origin, "days": rows})


def _place(settings: Settings) -> Path:
    return paths.stage_record(settings, STEP)


def _days(settings: Settings, origin: str) -> dict[str, list[Entry]]:
    record = files.read_record(_place(settings)) or {}
    days = record.get("days") if record.get("origin") == origin else None
    now = datetime.now(UTC)
    oldest, today = ((now - age).strftime("%Y%m%d") for age in (COUNTS_FOR, timedelta()))
    counts = days.items() if isinstance(days, dict) else ()
    # no day to come: the clock was ahead then
    return {day: _entries(rows) for day, rows in counts if oldest < day <= today}


def _entries(rows: Any) -> list[Entry]:
    """[] for what another version of this tool wrote."""
    try:
        return [entry(each) for each in rows]
    except (UnreadableError, TypeError, ValueError):
        return []
