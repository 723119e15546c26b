"""`doit invoke`: one function of a stage is called, with a file's event or an example."""

import base64
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..aws import lambda_functions, secrets_manager
from ..aws.client import Aws
from ..aws.lambda_functions import Invoked
from ..chalice_project import app
from ..chalice_project.events import examples, takers
from ..chalice_project.events.takers import HTTP, KINDS, WEBSOCKET, Taker
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..release.stage import chalice_state
from ..settings import smoke_request
from ..ui.console import detail, say
from ..util import input_files, source_location, typed_json
from ..util.errors import DeployError, InputError

SHOWN = 200  # lines of an answer
GONE = "WebsocketDisconnectedError"  # Chalice's, of who writes to a connection that is not there
_FRAME = re.compile(r'File ".*?/task/(?!chalice/)([^"]+)", line (\d+)')  # of the app's own code


def task_invoke() -> dict[str, object]:
    """Call a function with an event."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: run(connection.connect_read_only(settings), typed))]}


def run(aws: Aws, typed: Arguments) -> None:
    """InputError for a function or a file that is none. DeployError where the function fails."""
    kind = typed.event if typed.event in KINDS else HTTP if typed.path else ""
    found = of_stage(aws)
    taker = takers.choose(found, typed.name, kind, aws.settings.stage)
    is_file = bool(typed.event) and not kind
    event = read_event(Path(typed.event)) if is_file else made(_near(aws, taker), kind, typed)
    for line in json.dumps(event, indent=2, ensure_ascii=False).splitlines():
        detail(line)
    hide = secrets_manager.hider(aws, taker.function)
    show(taker, lambda_functions.invoke(aws, taker.function, event).hidden(hide), aws)


def of_stage(aws: Aws) -> list[Taker]:
    """The stage's functions. DeployError where there are none."""
    found = takers.of_state(chalice_state.read_state(aws), app.handlers(Path()))
    if not found:
        stage = aws.settings.stage
        fix = f"./doitw deploy stage={stage}"
        raise DeployError(f"nothing is deployed to stage {stage}", fix=fix)
    return found


def _near(aws: Aws, taker: Taker) -> Taker:
    """On the emulator an app answers connections there (local_aws/gateway/websocket.py)."""
    if taker.kind != WEBSOCKET or not aws.settings.is_local:
        return taker
    host = urlsplit(aws.environ.get("AWS_ENDPOINT_URL", "")).netloc
    return replace(taker, source=f"{host}/local")


def made(taker: Taker, kind: str, typed: Arguments) -> Any:
    """An example: of the kind that was typed, else of the function's own."""
    kind = kind or taker.kind
    if taker.kind and kind != taker.kind:
        problem = f"{taker.name} takes {taker.kind} events, no {kind} events"
        raise InputError(problem, fix=f"say event={taker.kind}, or name a file: event=FILE")
    if kind != HTTP:
        return examples.make(kind, taker)
    asked = smoke_request.of_path(typed.path)[0] if typed.path else None
    return examples.http(app.routes(Path()), asked)


def read_event(path: Path) -> Any:
    """JSON. InputError says where it is none."""
    try:
        text = input_files.read_text(path)
        return json.loads(text)
    except FileNotFoundError:
        problem = f"event={path} is no file, and no kind of event ({', '.join(KINDS)})"
        raise InputError(problem, fix="write the event into a file, or say a kind") from None
    except json.JSONDecodeError as error:
        place = source_location.at(path, error.lineno, column=error.colno)
        problem = source_location.below(f"{path} is not JSON: {error}", place)
        raise InputError(problem, fix=f"correct {path}, then run the command again") from None
    except (ValueError, RecursionError) as error:
        fix = f"correct {path}, then run the command again"
        raise InputError(f"{path} is not JSON: {error}", fix=fix) from None


def show(taker: Taker, answer: Invoked, aws: Aws) -> None:
    """Its log, then its answer. DeployError where it raised, or answers a request with 5xx."""
    stage = f"stage={aws.settings.stage}"
    for line in answer.log.splitlines():
        say(line)
    told = typed_json.parsed(answer.payload.encode())
    status = told.get("statusCode")
    said = f"{taker.function} answers" + (f" {status}{to(told)}" if taker.kind == HTTP else "")
    if answer.failed:
        problem = f"{taker.function} failed: {failure(answer.payload)}"
        if taker.kind == WEBSOCKET and GONE in answer.payload:
            fix = "the example's connection is made up. Connect a client to the address in"
            raise DeployError(problem, fix=f"{fix} ./doitw status {stage}")
        raise DeployError(problem, fix=f"correct the app, then ./doitw deploy {stage}")
    say(f"{said}:")
    for line in readable(answer.payload, is_http=taker.kind == HTTP):
        say(line)
    if taker.kind == HTTP and isinstance(status, int) and status >= 500:
        fix = f"its log says why: ./doitw logs name={taker.name} {stage}"
        raise DeployError(said, fix=fix)


def to(told: Mapping[str, Any]) -> str:
    """`, to ADDRESS` where an answer sends elsewhere."""
    several, single = (told.get(each) or {} for each in ("multiValueHeaders", "headers"))
    if not isinstance(several, dict) or not isinstance(single, dict):
        return ""
    given = {name: values[-1:] for name, values in several.items() if isinstance(values, list)}
    given |= {name: [value] for name, value in single.items()}
    found = [
        value for name, values in given.items() if name.lower() == "location" for value in values
    ]
    return f", to {found[0]}" if found else ""


def failure(payload: str) -> str:
    """`KeyError: 'x'`, and the last line of the app's own that led there."""
    told = typed_json.parsed(payload.encode())
    what = ": ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key))
    own = _FRAME.findall("".join(map(str, told.get("stackTrace") or [])))
    if not own:
        return what or payload
    file, line = own[-1]
    place = source_location.at(Path(file), int(line)) if Path(file).is_file() else None
    return source_location.below(what, place) if place else f"{what}\n  --> {file}:{line}"


def _decoded(body: str) -> str:
    """As an API with the binary type `*/*` answers JSON, too. '' for what is no text."""
    with suppress(ValueError):
        return base64.b64decode(body).decode()
    return ""


def readable(payload: str, *, is_http: bool) -> list[str]:
    """JSON indented. Of an answer to a request its body, if that is text."""
    told = typed_json.parsed(payload.encode())
    text = str(told.get("body", "")) if is_http else payload
    if is_http and told.get("isBase64Encoded"):
        text = _decoded(text) or payload
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text.splitlines()[:SHOWN]
