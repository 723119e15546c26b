"""The routes and handlers that an app declares, in whichever of its modules."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..app_file_names import APP
from .modules import Module, Modules, Place

EVENTS = (
    "authorizer", "lambda_function", "on_cw_event", "on_dynamodb_record", "on_kinesis_record",
    "on_s3_event", "on_sns_message", "on_sqs_message", "schedule",
)  # decorators of which each makes a function of its own  # fmt: skip
IN_ORDER = {
    "on_s3_event": ("bucket", "events", "prefix", "suffix", "name"),
    "on_cw_event": ("event_pattern", "name"),
}  # their arguments without a name, as Chalice has them
REGISTER = ("blueprint", "name_prefix", "url_prefix")  # register_blueprint's arguments, in order


@dataclass(frozen=True, kw_only=True)
class Route:
    """`guard`: does API Gateway ask for more than the request (an authorizer, a key)?"""

    path: str
    methods: list[str]
    guard: bool = False


@dataclass(frozen=True, kw_only=True)
class Handler:
    """A function of its own. `kind`: one of EVENTS. `facts`: the decorator's arguments, as far as
    they are written out."""

    name: str
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A blueprint, as the app registers it."""

    name_prefix: str = ""
    url_prefix: str = ""


def routes(app: Modules) -> Iterator[Route]:
    """As far as they are written out."""
    known = dict(_registered(app))
    for module in app.found.values():
        for call in _calls(module, "route"):
            path = app.text(module, _argument(call, 0, "path"))
            if path is not None and (owner := _owner(app, module, call, known)):
                joined = _joined(owner.url_prefix, path)
                yield Route(path=joined, methods=_methods(call), guard=_is_guarded(call))


def handlers(app: Modules) -> Iterator[Handler]:
    """`@owner.schedule(…, name="job") def work():` → job. Without a name, work. With the prefix of
    its blueprint."""
    known = dict(_registered(app))
    for module in app.found.values():
        for node in ast.walk(module.tree):
            for call in getattr(node, "decorator_list", []):
                if _is_call(call, *EVENTS) and (owner := _owner(app, module, call, known)):
                    facts = _facts(app, module, call)
                    name = facts.get("name") or getattr(node, "name", "")
                    kind = call.func.attr
                    yield Handler(name=f"{owner.name_prefix}{name}", kind=kind, facts=facts)


def _facts(app: Modules, module: Module, call: ast.Call) -> dict[str, Any]:
    assert isinstance(call.func, ast.Attribute)
    given = dict(zip(IN_ORDER.get(call.func.attr, ()), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    found = {name: app.value(module, node) for name, node in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def _registered(app: Modules) -> Iterator[tuple[Place, Registered]]:
    """Every `app.register_blueprint(…)`. A name that leads nowhere means each blueprint of that
    name: `('', name)`."""
    for module in app.found.values():
        for call in _calls(module, "register_blueprint"):
            node, *prefixes = (
                _argument(call, number, name) for number, name in enumerate(REGISTER)
            )
            name_prefix, url_prefix = (app.text(module, each) or "" for each in prefixes)
            registered = Registered(name_prefix=name_prefix, url_prefix=url_prefix)
            for each in _looped(module, node):
                place = app.place(module, each)
                known = app.kind(place) == "Blueprint"
                yield place if known else ("", ast.unparse(each).rpartition(".")[2]), registered


def _looped(module: Module, node: ast.expr | None) -> list[ast.expr]:
    """What a name stands for, one after the other, in `for bp in (orders, users):`."""
    for loop in ast.walk(module.tree):
        if isinstance(loop, ast.For) and isinstance(node, ast.Name):
            listed = (
                module.values.get(loop.iter.id) if isinstance(loop.iter, ast.Name) else loop.iter
            )
            is_target = isinstance(loop.target, ast.Name) and loop.target.id == node.id
            if is_target and isinstance(listed, ast.Tuple | ast.List):
                return listed.elts
    return [node] if node else []


def _owner(
    app: Modules, module: Module, call: ast.Call, known: dict[Place, Registered]
) -> Registered | None:
    """How what is before the dot takes part in the app. None for a blueprint that nobody registers,
    or what is none of the app's."""
    assert isinstance(call.func, ast.Attribute)
    place = app.place(module, call.func.value)
    name = ast.unparse(call.func.value).rpartition(".")[2]
    kind = app.kind(place)
    if kind == "Chalice":
        return Registered()
    if place in known or ("", name) in known:
        return known.get(place) or known["", name]
    # the app itself, made in a way that is not seen here, or handed to a function by its name
    is_app = module.name == APP.stem or name == app.place(app.found[APP.stem], APP.stem)[1]
    return Registered() if is_app and kind != "Blueprint" else None


def _calls(module: Module, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _is_call(node, method):
            yield node


def _is_call(node: ast.expr, *methods: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
    )


def _argument(call: ast.Call, number: int | None, name: str) -> ast.expr | None:
    """By its place or by its name."""
    if number is not None and number < len(call.args):
        return call.args[number]
    return next((word.value for word in call.keywords if word.arg == name), None)


def _is_guarded(call: ast.Call) -> bool:
    """`authorizer=…`, `api_key_required=True`"""
    given = {word.arg: ast.unparse(word.value) for word in call.keywords}
    return given.get("authorizer", "None") != "None" or given.get("api_key_required") == "True"


def _joined(prefix: str, path: str) -> str:
    """A blueprint's route as Chalice registers it (chalice/app.py, _register_route)."""
    return f"{prefix.rstrip('/')}/{path.strip('/')}".rstrip("/") if prefix else path


def _methods(call: ast.Call) -> list[str]:
    given = [word.value for word in call.keywords if word.arg == "methods"]
    if not given:
        return ["GET"]
    return [text.upper() for text in re.findall(r"['\"](\w+)['\"]", ast.unparse(given[0]))]
