"""tasks/aws/secrets_manager.py: a secret becomes variables, and its values are shown nowhere."""

import html
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest

from tasks.aws.secrets_manager import LIMIT, Secret, check_size, hide, parse_secret, shadowed
from tasks.util.errors import AwsError

VALUE = "s3cr3t-Wörd/&\"'\\ x"


def secret(**values: str) -> Secret:
    return Secret(name="shuking/prod", version="v1", values=values)


def test_text_numbers_and_truth_become_variables() -> None:
    """As they are written: AWS's own secrets of databases have a number for the port."""
    found = parse_secret("s", "v1", '{"HOST": "db", "PORT": 5432, "RATIO": 1.50, "TLS": true}')
    assert found.values == {"HOST": "db", "PORT": "5432", "RATIO": "1.50", "TLS": "true"}
    assert found.facts == {"name": "s", "version": "v1", "names": ["HOST", "PORT", "RATIO", "TLS"]}


@pytest.mark.parametrize(
    "text", ["", VALUE, f'["{"x" * 20}"]', '"text"', "1", "null", '{"A1": NaN}']
)
def test_what_is_no_object(text: str) -> None:
    """Refused, without a word of it."""
    with pytest.raises(AwsError, match="secret s is not a JSON object") as caught:
        parse_secret("s", "v1", text)
    assert len(text) < 9 or text not in str(caught.value)


DEEP = 100_000


@pytest.mark.parametrize("text", ["[" * DEEP + "]" * DEEP, '{"A1":' * DEEP + "1" + "}" * DEEP])
def test_levels_without_end(text: str) -> None:
    """Python follows a thousand; nothing but an error in words comes of more."""
    for each in (text, f'{{"AA": {text}}}', text[:DEEP]):
        with pytest.raises(AwsError, match="secret s is not a JSON object"):
            parse_secret("s", "v1", each)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r'{"AA": "x\ud800"}', "the value of AA holds half a character"),
        (r'{"AA": "\udfff x"}', "the value of AA holds half a character"),
        (r'{"A\ud800": "x"}', "secret s: "),
        (r'{"AA": "\ud800", "BB": "x\u0000"}', "half a character; the value of BB holds a NUL"),
    ],
)
def test_half_a_character(text: str, words: str) -> None:
    """Named by its key, in an error that can be printed and sent."""
    with pytest.raises(AwsError, match=words) as caught:
        parse_secret("s", "v1", text)
    assert str(caught.value).encode(errors="backslashreplace")


def test_a_whole_character_of_two_halves_and_a_long_number() -> None:
    found = parse_secret("s", "v1", rf'{{"AA": "\ud83d\ude00", "BB": {"1" * 5000}}}')
    assert found.values == {"AA": "\U0001f600", "BB": "1" * 5000}


def test_every_key_that_lambda_refuses_is_named_at_once() -> None:
    """The names only."""
    bad = {
        "A": "1",
        "a-b": VALUE,
        "AWS_REGION": VALUE,
        "LIST": [VALUE],
        "NONE": None,
        "NUL": "a\0b",
    }
    with pytest.raises(AwsError) as caught:
        parse_secret("s", "v1", json.dumps({"GOOD": "1", **bad}))
    for name in bad:
        assert name in str(caught.value)
    assert "GOOD" not in str(caught.value)
    assert VALUE not in str(caught.value)


