"""tasks/chalice_project/events/takers.py: what each function takes, by Chalice's state."""

import pytest

from tasks.chalice_project.events import takers
from tasks.chalice_project.events.takers import Taker
from tasks.chalice_project.source.declared import Handler
from tasks.util.errors import InputError

PLACE = "ap-northeast-2:123456789012"


def function(name: str) -> dict[str, str]:
    arn = f"arn:aws:lambda:{PLACE}:function:shop-dev-{name}"
    return {"name": name, "resource_type": "lambda_function", "lambda_arn": arn}


def source(kind: str, owner: str, **facts: str) -> dict[str, str]:
    arn = function(owner)["lambda_arn"]
    return {"name": f"{owner}-{kind}", "resource_type": kind, "lambda_arn": arn, **facts}


# As Chalice 1.34 writes it (deploy/planner.py).
STATE = {
    "resources": [
        function("api_handler"),
        {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "x"},
        function("plain"),
        function("jobs"),
        source("sqs_event", "jobs", queue="q", queue_arn=f"arn:aws:sqs:{PLACE}:q", event_uuid="u"),
        function("news"),
        source("sns_event", "news", topic="t", topic_arn=f"arn:aws:sns:{PLACE}:t"),
        function("files"),
        source("s3_event", "files", bucket="b"),
        function("rows"),
        source("dynamodb_event", "rows", stream_arn=f"arn:aws:dynamodb:{PLACE}:table/d/stream/1"),
        function("clicks"),
        source("kinesis_event", "clicks", kinesis_arn=f"arn:aws:kinesis:{PLACE}:stream/k"),
        function("hourly"),
        {"name": "hourly-event", "resource_type": "cloudwatch_event", "rule_name": "shop-hourly"},
        function("doorman"),
        function("websocket_message"),
        {"name": "websocket_api", "resource_type": "websocket_api", "websocket_api_id": "w"},
    ]
}  # fmt: skip


def test_every_function_and_its_source() -> None:
    handlers = [Handler(name="doorman", kind="authorizer"), Handler(name="gone", kind="schedule")]
    found = {each.name: (each.kind, each.source) for each in takers.of_state(STATE, handlers)}
    assert found == {
        "api_handler": ("http", ""),
        "plain": ("", ""),
        "jobs": ("sqs", f"arn:aws:sqs:{PLACE}:q"),
        "news": ("sns", f"arn:aws:sns:{PLACE}:t"),
        "files": ("s3", "b"),
        "rows": ("dynamodb", f"arn:aws:dynamodb:{PLACE}:table/d/stream/1"),
        "clicks": ("kinesis", f"arn:aws:kinesis:{PLACE}:stream/k"),
        "hourly": ("schedule", "shop-hourly"),
        "doorman": ("authorizer", ""),
        "websocket_message": ("websocket", "w"),
    }
    assert takers.of_state({}) == []


@pytest.mark.parametrize(
    ("name", "kind", "chosen"),
    [
        ("jobs", "", "jobs"), ("shop-dev-jobs", "", "jobs"), ("", "s3", "files"),
        ("plain", "s3", "plain"),
    ],
)  # fmt: skip
def test_one_is_chosen(name: str, kind: str, chosen: str) -> None:
    """By either of its names, or as the only one of a kind."""
    assert takers.choose(takers.of_state(STATE), name, kind, "dev").name == chosen


def test_the_only_one_need_not_be_named() -> None:
    [only] = takers.of_state({"resources": [function("plain")]})
    assert takers.choose([only], "", "", "dev") == only


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("jbos", "", "no function jbos (did you mean jobs?). It has: api_handler (http), plain"),
        ("", "", "has several functions: api_handler (http), plain, jobs (sqs)"),
        ("", "none", "no function for none events"),
    ],
)
def test_none_or_several_are_an_error(name: str, kind: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        takers.choose(takers.of_state(STATE), name, kind, "dev")
    assert said in error.value.problem


def test_two_of_a_kind_are_named() -> None:
    both = [Taker(name=x, function=x, arn="", kind="sqs") for x in ("one", "two")]
    with pytest.raises(InputError, match=r"several functions for sqs events: one \(sqs\), two"):
        takers.choose(both, "", "sqs", "dev")


def test_the_arrow_takes_the_nearest_name() -> None:
    """The one that the error means."""
    for typed, meant in (
        ("jbos", "jobs"),
        ("zzz", "api_handler"),
        ("shop-dev-job", "shop-dev-jobs"),
    ):
        with pytest.raises(InputError) as error:
            takers.choose(takers.of_state(STATE), typed, "", "dev")
        assert error.value.fix == f"choose one of them: name={meant}"
