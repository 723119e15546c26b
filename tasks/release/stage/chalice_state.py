"""Chalice's state (.chalice/deployed/<stage>.json) in S3, beside the layers.

Chalice finds functions and roles by their names, REST APIs by this state only: without it a fresh
machine makes a second one (chalice#1570). The object holds the state, or, while the stage's first
deploy is under way, who began it. A run of ours that died is told by that from a stranger's API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ...aws import apigateway, lambda_functions, s3
from ...aws.client import Aws
from ...chalice_project import app, deploy
from ...settings import s3_keys
from ...ui.console import say
from ...util import actor, files, typed_json
from ...util.errors import DeployError
from ...util.files import Record
from . import store

# S3's state as this run saw it last. Looks ask once; what changes something asks again.
_SEEN: WeakKeyDictionary[Aws, Record] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class Running:
    """What AWS has of this app and stage. `names`: {resource: function} that could be there.
    `arns`: {resource: ARN} of those that are. `apis`: IDs of the REST APIs that call the function
    of the routes, oldest first."""

    names: Mapping[str, str]
    arns: Mapping[str, str]
    apis: list[str]

    def __bool__(self) -> bool:
        return bool(self.arns or self.apis)

    def __str__(self) -> str:
        found = [f"function {self.names[resource]}" for resource in self.arns]
        return " and ".join([*found, *(f"REST API {api}" for api in self.apis)])


def chalice_names(aws: Aws) -> dict[str, str]:
    """{resource: function} as Chalice would call them: that of the routes, whether the app has any
    or not, and those that it makes beside it."""
    routes = store.function(aws.settings)
    others = {name: f"{routes}-{name}" for name in app.functions(Path())}
    return {"api_handler": routes} | others


def running(aws: Aws) -> Running:
    named = chalice_names(aws)
    found = {
        resource: lambda_functions.configuration(aws, name) for resource, name in named.items()
    }
    arns = {resource: str(each["FunctionArn"]) for resource, each in found.items() if each}
    apis = apigateway.of_function(aws, store.app(aws.settings), named["api_handler"])
    return Running(names=named, arns=arns, apis=apis)


def restore(aws: Aws) -> None:
    """Before a deploy: what this checkout lacks out of S3. DeployError when the state is nowhere
    and something of this app and stage runs all the same."""
    local, noted = deploy.deployed_file(aws.settings.stage), _noted(aws) or {}
    if local.exists() and not _is_outdated(_here(aws), noted):
        return
    if noted.get("resources"):
        why = "gave the stage other functions" if local.exists() else "deployed the app"
        files.write_record(local, noted)
        say(f"{local} taken from S3: another checkout {why}")
        return
    begun, there = noted.get("deploying", {}), running(aws)
    if there and not begun:
        raise _foreign(aws, there)
    if there:
        say(f"{begun['by']} began to deploy on {begun['at']}, which ended early: it is continued")
        adopt(aws, there)
    else:
        at = actor.written(datetime.now(UTC))
        _put(aws, {"deploying": {"by": actor.current_actor(aws.environ), "at": at}})


def refuse_lost_state(aws: Aws) -> None:
    """The same refusal for who only looks."""
    known = deploy.deployed_file(aws.settings.stage).exists() or _noted(aws)
    if not known and (there := running(aws)):
        raise _foreign(aws, there)


def fetch_state(aws: Aws) -> bool:
    """S3's state into this checkout. False when there is none."""
    noted = _noted(aws) or {}
    if noted.get("resources"):
        files.write_record(deploy.deployed_file(aws.settings.stage), noted)
    return bool(noted.get("resources"))


def adopt(aws: Aws, there: Running) -> None:
    """Write down as Chalice would have: it updates these, and makes no second API."""
    state = deploy.state_of(there.arns, there.apis[:1])
    files.write_record(deploy.deployed_file(aws.settings.stage), state)
    for api in there.apis[:1]:
        routes = there.names["api_handler"]
        say(f"REST API {api} calls {routes} already: it is updated, no second one is made")
    for api in there.apis[1:]:
        say(f"REST API {api} calls it, too, and is left alone: delete it if nobody uses it")


def _foreign(aws: Aws, there: Running) -> DeployError:
    stage = aws.settings.stage
    return DeployError(
        f"stage {stage} is running already ({there}), but its record is neither in "
        f"{deploy.deployed_file(stage)} nor in s3://{aws.settings.bucket}",
        fix=f"if it is this app's: ./doitw adopt-state stage={stage} takes it over, then deploy "
        "again. If it is another's: choose another app_name or stage in .chalice/config.json",
    )


def save(aws: Aws, record: Record | None = None) -> None:
    """After a deploy: the state, and our record of what was deployed."""
    s3.ensure_bucket(aws)
    _put(aws, _here(aws))
    if record is not None:
        save_record(aws, record)


def save_record(aws: Aws, record: Record) -> None:
    """What was deployed last, for every machine."""
    s3.put_bytes(aws, store.key(aws.settings, s3_keys.RECORD), files.canonical(record))


def read_state(aws: Aws) -> Record:
    """The state, here or in S3, for who only looks. {} where there is none."""
    here = _here(aws)
    if aws not in _SEEN:
        _noted(aws)
    noted = _SEEN[aws]
    return noted if not here or _is_outdated(here, noted) else here


def is_outdated(aws: Aws) -> bool:
    """Is the state here of before a conversion that another checkout made?"""
    return _is_outdated(_here(aws), _noted(aws) or {})


def _here(aws: Aws) -> Record:
    return files.read_record(deploy.deployed_file(aws.settings.stage)) or {}


def _is_outdated(here: Record, noted: Record) -> bool:
    """Does S3 name another function for the same thing? A conversion gives functions new names. A
    checkout of before it would deploy over the old ones, and lead everything back to them."""
    there = deploy.functions_of(noted)
    return any(there.get(each, name) != name for each, name in deploy.functions_of(here).items())


def configurations(aws: Aws) -> dict[str, dict[str, Any]]:
    """{Lambda function of the stage: its configuration. {} of one that is gone}, sorted."""
    names = sorted(deploy.functions_of(read_state(aws)).values())
    return {name: lambda_functions.configuration(aws, name) or {} for name in names}


def last(aws: Aws) -> Record:
    """The record of the last deploy. {} for none."""
    return _read(aws, s3_keys.RECORD) or {}


def _put(aws: Aws, state: Record) -> None:
    _SEEN[aws] = state
    s3.put_bytes(aws, store.key(aws.settings, s3_keys.STATE), files.canonical(state))


def _noted(aws: Aws) -> Record | None:
    found = _read(aws, s3_keys.STATE)
    _SEEN[aws] = found or {}
    return found


def _read(aws: Aws, name: str) -> Record | None:
    """None for none, and for what is no JSON object."""
    return typed_json.parsed(s3.get_bytes(aws, store.key(aws.settings, name))) or None
