"""An AWS for functional tests: moto over real HTTP, with what a test needs to see or upset."""

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

ACCOUNT = DEFAULT_ACCOUNT_ID
REGION = "ap-northeast-2"
Meddle = Callable[[str, str], bool]


@dataclass(kw_only=True)
class Server:
    """`dropped`: for a request (method, path) that it names, the work is done and the answer is
    lost, as when a connection breaks or a process is killed right then."""

    url: str = ""
    dropped: Meddle = field(default=lambda method, path: False)

    def reset(self) -> None:
        """Forget everything."""
        self.dropped = lambda method, path: False
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310 - our own server

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serving() -> Iterator[Server]:
    """A server of this process on a free port of 127.0.0.1."""
    server = Server()
    app = _lossy(server, DomainDispatcherApplication(create_backend_app))
    http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{http.port}"
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _lossy(server: Server, app: Any) -> Callable[..., Iterable[bytes]]:
    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not server.dropped(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return app(environ, start_response)  # type: ignore[no-any-return]
        list(app(environ, lambda status, headers, error=None: lambda data: None))
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start_response("500 nobody hears this", [])
        return []

    return wrapped


class _Quiet(MotoRequestHandler):
    def log_request(self, *arguments: object, **named: object) -> None:
        """Nothing: the tests' output is read by people."""

    log_error = log_request
