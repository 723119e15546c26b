"""tasks/commands/invoke.py: a function's answer, as it is shown."""

import json

import pytest

from tasks.commands import invoke


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"body": '{"a": 1}'}, ["{", '  "a": 1', "}"]),
        ({"body": "eyJhIjogMX0=", "isBase64Encoded": True}, ["{", '  "a": 1', "}"]),
        ({"body": "plain"}, ["plain"]),
    ],
)
def test_text_is_shown_also_where_an_api_sends_bytes(answer: object, wanted: list[str]) -> None:
    assert invoke.readable(json.dumps(answer), is_http=True) == wanted


def test_bytes_that_are_no_text_stay_as_they_came() -> None:
    answer = json.dumps({"body": "/w==", "isBase64Encoded": True})
    assert '  "body": "/w==",' in invoke.readable(answer, is_http=True)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"headers": {"Location": "/there"}}, ", to /there"),
        ({"multiValueHeaders": {"location": ["/x", "/there"]}, "headers": None}, ", to /there"),
        ({"headers": {"content-type": "x"}}, ""),
        ({"headers": ["x"]}, ""),
        ({"multiValueHeaders": {"location": 7}}, ""),
    ],
)
def test_where_a_redirect_leads(answer: dict[str, object], wanted: str) -> None:
    assert invoke.to(answer) == wanted
