"""app.py imported as a deploy imports it, and checked as Chalice checks it first. What goes wrong
is told as the app's own: its traceback, from its own first line on."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import TracebackException
from typing import Any

from ..app_file_names import APP, PACKED
from .function_names import ROUTES

# Chalice's names for the functions of a websocket (chalice.deploy.appgraph).
SOCKETS = {"$connect": "websocket_connect", "$disconnect": "websocket_disconnect"}
OURS = Path(__file__).parents[2]


def tell(stage: str, report: Path) -> int:
    """Writes {"routes": [{"path", "methods", "guard"}], "handlers": {function: handler},
    "unpacked": [name], "sources": [(function, kind, name)]}, or {"error": text, "file", "line"}, of
    the app's last frame (line 0: of none). Returns an exit status."""
    said: dict[str, Any]
    try:
        app = _imported(stage)
        said = {"routes": list(_routes(app)), "handlers": _handlers(app), "unpacked": _unpacked()}
        said["sources"] = list(_sources(app))
    except (Exception, SystemExit) as error:
        said = _told(error)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(said), encoding="utf-8")
    return int("error" in said)


def _imported(stage: str) -> Any:
    from chalice.cli.factory import CLIFactory
    from chalice.deploy.validate import validate_configuration

    factory = CLIFactory(str(Path.cwd()), environ=os.environ)
    config = factory.create_config_obj(chalice_stage_name=stage)
    app = config.chalice_app
    validate_configuration(config)
    return app


def _handlers(app: Any) -> dict[str, str]:
    """Of all functions that Chalice makes of it, as config.json names them: the handlers that
    Lambda is told."""
    found = (*app.pure_lambda_functions, *app.event_sources, *app.builtin_auth_handlers)
    sockets = {
        SOCKETS.get(route, "websocket_message"): each.handler_string
        for route, each in app.websocket_handlers.items()
    }
    return {ROUTES: "app.app", **sockets, **{each.name: each.handler_string for each in found}}


def _routes(app: Any) -> Iterator[dict[str, Any]]:
    for path, methods in app.routes.items():
        for method, entry in methods.items():
            guard = entry.authorizer is not None or bool(entry.api_key_required)
            yield {"path": path, "methods": [method], "guard": guard}


def _sources(app: Any) -> Iterator[tuple[str, str, str]]:
    """What sends events, by name. An ARN of a queue or stream says where it is."""
    for each in app.event_sources:
        for kind in ("bucket", "queue", "topic", "stream"):
            if isinstance(name := getattr(each, kind, None), str):
                yield each.name, kind, name


def _unpacked() -> list[str]:
    """Files and folders beside app.py that it imported, and that no function will have."""
    loaded = [getattr(module, "__file__", None) for module in [*sys.modules.values()]]
    own = [file for file in loaded if isinstance(file, str) and _is_apps(file)]
    return sorted({Path(file).relative_to(Path.cwd()).parts[0] for file in own}.difference(PACKED))


def _told(error: BaseException) -> dict[str, Any]:
    if isinstance(error, RuntimeError) and isinstance(error.__context__, SyntaxError):
        error = error.__context__  # Chalice puts a text of its own around it
    told = TracebackException.from_exception(error)
    places = [(str(APP), 0)]
    for each in _chain(told):
        own = [frame for frame in each.stack if _is_apps(frame.filename)]
        places += [(frame.filename, frame.lineno or 0) for frame in own[-1:]]
        del each.stack[: each.stack.index(own[0]) if own else len(each.stack)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or str(APP), error.lineno or 0))
    file, line = places[-1]
    text = "".join(told.format()).replace(f"{Path.cwd()}{os.sep}", "")
    return {"error": text.strip(), "file": os.path.relpath(file), "line": line}


def _chain(told: TracebackException | None) -> Iterator[TracebackException]:
    """From the first cause to what came of it last."""
    if told is not None:
        yield from _chain(told.__cause__ or told.__context__)
        yield told


def _is_apps(file: str) -> bool:
    """Is it a file of the app's folder, and of no package that lies there, too?"""
    path = Path(file)
    others = (Path(sys.prefix), OURS)
    return (
        path.is_relative_to(Path.cwd())
        and not any(path.is_relative_to(each) for each in others)
        and "site-packages" not in path.parts
    )
