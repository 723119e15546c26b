"""The functions of a stage and what each of them takes, read from Chalice's state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...settings.validation import closest, nearest
from ...util.errors import InputError
from ..source.declared import Handler

HTTP, PLAIN, WEBSOCKET, AUTHORIZER = "http", "", "websocket", "authorizer"
ROUTES = "api_handler"  # Chalice's name for the function of all routes
# {resource_type of Chalice's state: (kind of event, what names its source)}
SOURCES = {
    "sqs_event": ("sqs", ("queue_arn", "queue")),
    "sns_event": ("sns", ("topic_arn", "topic")),
    "s3_event": ("s3", ("bucket",)),
    "dynamodb_event": ("dynamodb", ("stream_arn",)),
    "kinesis_event": ("kinesis", ("kinesis_arn", "stream")),
    "cloudwatch_event": ("schedule", ("rule_name",)),
}
KINDS = (HTTP, *(kind for kind, _ in SOURCES.values()), WEBSOCKET, AUTHORIZER)
_SOCKETS = ("websocket_connect", "websocket_message", "websocket_disconnect")


@dataclass(frozen=True, kw_only=True)
class Taker:
    """`name`: as in app.py. `function`: Lambda's name of it, `arn` its ARN. `kind`: of event, one
    of KINDS or PLAIN. `source`: name or ARN of the queue, bucket, …, ID of the API. `facts`: what
    app.py says of its events (declared.Handler)."""

    name: str
    function: str
    arn: str
    kind: str = PLAIN
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})" if self.kind else self.name


def of_state(state: Mapping[str, Any], handlers: Iterable[Handler] = ()) -> list[Taker]:
    """Every function that Chalice has deployed, in its order. `handlers`: as app.py declares
    them."""
    declared = {each.name: each for each in handlers}
    resources: list[Mapping[str, str]] = list(state.get("resources", []))
    found = [each for each in resources if each.get("resource_type") == "lambda_function"]
    takers = [_taker(each["name"], each["lambda_arn"], resources) for each in found]
    return [_declared(each, declared.get(each.name)) for each in takers]


def _taker(name: str, arn: str, resources: Sequence[Mapping[str, str]]) -> Taker:
    kind, source = (HTTP, "") if name == ROUTES else _source(name, arn, resources)
    return Taker(name=name, function=arn.rpartition(":")[2], arn=arn, kind=kind, source=source)


def _declared(taker: Taker, handler: Handler | None) -> Taker:
    """With what only app.py says."""
    if handler is None:
        return taker
    kind = AUTHORIZER if handler.kind == AUTHORIZER else taker.kind
    return replace(taker, kind=kind, facts=handler.facts)


def _source(name: str, arn: str, resources: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """(kind, source)"""
    sockets = [each["websocket_api_id"] for each in resources if "websocket_api_id" in each]
    if name in _SOCKETS and sockets:
        return WEBSOCKET, sockets[0]
    for each in resources:
        kind, keys = SOURCES.get(each.get("resource_type", ""), ("", ()))
        if kind and _is_of(each, name, arn):
            return kind, next((each[key] for key in keys if key in each), "")
    return PLAIN, ""


def _is_of(source: Mapping[str, str], name: str, arn: str) -> bool:
    """Chalice notes a function's ARN with its source. With a rule only the function's name."""
    if "lambda_arn" in source:
        return source["lambda_arn"] == arn
    return source["name"] in (f"{name}-event", f"{name}-s3event")


def choose(takers: Sequence[Taker], name: str, kind: str, stage: str) -> Taker:
    """The one that is meant. `name`: '' where nobody typed one. `kind`: '' for any. InputError
    where that is none, or more than one."""
    if name:
        return _named(takers, name, stage)
    fitting = [each for each in takers if not kind or each.kind == kind]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f" for {kind} events" if kind else ""
    if not fitting:
        problem = f"stage {stage} has no function{wanted}. It has: {_listed(takers)}"
        raise InputError(problem, fix="choose one with name=NAME")
    problem = f"stage {stage} has several functions{wanted}: {_listed(fitting)}"
    raise InputError(problem, fix=f"choose one: name={fitting[0].name}")


def _named(takers: Sequence[Taker], name: str, stage: str) -> Taker:
    """By its name in app.py, or Lambda's."""
    found = next((each for each in takers if name in (each.name, each.function)), None)
    if found is None:
        known = [each.name for each in takers] + [each.function for each in takers]
        problem = f"stage {stage} has no function {name}{nearest(name, known)}. "
        fix = f"choose one of them: name={closest(name, known) or known[0]}"
        raise InputError(f"{problem}It has: {_listed(takers)}", fix=fix)
    return found


def _listed(takers: Sequence[Taker]) -> str:
    return ", ".join(map(str, takers))
