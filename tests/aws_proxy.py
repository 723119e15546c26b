"""Between the tool and its AWS: an HTTP proxy that lets chosen requests go wrong.

It speaks to sockets, so that connections really break, answers really stop half-way, and a call
whose answer is lost has really taken effect.
"""

import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.moto_server import Refusal, Request

SLOW_SECONDS = 0.05


class Fault(StrEnum):
    """What becomes of a request. The values are rows of docs/reliability.md."""

    THROTTLED = "AWS: throttled"
    FAILED = "AWS: 500"
    UNAVAILABLE = "AWS: 503"
    RESET = "AWS: connection reset in the middle of the request"
    LOST = "AWS: the call takes effect, its answer is lost"
    CUT = "AWS: the answer is cut short"
    TIMED_OUT = "AWS: no answer at all"
    SLOW = "AWS: a slow answer"


ANSWERS = {  # to S3, to Lambda and others
    Fault.THROTTLED: ((503, "SlowDown"), (429, "TooManyRequestsException")),
    Fault.FAILED: ((500, "InternalError"), (500, "ServiceException")),
    Fault.UNAVAILABLE: ((503, "ServiceUnavailable"), (503, "ServiceUnavailableException")),
}
Plan = Callable[[Request], Fault | Refusal | None]


def nothing(request: Request) -> Fault | None:
    """No fault."""
    return None


@dataclass(kw_only=True)
class Proxy:
    """`plan`: what becomes of each request; `seen`: those that came, in order; `stale`: lists of
    layer versions are answered as they were when it was set; `ahead`: of our clock AWS's is."""

    url: str
    upstream: str
    plan: Plan = nothing
    seen: list[Request] = field(default_factory=list)
    stale: bool = False
    ahead: timedelta = timedelta()
    lists: dict[str, Any] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        self.plan, self.stale, self.ahead = nothing, False, timedelta()
        self.seen.clear()
        self.lists.clear()


@contextmanager
def proxying(upstream: str) -> Iterator[Proxy]:
    """On a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = Proxy(url=f"http://127.0.0.1:{server.server_port}", upstream=upstream)
    server.proxy = proxy  # type: ignore[attr-defined] # where its handlers find it
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"  # which also answers `Expect: 100-continue`
    proxy: Proxy

    def setup(self) -> None:
        super().setup()
        self.proxy = self.server.proxy  # type: ignore[attr-defined] # see `proxying`

    def handle(self) -> None:
        """A client may go away whenever it likes."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        half = self.rfile.read(length // 2)
        request = self._request(half)
        self.proxy.seen.append(request)
        fault = self.proxy.plan(request)
        if fault is Fault.RESET:
            self._reset()
            return
        body = half + self.rfile.read(length - len(half))
        if isinstance(fault, Refusal):
            self._refuse(request, fault)
        elif fault in ANSWERS:
            status, code = ANSWERS[fault][request.path.startswith("/20")]
            self._refuse(request, Refusal(status=status, code=code))
        elif fault is Fault.TIMED_OUT:
            self.proxy.over.wait(10)  # the client gives up before
            self._reset()
        else:
            self._answer(request, fault, *self._forward(request, body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _handle  # noqa: N815 - the base class's names

    def _request(self, half: bytes) -> Request:
        """`half`: of the body; a query-protocol call says in it what it asks."""
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = half.decode() if parts.path == "/" else ""
        return Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            form=asked,
            json="",
            headers=headers,
        )

    def _refuse(self, request: Request, refusal: Refusal) -> None:
        said: list[Any] = []
        [body] = refusal.answer(request, lambda line, headers: said.extend(headers))
        self._send(refusal.status, said, b"" if request.method == "HEAD" else body)

    def _forward(self, request: Request, body: bytes) -> tuple[int, list[Any], bytes]:
        """Status, headers and body as AWS answers; for lists perhaps as it answered before."""
        listing = (request.method, request.path[-9:]) == ("GET", "/versions")
        if listing and self.proxy.stale and self.path in self.proxy.lists:
            answer: tuple[int, list[Any], bytes] = self.proxy.lists[self.path]
            return answer
        connection = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "expect"}
            connection.request(self.command, self._place(), body, headers)
            found = connection.getresponse()
            answer = found.status, found.getheaders(), found.read()
        finally:
            connection.close()
        if listing:
            self.proxy.lists[self.path] = answer
        return answer

    def _place(self) -> str:
        """As a server is asked; a client that knows this for its proxy names the whole address."""
        return urlunsplit(("", "", *urlsplit(self.path)[2:]))

    def _answer(
        self, request: Request, fault: Fault | None, status: int, headers: list[Any], body: bytes
    ) -> None:
        if fault is Fault.LOST:
            self._reset()
        elif fault is Fault.CUT:
            self._send(status, headers, body, sent=len(body) // 2)
            self.close_connection = True
        else:
            time.sleep(SLOW_SECONDS if fault is Fault.SLOW else 0)
            self._send(status, headers, body)

    def _send(self, status: int, headers: list[Any], body: bytes, sent: int | None = None) -> None:
        """`sent`: how much of the body, of which all was promised."""
        kept = ("content-length", "transfer-encoding", "connection")
        told = [value for name, value in headers if name.lower() == "content-length"]
        length = told[0] if told and self.command == "HEAD" else str(len(body))
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in kept:
                self.send_header(name, self._dated(value) if name.lower() == "date" else value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body[:sent])
        self.wfile.flush()

    def _dated(self, value: str) -> str:
        return format_datetime(parsedate_to_datetime(value) + self.proxy.ahead, usegmt=True)

    def _reset(self) -> None:
        """RST, not FIN: as when a machine between the two dies."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        os.close(self.connection.detach())  # the server's own way would say goodbye first

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the tests' output is read by people."""
