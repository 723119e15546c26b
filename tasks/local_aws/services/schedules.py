"""Rules of EventBridge that go at a time: `rate(5 minutes)`, `cron(0 18 ? * MON-FRI *)`, in UTC."""

import calendar
import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from .pushed_events import hand_on

SEEN = "doit_lambda_layer_seen"  # of a rule: when it went last, or was seen first
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def go(now: datetime) -> None:
    """Every rule whose time has come since it was looked at last."""
    for rule in _rules():
        seen = rule.__dict__.setdefault(SEEN, now)
        due = _due(rule.scheduled_expression, seen, now)
        if due and rule.state == "ENABLED":
            hand_on(rule, event(rule, now))
        if due or rule.scheduled_expression.startswith("cron"):
            rule.__dict__[SEEN] = now


def _rules() -> list[Any]:
    from moto.events.models import events_backends

    backends = [each for account in list(events_backends.values()) for each in [*account.values()]]
    buses = [bus for each in backends for bus in [*each.event_buses.values()]]
    return [x for bus in buses for x in [*bus.rules.values()] if x.scheduled_expression]


def event(rule: Any, now: datetime) -> dict[str, Any]:
    """What its function gets (AWS: "Scheduled events")."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }


def _due(expression: str, since: datetime, now: datetime) -> bool:
    if found := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return now - since >= timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    this, last = (each.replace(second=0, microsecond=0) for each in (now, since))
    return this > last and is_time(expression, this)


def is_time(expression: str, now: datetime) -> bool:
    """Does `cron(…)` name this minute? (AWS: "Cron expressions", fields and wildcards)"""
    fields = expression.removeprefix("cron(").rstrip(")").upper().split()
    minutes, hours, days, months, weekdays, years = fields
    return (
        now.minute in _numbers(minutes, 0, 59)
        and now.hour in _numbers(hours, 0, 23)
        and now.month in _numbers(months, 1, 12, _MONTHS)
        and now.year in _numbers(years, 1970, 2199)
        and (days == "?" or now.day in _days(days, now))
        and (weekdays == "?" or now.day in _weekdays(weekdays, now))
    )


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> set[int]:
    """`1,3-5,*/10`"""
    known = names or {}
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = least if first in "*?" else known.get(first) or int(first)
        end = known.get(last) or int(last) if last else (most if step or first in "*?" else start)
        ends = end if end >= start else most + end  # FRI-MON
        found |= {x if x <= most else x - most for x in range(start, ends + 1, int(step or 1))}
    return found


def _days(field: str, now: datetime) -> set[int]:
    """Of this month: also `L`, the last, and `15W`, the weekday nearest to it."""
    last = calendar.monthrange(now.year, now.month)[1]
    if field == "L":
        return {last}
    if field.endswith("W"):
        wanted = last if field == "LW" else int(field[:-1])
        around = sorted(range(1, last + 1), key=lambda day: (abs(day - wanted), day))
        return {next(x for x in around if date(now.year, now.month, x).weekday() < 5)}
    return _numbers(field, 1, last)


def _weekdays(field: str, now: datetime) -> set[int]:
    """Days of this month: also `6L`, the last Friday, and `3#2`, the second Tuesday."""
    if found := re.fullmatch(r"(\w{1,3})(L|#\d)", field):
        days = list(_on(_numbers(found[1], 1, 7, _DAYS), now))
        place = -1 if found[2] == "L" else int(found[2][1:]) - 1
        return set(days[place:][:1])
    return set(_on({7} if field == "L" else _numbers(field, 1, 7, _DAYS), now))


def _on(weekdays: set[int], now: datetime) -> Iterator[int]:
    """Days of this month on these weekdays (1: Sunday)."""
    for day in range(1, calendar.monthrange(now.year, now.month)[1] + 1):
        if date(now.year, now.month, day).isoweekday() % 7 + 1 in weekdays:
            yield day
