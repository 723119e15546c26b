"""What is wrong with a stage that its versions do not show: a deploy that was cut short, a function
that failed, an API that does not answer. Looks only.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...aws import apigateway, lambda_functions, s3_versions
from ...aws.client import Aws
from ...aws.errors import errors
from ...chalice_project import deploy
from ...util import typed_json
from ..stage import chalice_state, lease, lock
from . import attempt, snapshot
from .attempt import Attempt

ANSWER_SECONDS = 10.0


def troubles(aws: Aws) -> list[str]:
    """A sentence for each, with what to type."""
    state = chalice_state.read_state(aws)
    functions = sorted(deploy.functions_of(state).values())
    failed = [line for name in functions for line in _of_function(aws, name)]
    return [*_of_attempt(aws), *failed, *([] if failed else _of_api(aws, state))]


def _of_attempt(aws: Aws) -> Iterator[str]:
    found = snapshot.read(aws)
    stage = f"stage={aws.settings.stage}"
    if found is None or found.ended_well or _is_running(aws):
        return
    back = f"; ./doitw undo {stage} brings back what ran before" if _has_before(found) else ""
    if found.state == attempt.FAILED:
        yield f"{found} does not answer: {found.why}{back}"
    elif found.state == attempt.UNDOING:
        yield f"{found} failed, and its undo was cut short: ./doitw undo {stage} goes on with it"
    elif found.state == attempt.DEPLOYED:
        asks = f"./doitw deploy {stage}"
        yield f"{found} was cut short, nobody asked whether it answers: {asks}{back}"
    else:
        yield f"{found} was cut short half-way: ./doitw deploy {stage} continues it{back}"


def _has_before(found: Attempt) -> bool:
    return bool(found.before and found.before.package)


def _is_running(aws: Aws) -> bool:
    """Somebody has the stage's lock right now."""
    there = s3_versions.read_object(aws, lock.key(aws.settings))
    holder = lease.parse_lease(there.data)
    return bool(holder and not holder.released and not holder.expired(there.at))


def _of_function(aws: Aws, name: str) -> Iterator[str]:
    """`Inactive` is AWS's word for idle."""
    found = lambda_functions.configuration(aws, name) or {}
    way = f"./doitw deploy stage={aws.settings.stage} once that is put right"
    if found.get("State", "Active") == "Failed":
        yield f"function {name} is Failed: {_why(found, 'StateReason')}: {way}"
    elif found.get("LastUpdateStatus") == "Failed":
        yield f"the last update of {name} failed: {_why(found, 'LastUpdateStatusReason')}: {way}"


def _why(found: Mapping[str, Any], reason: str) -> str:
    return str(found.get(reason) or found.get(f"{reason}Code") or "AWS does not say why")


def _of_api(aws: Aws, state: Mapping[str, Any]) -> Iterator[str]:
    apis = [each for each in state.get("resources", []) if "rest_api_id" in each]
    for api in apis:
        stage = snapshot.api_stage(aws)
        way = f"./doitw deploy stage={aws.settings.stage}"
        if not apigateway.deployment(aws, api["rest_api_id"], stage):
            yield f"REST API {api['rest_api_id']} has no stage {stage} (any more): {way}"
        elif problem := _asked(aws, state, str(api.get("rest_api_url", ""))):
            yield f"REST API {api['rest_api_id']} does not answer: {problem}: {way}"


def _asked(aws: Aws, state: Mapping[str, Any], url: str) -> str:
    """'' for any answer but the server's own errors. A path that is no GET's is not asked."""
    path = aws.settings.smoke_path
    if not path.startswith("/"):
        return ""
    if aws.settings.is_local:  # API Gateway's address leads nowhere there
        name = deploy.functions_of(state).get("api_handler", "")
        return _invoked(aws, name, path) if name else ""
    if not url or "AWS_ENDPOINT_URL" in aws.environ:
        return ""
    return _fetched(url.rstrip("/") + path)


def _fetched(url: str) -> str:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):  # noqa: S310 - the API's own
            return ""
    except urllib.error.HTTPError as error:
        return f"{error.code} to GET {url}" if error.code >= 500 else ""
    except OSError as error:
        return f"{url} cannot be reached ({error})"


def _invoked(aws: Aws, name: str, path: str) -> str:
    with errors(f"invoking {name}"):
        answer = aws.client("lambda").invoke(
            FunctionName=name, Payload=json.dumps(_event(path)).encode()
        )
    status = typed_json.parsed(answer["Payload"].read()).get("statusCode")
    if answer.get("FunctionError"):
        return f"{name} fails on GET {path}"
    failed = isinstance(status, int) and status >= 500
    return f"{name} answers {status} to GET {path}" if failed else ""


def _event(path: str) -> dict[str, Any]:
    """As little of API Gateway's as Chalice reads."""
    context = {"resourcePath": path, "httpMethod": "GET", "identity": {}}
    empty = dict.fromkeys(
        ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters",
         "stageVariables", "body")
    )  # fmt: skip
    return {"headers": {}, "requestContext": context, "isBase64Encoded": False, **empty}
