"""smoke: the deployed function is asked for a path, as API Gateway would ask it."""

import base64
import json
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..aws import lambda_functions, secrets_manager
from ..aws.client import Aws
from ..aws.errors import errors
from ..chalice_project import deploy
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.undo import snapshot, watch
from ..report import cold_start, deploy_summary
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import duration, say
from ..util import files
from ..util.errors import DeployError

SHOWN = 10  # lines of the function's own log


def task_smoke() -> dict[str, object]:
    """GET smoke-path (/health) of the deployed function; anything but 2xx fails."""
    settings = current()
    return {
        "actions": [action(lambda: ask_and_judge(connect(settings)))],
        "task_dep": ["chalice-deploy"],
        "meta": {"last_words": lambda: deploy_summary.of_deploy(settings)},
    }


def task_smoke_before() -> dict[str, object]:
    """Ask what runs now, before it is changed: what does not answer is nothing to go back to."""
    settings = current()
    return {
        "basename": "smoke-before",
        "actions": [action(lambda: snapshot.ask_before(connect(settings), run))],
        "setup": ["deploy-lock"],
    }


def ask_and_judge(aws: Aws) -> None:
    """DeployError where it does not answer, or takes longer to start than `max-init` allows. On the
    embedded AWS this machine is what takes long. A slow start is not undone: the app answers."""
    settings = aws.settings
    watch.watch(aws, run)
    record = files.read_record(paths.stage_record(settings, "smoke")) or {}
    if not settings.is_local and "start" in record:
        start = cold_start.Start(**record["start"])
        cold_start.check(start, settings.max_init, record["function"], _back(settings))


def _back(settings: Settings) -> str:
    return f"go back with ./doitw rollback stage={settings.stage}"


def run(aws: Aws, way: str = "") -> files.Record:
    """Record {"function", "status", "body", "start"}. DeployError with the function's own error;
    `way`: out of it, where this version is bad: for a deploy, which is what asks unless it says so,
    back."""
    settings = aws.settings
    way = way or _back(settings)
    deployed = deploy.functions(settings.stage)
    name = deployed.get("api_handler")
    if name is None:
        return find_functions(aws, sorted(deployed.values()))
    started = time.monotonic()
    answer = call_function(aws, name, settings.smoke_path, way)
    took = duration(time.monotonic() - started)
    status, body = answer["statusCode"], answer["body"]
    if not 200 <= status < 300:
        problem = f"{name} answered {status} to GET {settings.smoke_path}: {body}"
        raise _failed(problem, answer, way)
    say(f"{name}: GET {settings.smoke_path} → {status} in {took}")
    start = cold_start.read(answer["log"])
    say(start.sentence)
    for line in pretty(body):
        say(line)
    record = {"function": name, "status": status, "body": body, "start": asdict(start)}
    files.write_record(paths.stage_record(settings, "smoke"), record)
    return record


def find_functions(aws: Aws, names: list[str]) -> files.Record:
    """Record {"functions"} of an app without an API: an event would do its work, so none is sent.
    DeployError where nothing is deployed or one is not ready."""
    settings = aws.settings
    if not names:
        fix = f"run ./doitw deploy stage={settings.stage}, then the same again"
        raise DeployError(f"stage {settings.stage} has no function to look at", fix=fix)
    for name in names:
        found = lambda_functions.configuration(aws, name) or {}
        if found.get("State") not in lambda_functions.READY:
            fix = f"look at it in the console, then run ./doitw smoke stage={settings.stage} again"
            raise DeployError(f"{name} is {found.get('State', 'not there')}", fix=fix)
    say(f"no API to ask; ready for their events: {', '.join(names)}")
    record = {"functions": names}
    files.write_record(paths.stage_record(settings, "smoke"), record)
    return record


def call_function(aws: Aws, function: str, path: str, way: str) -> dict[str, Any]:
    """The function's answer, its body as text, with its log under "log"; neither shows a value of
    the stage's secret. DeployError when it raised or died."""
    hidden = secrets_manager.hider(aws, function)
    with errors(f"invoking {function}"):
        response = aws.client("lambda").invoke(
            FunctionName=function, LogType="Tail", Payload=json.dumps(event(path)).encode()
        )
    payload = json.loads(response["Payload"].read() or b"null")
    log = hidden(_decoded(response.get("LogResult", "")))
    if response.get("FunctionError") or not isinstance(payload, dict):
        what = payload.get("errorMessage") if isinstance(payload, dict) else payload
        kind = payload.get("errorType", "error") if isinstance(payload, dict) else "answer"
        said = hidden(f"{function} failed on GET {path}: {kind}: {what}")
        raise _failed(said, {"log": log}, way)
    return payload | {"log": log, "body": hidden(_body(payload))}


def _body(payload: dict[str, Any]) -> str:
    body = str(payload.get("body") or "")
    with suppress(ValueError):  # an app may say so of what is none
        return _decoded(body) if payload.get("isBase64Encoded") else body
    return body


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode(errors="replace")


def _failed(problem: str, answer: dict[str, Any], way: str) -> DeployError:
    tail = "\n".join(answer.get("log", "").strip().splitlines()[-SHOWN:])
    return DeployError(
        problem + (f"\nits log ends with:\n{tail}" if tail else ""),
        fix=f"{way}, or correct the app and deploy again",
    )


def event(path: str) -> dict[str, Any]:
    """API Gateway's REST proxy event for a GET, as far as Chalice reads it
    (AWS: "Lambda proxy integrations in API Gateway")."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {"accept": "*/*"},
        "multiValueHeaders": {"accept": ["*/*"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "path": path,
            "httpMethod": "GET",
            "requestId": "smoke",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def pretty(body: str) -> list[str]:
    """JSON indented, other text as it is; at most 40 lines."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        text = body
    return text.splitlines()[:40]
