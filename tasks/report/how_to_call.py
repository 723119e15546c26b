"""How a deployed app is called: its address, else a command that works on this machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..chalice_project import app
from ..chalice_project.events import examples, takers
from ..chalice_project.events.takers import HTTP, Taker
from ..settings.model import Settings


def sentence(settings: Settings, state: Mapping[str, Any]) -> str:
    """`state`: Chalice's of the stage. '' where nothing is deployed. Of stage `local` never the
    address that Chalice names, which would be one of the real AWS."""
    found = takers.of_state(state)
    stage = f"stage={settings.stage}"
    if not found:
        return ""
    routes, sockets = address(state), address(state, "websocket_api_url")
    if not (routes or sockets):
        return _by_hand(found, stage)
    if not settings.is_local:
        return routes.rstrip("/") + path() if routes else sockets
    from ..local_aws import control  # which no real stage needs

    if url := control.app_url():
        return f"curl {url}{path()}" if routes else f"{url.replace('http', 'ws', 1)}/"
    here = "an address: ./doitw local-url"
    return f"./doitw invoke event=http {stage}; {here}" if routes else here


def address(state: Mapping[str, Any], kind: str = "rest_api_url") -> str:
    """Of the API, as Chalice knows it. '' for none."""
    return str(next((each[kind] for each in state.get("resources", []) if kind in each), ""))


def path() -> str:
    """One that is likely to answer a plain GET."""
    asked = examples.request_of(app.routes(Path()))
    return asked.path if asked.method == "GET" else "/"


def _by_hand(found: list[Taker], stage: str) -> str:
    """With an example of an event, of the first function that takes one."""
    first = next((each for each in found if each.kind), found[0])
    event = f" event={first.kind}" if first.kind and first.kind != HTTP else ""
    return f"./doitw invoke name={first.name}{event} {stage}"