def test_the_size_is_that_of_all_variables_together() -> None:
    """With config.json's; the largest are named."""
    empty = len(json.dumps({"BIG": "", "OTHER": "x"}, separators=(",", ":")))
    fits = secret(BIG="ü" * ((LIMIT - empty) // 2))
    check_size(fits, {"OTHER": "x"}, "api_handler")
    with pytest.raises(AwsError, match=r"api_handler: .* take 409[78] bytes") as caught:
        check_size(fits, {"OTHER": "xyz"}, "api_handler")
    assert "(largest: BIG)" in caught.value.fix


def test_names_that_config_json_has_otherwise() -> None:
    assert shadowed(secret(AA="1", BB="2"), {"AA": "1", "BB": "x", "CC": "y"}) == ["BB"]


def test_no_repr_shows_a_value() -> None:
    """A traceback's locals are printed by some tools."""
    assert VALUE not in repr(secret(AA=VALUE))


PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
ACCOUNT = json.dumps({"type": "service_account", "keys": [{"private_key": PEM}]})
WRITERS: list[Callable[[str], str]] = [
    str, json.dumps, repr, ascii, partial(json.dumps, ensure_ascii=False),
    lambda text: json.dumps({"KEY": text}), lambda text: repr({"KEY": text}),
    lambda text: repr(text.encode()), lambda text: repr([text.encode()]),
    lambda text: text.replace("/", "\\/"),  # PHP's JSON
]  # fmt: skip


def of_go(text: str) -> str:
    """Its JSON, safe within HTML."""
    return json.dumps(text).replace("&", "\\u0026").replace("'", "\\u0027")


@pytest.mark.parametrize(
    "value", [VALUE, "lí\U0001f600nea-s3cr3t", "s3cr3t\\\\\"\t\r\n'-tail", ACCOUNT]
)
@pytest.mark.parametrize("first", [*WRITERS, html.escape, quote, of_go])
@pytest.mark.parametrize("second", WRITERS)
def test_values_are_hidden_however_often_they_are_quoted(
    value: str, first: Callable[[str], str], second: Callable[[str], str]
) -> None:
    """AWS answers "String measured: {…}" when variables are too large, the body of an API's answer
    is JSON in JSON, and so is a line of a log."""
    said = hide(f"String measured: {second(f'bad config {first(value)}')}!", {"KEY": value})
    assert said.startswith("String measured: ")
    assert said.endswith("!")
    for word in ("s3cr3t", "MIIEv", "private_key", "tail", "nea"):
        assert word not in said


@pytest.mark.parametrize("written", WRITERS)
def test_what_a_value_of_json_holds_is_hidden_by_itself(written: Callable[[str], str]) -> None:
    """As a library's traceback prints the key that it cannot read."""
    assert "MIIEv" not in hide(f"Could not deserialize key data: {written(PEM)}", {"KEY": ACCOUNT})


def test_the_rest_of_a_text_stays() -> None:
    """JSON with a value in it is JSON without it."""
    said = json.dumps({"body": json.dumps({"a": f"x {VALUE} y", "b": "n"})})
    assert json.loads(json.loads(hide(said, {"KEY": VALUE}))["body"]) == {"a": "x *** y", "b": "n"}


def test_backslashes_without_end() -> None:
    """A pattern that tries each way to share them out would take for ever."""
    value = "a\\" + '"\\' * 50 + "b"
    assert hide("\\" * 100_000, {"KEY": value}) == "\\" * 100_000


def test_a_value_in_several_lines_is_hidden_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQ\nIBADAN\n-----END KEY-----"
    assert [hide(line, {"KEY": key}) for line in key.splitlines()] == ["***"] * 4


def test_a_value_within_another() -> None:
    """The longer one goes first, so that nothing of it is left."""
    assert hide("x=abcdef", {"AA": "abcd", "BB": "abcdef"}) == "x=***"


def test_short_values_are_hidden_beside_their_name() -> None:
    """Anywhere else they would take the text to pieces."""
    text = "{\"AA\": \"1\", 'BB': '22'} AA=1 11 of 22"
    assert hide(text, {"AA": "1", "BB": "22", "CC": ""}) == (
        "{\"AA\": \"***\", 'BB': '***'} AA=*** 11 of 22"
    )


def test_a_function_that_is_an_image_takes_no_pythonpath() -> None:
    """One that names the layer would do for a layer."""
    text = '{"PYTHONPATH": "/var/task/lib:/opt/python"}'
    assert parse_secret("s", "v", text).values
    with pytest.raises(AwsError, match="PYTHONPATH"):
        parse_secret("s", "v", text, image=True)


def test_a_variable_that_takes_the_layer_away() -> None:
    """As in config.json; its value is not said."""
    with pytest.raises(AwsError, match="PYTHONPATH takes the layer from the functions") as caught:
        parse_secret("s", "v1", f'{{"PYTHONPATH": "/{VALUE[:6]}", "PYTHONUNBUFFERED": "1"}}')
    assert VALUE[:6] not in str(caught.value)
    assert "PYTHONUNBUFFERED" not in str(caught.value)
