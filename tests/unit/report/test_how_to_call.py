"""tasks/report/how_to_call.py: how an app is called, as a deploy and `status` say it."""

from pathlib import Path
from typing import Any

import pytest

from tasks.report import how_to_call
from tasks.settings.model import Settings

ADDRESS = "https://abc.execute-api.eu-west-1.amazonaws.com/api/"
APP = """from chalice import Chalice
app = Chalice(app_name="shop")
@app.route("/items/{item}")
def item(item): ...
@app.route("/ping")
def ping(): ...
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def function(name: str) -> dict[str, str]:
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:shop-{name}"
    return {"name": name, "resource_type": "lambda_function", "lambda_arn": arn}


def said(stage: str, *resources: dict[str, str]) -> str:
    state: dict[str, Any] = {"resources": list(resources)}
    return how_to_call.sentence(Settings(stage=stage), state)


API = (
    function("api_handler"),
    {"name": "rest_api", "resource_type": "rest_api", "rest_api_url": ADDRESS},
)


def test_a_real_stage_has_its_apis_own_address() -> None:
    """With a path that is likely to answer."""
    Path("app.py").write_text(APP)
    assert said("prod", *API) == ADDRESS + "ping"


def test_stage_local_never_has_an_address_of_aws() -> None:
    """Nobody has asked for one of this machine yet."""
    Path("app.py").write_text(APP)
    words = said("local", *API)
    assert "amazonaws" not in words
    assert words == ("./doitw invoke event=http stage=local; an address: ./doitw local-url")


def test_an_app_without_an_api_is_called_with_its_event() -> None:
    rule = {"name": "hourly-event", "resource_type": "cloudwatch_event", "rule_name": "r"}
    hourly = "./doitw invoke name=hourly event=schedule stage=dev"
    assert said("dev", function("plain"), function("hourly"), rule) == hourly
    assert said("dev", function("plain")) == "./doitw invoke name=plain stage=dev"


def test_websockets_have_an_address_as_routes_have() -> None:
    """That of this machine where somebody asked for one."""
    url = "wss://abc.execute-api.eu-west-1.amazonaws.com/api/"
    api = {"name": "websocket_api", "resource_type": "websocket_api", "websocket_api_url": url}
    connect = function("websocket_connect")
    assert said("prod", connect, api) == url
    assert said("local", connect, api) == "an address: ./doitw local-url"


def test_nothing_is_said_of_nothing() -> None:
    assert said("dev") == ""
