"""What belongs to a function by its name alone, and does not follow it to a new one. Looks only."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...aws.client import Aws
from ...aws.errors import errors
from ..partial import Unknowns
from ..stage import chalice_state
from . import permissions

LED = {  # services that call, and what of Chalice's state says that it made them do so
    "apigateway.amazonaws.com": ("rest_api", "websocket_api"),
    "events.amazonaws.com": ("cloudwatch_event",),
    "s3.amazonaws.com": ("s3_event",),
    "sns.amazonaws.com": ("sns_event",),
}


def sentences(aws: Aws, renamed: Mapping[str, str]) -> list[str]:
    """One for each. What could not be seen is said, too."""
    state, unknown = chalice_state.read_state(aws), Unknowns()
    pairs = ", ".join(f"{old} → {new}" for old, new in renamed.items())
    found = [f"callers that name a function themselves have to name the new one: {pairs}"]
    for old, new in renamed.items():
        found += unknown.ask(f"log group of {old}", lambda old=old: [*_of_log(aws, old)], [])  # type: ignore[misc] # mypy has no defaults
        found += unknown.ask(
            f"callers of {old}", lambda old=old, new=new: [*_callers(aws, old, new, state)], []  # type: ignore[misc] # mypy has no defaults
        )  # fmt: skip
    found += unknown.ask("alarms", lambda: [*_alarms(aws, renamed)], [])
    return [*dict.fromkeys(found), *unknown.sentences()]


def _of_log(aws: Aws, name: str) -> Iterator[str]:
    group, client = f"/aws/lambda/{name}", aws.client("logs")
    with errors(f"looking at log group {group}"):
        there = client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if all(each["logGroupName"] != group for each in there):
            return
        filters = client.describe_metric_filters(logGroupName=group)["metricFilters"]
        readers = client.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    yield f"log group {group} keeps what was logged; the new function logs into one of its own"
    for each in [*filters, *readers]:
        yield f"filter {each['filterName']} of log group {group}"


def _alarms(aws: Aws, names: Mapping[str, str]) -> Iterator[str]:
    with errors("looking at the alarms"):
        pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
        found = [each for page in pages for each in page["MetricAlarms"]]
    for alarm in found:
        for name in sorted(_watched(alarm) & {*names}):
            yield f"alarm {alarm['AlarmName']} watches function {name}"


def _watched(alarm: Mapping[str, Any]) -> set[str]:
    """Functions by name, of the alarm's metric or of several."""
    several = [each.get("MetricStat", {}).get("Metric", {}) for each in alarm.get("Metrics", [])]
    dimensions = [x for metric in [alarm, *several] for x in metric.get("Dimensions", [])]
    return {each["Value"] for each in dimensions if each["Name"] == "FunctionName"}


def _callers(aws: Aws, old: str, new: str, state: Mapping[str, Any]) -> Iterator[str]:
    """Who may call it, but was not made to do so by Chalice."""
    for statement in permissions.statements(aws, old):
        who, source = permissions.principal(statement), permissions.source(statement)
        if not _is_led(who, source, state):
            named = f"{who} ({source})" if source else who
            yield f"{named} calls function {old}: lead it to {new}, which it may call as well"


def _is_led(who: str, source: str, state: Mapping[str, Any]) -> bool:
    made = [x for x in state.get("resources", []) if x.get("resource_type") in LED.get(who, ())]
    values = {str(value) for each in made for value in each.values()}
    return source in values or bool(values & {*re.split("[:/]", source)})
