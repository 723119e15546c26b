"""tasks/local_aws/services/schedules.py: when a rule goes."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.local_aws.services import schedules


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "goes", "not_at"),
    [
        ("cron(0 18 ? * MON-FRI *)", "2026-11-27 18:00", "2026-11-28 18:00"),
        ("cron(0/15 * * * ? *)", "2026-11-28 03:45", "2026-11-28 03:46"),
        ("cron(*/10 8-17 * * ? *)", "2026-11-28 17:50", "2026-11-28 18:00"),
        ("cron(5,35 12 1 1,JUL ? *)", "2026-07-01 12:35", "2026-08-01 12:35"),
        ("cron(0 0 L * ? *)", "2028-02-29 00:00", "2028-02-28 00:00"),
        ("cron(0 0 15W * ? *)", "2026-11-16 00:00", "2026-11-15 00:00"),  # the 15th is a Sunday
        ("cron(0 0 1W * ? *)", "2026-08-03 00:00", "2026-08-01 00:00"),  # stays in its month
        ("cron(0 0 ? * 6L *)", "2026-11-27 00:00", "2026-11-20 00:00"),
        ("cron(0 0 ? * 3#2 *)", "2026-11-10 00:00", "2026-11-17 00:00"),
        ("cron(0 0 ? * FRI-MON *)", "2026-11-29 00:00", "2026-12-01 00:00"),
        ("cron(0 0 1 1 ? 2027-2029)", "2028-01-01 00:00", "2030-01-01 00:00"),
        ("cron(30 9 ? JAN,DEC sat *)", "2026-12-05 09:30", "2026-12-06 09:30"),
    ],
)
def test_cron_names_minutes(expression: str, goes: str, not_at: str) -> None:
    """As AWS's "Cron expressions" says; a Sunday is day 1."""
    assert schedules.is_time(expression, at(goes))
    assert not schedules.is_time(expression, at(not_at))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(schedules, "hand_on", lambda rule, event: found.append(event))
    return found


def rule(expression: str, state: str = "ENABLED") -> Any:
    return SimpleNamespace(
        scheduled_expression=expression, state=state, account_id="1", region_name="r", arn="arn:x"
    )


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [("rate(1 minute)", 3), ("rate(2 hours)", 360), ("rate(1 day)", 4320)],
)
def test_a_rate_goes_once_in_its_time(
    expression: str, minutes: int, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the first time when its time has passed once."""
    one, start = rule(expression), at("2026-11-28 12:00")
    monkeypatch.setattr(schedules, "_rules", lambda: [one])
    for step in range(601):
        schedules.go(start + timedelta(minutes=minutes) * step / 600)
    assert len(sent) == 3
    assert (sent[0]["detail-type"], sent[0]["resources"]) == ("Scheduled Event", ["arn:x"])


def test_cron_goes_once_in_its_minute(sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the clock looks; and not in the minute in which it was made."""
    rules = [rule("cron(1 12 * * ? *)"), rule("cron(0 12 * * ? *)"), rule("rate(1 minute)", "OFF")]
    monkeypatch.setattr(schedules, "_rules", lambda: rules)
    for seconds in range(0, 180, 5):
        schedules.go(at("2026-11-28 12:00") + timedelta(seconds=seconds))
    assert [each["time"] for each in sent] == ["2026-11-28T12:01:00Z"]
