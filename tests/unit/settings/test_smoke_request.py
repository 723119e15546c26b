"""What smoke asks for: a path, or tables in pyproject.toml."""

from pathlib import Path

import pytest

from tasks.context.settings import load_settings
from tasks.settings import smoke_request
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.util.errors import SettingsError

TABLES = """
[[tool.lambda-layer.smoke]]
path = "/health"
json = { status = "ok", "checks.database" = true }

[[tool.lambda-layer.smoke]]
path = "/orders?limit=1"
method = "POST"
body = "{}"
headers = { Authorization = "Bearer ${TOKEN}" }
status = 201

[[tool.lambda-layer.stages.dev.smoke]]
path = "/me"
status = [401, 403]
"""


def read(folder: Path, text: str, **typed: str) -> Settings:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return load_settings(folder, {}, typed)


def test_a_path_is_one_get() -> None:
    """A method may stand before it; `none` asks for nothing."""
    assert smoke_request.of_path("/health") == (Request(path="/health"),)
    assert smoke_request.of_path("POST /hook") == (Request(path="/hook", method="POST"),)
    assert smoke_request.of_path("none") == ()


@pytest.mark.parametrize("value", ["/", "none", "POST /hook", "HEAD /a?b=1"])
def test_what_smoke_path_may_be(value: str, tmp_path: Path) -> None:
    assert read(tmp_path, f'[tool.lambda-layer]\nsmoke-path = "{value}"\n').smoke_path == value


@pytest.mark.parametrize("value", ["", "health", "None", "GRAB /x", "post /x", "/a b", "GET"])
def test_what_it_may_not(value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="smoke-path"):
        read(tmp_path, f'[tool.lambda-layer]\nsmoke-path = "{value}"\n')


def test_tables_are_requests(tmp_path: Path) -> None:
    """A stage's come in place of those for all; settings stay something that can be compared."""
    settings = read(tmp_path, TABLES)
    first, second = settings.smoke
    assert str(first) == "GET /health"
    assert first.json == (("status", '"ok"'), ("checks.database", "true"))
    assert (second.method, second.body, second.status) == ("POST", "{}", (201,))
    assert second.headers == (("Authorization", "Bearer ${TOKEN}"),)
    [of_dev] = read(tmp_path, TABLES, stage="dev").smoke
    assert of_dev.wants_refusal
    assert hash(settings) == hash(read(tmp_path, TABLES))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "1: path is not a path, from / on"),
        ('path = "x"', "path is not a path, from / on"),
        ('path = "/"\nmethod = "get"', "method is not one of GET"),
        ('path = "/"\nstatus = "200"', "status is not a number from 100 to 599"),
        ('path = "/"\nstatus = []', "status is not a number from 100 to 599"),
        ('path = "/"\nstatus = [200, 999]', "status is not a number from 100 to 599"),
        ('path = "/"\nheaders = ["a"]', "headers is not a table of names and texts"),
        ('path = "/"\nheaders = { "a b" = "c" }', "headers is not a table of names and texts"),
        ('path = "/"\nheaders = { a = "b\\r\\nc" }', "headers is not a table of names and texts"),
        ('path = "/"\nbody = 1', "body is not text"),
        ('path = "/"\njson = 1', "json is not a table of names and values"),
        ('path = "/"\nhost = "x"', "host is not one of path, method"),
    ],
)
def test_each_mistake_is_named(line: str, said: str, tmp_path: Path) -> None:
    """With the number of its table; no value is shown, which may be a credential."""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, f"[[tool.lambda-layer.smoke]]\n{line}\n")
    assert f"[tool.lambda-layer]: smoke: 1: {said.removeprefix('1: ')}" in str(caught.value)


@pytest.mark.parametrize("value", ["1", '"/health"', '["/health"]', "{ path = 1 }"])
def test_it_is_a_list_of_tables(value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not a list of tables"):
        read(tmp_path, f"[tool.lambda-layer]\nsmoke = {value}\n")


def test_what_is_expected() -> None:
    """Any 2xx, or the statuses that are named; fields of JSON by their dotted names."""
    any_good = Request(path="/", json=(("a.b", "1"), ("c", '"x"')))
    assert [any_good.is_answered(status) for status in (199, 200, 299, 302)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert any_good.missing('{"a": {"b": 1}, "c": "x"}') == []
    assert any_good.missing('{"a": 1, "c": "y"}') == ["a.b is null, not 1", 'c is "y", not "x"']
    assert any_good.missing("<html>") == ["the answer is not JSON"]
    named = Request(path="/", status=(401, 403))
    assert named.is_answered(403)
    assert not named.is_answered(200)
    assert named.missing("<html>") == []


def test_variables_are_filled_in() -> None:
    """So that no token stands in the file."""
    request = Request(path="/", headers=(("Authorization", "Bearer ${TOKEN}"), ("A", "$B")))
    assert smoke_request.filled(request, {"TOKEN": "t"}) == {"Authorization": "Bearer t", "A": "$B"}
    with pytest.raises(KeyError, match="TOKEN"):
        smoke_request.filled(request, {})
