"""What of an app a rollback moves and what it leaves, where that is more than one layer list:
several functions, `layers` of their own, networks, custom domains.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...chalice_project import config
from ...settings import paths
from ...settings.model import Settings

DOMAINS = ("api_gateway_custom_domain", "websocket_api_custom_domain")
NETWORK = ("subnet_ids", "security_group_ids")
ROUTES = "api_handler"  # Chalice's name for the function of the app's routes


def sentences(settings: Settings, functions: Sequence[str]) -> list[str]:
    """[] for an app with one function and nothing beside it. `functions`: those that Chalice makes
    beside the one of the routes."""
    app = config.load_config(paths.CHALICE_CONFIG)
    stage = {**app, **config.stage(paths.CHALICE_CONFIG, settings.stage)}
    own: Mapping[str, Mapping[str, Any]] = stage.get("lambda_functions") or {}
    names = [*dict.fromkeys((ROUTES, *functions, *own))]
    found = [*_layers(names, own), *_networks(names, stage, own), *_domains(stage)]
    return [f"back: {each}" for each in found]


def _layers(names: Sequence[str], own: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    bare = [name for name in names if own.get(name, {}).get("layers") == []]
    lists = [name for name in names if own.get(name, {}).get("layers")]
    moved = [name for name in names if name not in bare]
    if len(names) > 1:
        yield f"rollback version=N moves this layer in {_and(moved)}; their code is this checkout's"
    if lists:
        theirs = "rollback arn=A,B leaves them as they are"
        yield f"{_and(lists)} keep the other `layers` of their own; {theirs}"
    if bare:
        yield f"{_and(bare)} have no layer, by an empty `layers`, and stay so"


def _networks(
    names: Sequence[str], stage: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    inside = [
        name for name in names if any({**stage, **own.get(name, {})}.get(key) for key in NETWORK)
    ]
    if inside:
        says = f"{_and(inside)} stay in the VPC that {paths.CHALICE_CONFIG} names"
        yield f"{says}; a deploy that undoes itself brings back subnets and security groups, too"


def _domains(stage: Mapping[str, Any]) -> Iterator[str]:
    for kind in DOMAINS:
        if name := (stage.get(kind) or {}).get("domain_name"):
            yield f"domain {name} is left as it is, and answers with what its API's stage has"


def _and(names: Sequence[str]) -> str:
    return ", ".join(names)
