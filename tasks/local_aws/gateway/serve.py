"""The port: each request to the route that is meant, by its guards, to its function and back.

It answers at names of this machine only, whatever a name server says (DNS rebinding). Which pages
of a browser may read an answer is for the app's own CORS to say.
"""

import io
import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from .document import Api, Endpoint
from .exchange import MalformedError, Response, Sent, event, response
from .guards import Asked, Gatekeeper, RefusedError
from .request_body import BadRequestError, TooLongError, read_body, unread

HOSTS = {"127.0.0.1", "localhost", "::1"}
PROBLEMS = {
    400: "Bad Request", 403: "Missing Authentication Token", 413: "Request Too Long",
    421: "no name of this machine",
    500: "Internal server error", 502: "Internal server error",
    503: "no API is deployed to stage local",
    504: "Endpoint request timed out",
}  # fmt: skip
Find = Callable[[], Api | None]
Connect = Callable[[dict[str, Any], Sent], bool]  # False where the app has no websockets
Guarded = Callable[[Mapping[str, Any]], Gatekeeper]  # by the WSGI environment of a request


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A WSGI app. `find`: the API as it is deployed now. `keeper`: who lets a request in.
    `connect`: serves a websocket, to its end."""

    find: Find
    keeper: Guarded
    connect: Connect

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            made = self.answer(environ)
        except BadRequestError:
            made = _said(400)
        except TooLongError:
            made = _said(413)
        except RefusedError as refused:
            made = _said(refused.status, refused.message)
        except TimeoutError:
            made = _said(504)
        except MalformedError as error:
            made = _said(502)
            _log(environ, f"502, because {error}")
        except ConnectionError:
            raise  # there is nobody to answer
        except Exception:
            made = _said(500)
            _log(environ, f"500, because of an error\n{traceback.format_exc()}")
        length = ("Content-Length", str(len(made.body)))
        empty = made.status in (204, 304)
        headers = [*made.headers, *([] if empty else [length])]
        start_response(f"{made.status} {_phrase(made.status)}", headers)
        return [] if empty or environ["REQUEST_METHOD"] == "HEAD" else [made.body]

    def answer(self, environ: dict[str, Any]) -> Response:
        """RefusedError by a guard, TimeoutError by a function that takes too long. Those of
        request_body.py."""
        sent = read_request(environ)
        if urlsplit(f"//{sent.header('host')}").hostname not in HOSTS:
            return _said(421)
        if sent.header("upgrade").lower() == "websocket" and self.connect(environ, sent):
            raise ConnectionError("a websocket that has ended")  # nothing is answered any more
        api = self.find()
        if api is None:
            return _said(503)
        endpoint = api.endpoint(sent.method, sent.raw_path)
        if endpoint is None:
            return _said(403)
        if not endpoint.function:
            return Response(status=200, headers=[*endpoint.headers.items()], body=b"")
        return self._called(environ, sent, api, endpoint)

    def _called(
        self, environ: Mapping[str, Any], sent: Sent, api: Api, endpoint: Endpoint
    ) -> Response:
        keeper, caller = self.keeper(environ), dict[str, Any]()
        place = f"arn:aws:execute-api:{api.region}:{api.account}:{api.name}"
        asked = Asked(headers=sent.lowered, place=f"{place}/{api.stage}/{sent.method}{sent.path}")
        for guard in endpoint.guards:
            caller |= keeper.admit(guard, asked)
        told, failed = keeper.call(endpoint.function, event(api, endpoint, sent, caller))
        if failed:
            return _said(502)
        return response(told, sent.header("accept"), api.binary_types)


def read_request(environ: dict[str, Any]) -> Sent:
    """What werkzeug's server has read of one."""
    target = urlsplit(str(environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/")))
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").title(), str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    ]
    if "," in str(environ.get("HTTP_HOST", "")):  # it was there twice
        raise BadRequestError
    body = read_body(environ)
    environ["wsgi.input"] = io.BytesIO(body)  # whoever looks at its signature reads it, too
    return Sent(
        method=environ["REQUEST_METHOD"], raw_path=target.path or "/", query=target.query,
        headers=headers, body=body, peer=str(environ.get("REMOTE_ADDR", "127.0.0.1")),
    )  # fmt: skip


def _said(status: int, message: str | None = "") -> Response:
    """API Gateway's own words."""
    body = json.dumps({"message": PROBLEMS.get(status) if message == "" else message}).encode()
    return Response(status=status, headers=[("Content-Type", "application/json")], body=body)


def _log(environ: Mapping[str, Any], said: str) -> None:
    asked = f"{environ['REQUEST_METHOD']} {environ.get('REQUEST_URI', '')}"
    print(f"local-url: {asked}: {said}", file=sys.stderr, flush=True)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in {*HTTPStatus} else "Unknown"


@dataclass
class Port:
    """Where the gateway listens, once somebody has asked for it."""

    gateway: Gateway
    url: str = ""
    _server: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, number: int) -> str:
        """Its address. The same port again, unless another port is asked for. `number`: 0 for any
        that is free. OSError or OverflowError where that cannot be had."""
        with self._lock:
            if self._server is None or number not in (0, self._server.port):
                self._replace(_listening(number, self.gateway))
            return self.url

    def _replace(self, server: Any) -> None:
        former, self._server = self._server, server
        self.url = f"http://127.0.0.1:{server.port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        if former:
            former.shutdown()
            former.server_close()


def _listening(number: int, app: Gateway) -> Any:
    """A socket of our own: werkzeug ends the process where a port is taken."""
    import socket

    from werkzeug.serving import WSGIRequestHandler, make_server

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", number))
    except BaseException:
        listener.close()
        raise
    listener.listen(128)
    with listener:  # it is taken over by its descriptor, which is copied
        return make_server(
            "127.0.0.1", listener.getsockname()[1], app, threaded=True,
            request_handler=unread(WSGIRequestHandler), fd=listener.fileno(),
        )  # fmt: skip
