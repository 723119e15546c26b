"""What is wrong with a stage that its versions do not show: a deploy that was cut short, a function
that failed, an API that does not answer. Looks only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...aws import apigateway, lambda_functions, s3_versions
from ...aws.client import Aws
from ...chalice_project import deploy
from ...settings import smoke_request
from ...settings.smoke_request import Request
from ..deployed import api
from ..deployed.api import Answer
from ..stage import chalice_state, lease, lock
from . import attempt, snapshot
from .attempt import Attempt


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
        yield f"{found} was cut short before the app was called: {asks}{back}"
    else:
        yield f"{found} was cut short half-way: ./doitw deploy {stage} continues it{back}"


def _has_before(found: Attempt) -> bool:
    return bool(found.before and found.before.is_kept)


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
    for each in apis:
        stage = snapshot.api_stage(aws)
        way = f"./doitw deploy stage={aws.settings.stage}"
        if not apigateway.deployment(aws, each["rest_api_id"], stage):
            yield f"REST API {each['rest_api_id']} has no stage {stage} (any more): {way}"
        elif problem := _asked(aws, state, str(each.get("rest_api_url", ""))):
            yield f"REST API {each['rest_api_id']} does not answer: {problem}: {way}"


def _asked(aws: Aws, state: Mapping[str, Any], url: str) -> str:
    """'' for any answer but the server's own errors. Only what changes nothing is asked, and of the
    emulator the function itself, where API Gateway's address leads nowhere."""
    reads = [each for each in aws.settings.smoke_requests if each.method in ("GET", "HEAD")]
    address, _ = api.address(aws, url)
    name = deploy.functions_of(state).get("api_handler", "") if aws.settings.is_local else ""
    routes = deploy.routes(aws.settings)
    for request in reads:
        if routes and not api.has(request, routes):
            continue  # a deploy chooses another
        try:
            headers = smoke_request.filled(request, aws.environ)
        except KeyError:  # who only looks has no token for it
            continue
        if address:
            answer = api.by_address(address, request, headers, aws.tls())
        elif name and not api.is_guarded(request, routes):
            answer = api.by_event(aws, name, request, headers, [each.path for each in routes])
        else:
            continue
        if problem := _problem(request, answer, address or name):
            return problem
    return ""


def _problem(request: Request, answer: Answer, asked: str) -> str:
    """Without its words, in which a secret's value may stand."""
    if answer.failure:
        return f"{asked} fails on {request}"
    if answer.status == api.UNREACHED:
        return f"{asked} cannot be reached for {request} ({answer.body})"
    failed = answer.status >= 500 and not request.is_answered(answer.status)
    return f"{asked} answers {answer.status} to {request}" if failed else ""
