"""Lambda's Runtime API for one process of a function: it asks for events here, and answers here.

Paths, headers and status codes are those of AWS's "Using the Lambda runtime API for custom
runtimes". The client is Lambda's own, awslambdaric. Standard library only.
"""

import http.client
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ADDRESS = "127.0.0.1"
ROOT = "/2018-06-01/runtime/"
MOST_ANSWERED = 6_291_556  # bytes of an answer (AWS quota: 6 MB, and what wraps it)
BLOCK = 1 << 20
# An error's cause comes as a header, of up to 1 MB (awslambdaric, lambda_runtime_client.py), and
# Python's server reads lines of 64 kB.
LONGEST_HEADER = 2 << 20  # bytes
http.client._MAXLINE = LONGEST_HEADER  # type: ignore[attr-defined] # parse_headers reads it


class Said(NamedTuple):
    """`kind`: response, error, init (could not be initialised) or large (over the limit).
    `type`: of the error."""

    kind: str
    type: str
    body: bytes


class Event(NamedTuple):
    """`headers`: without `Lambda-Runtime-` in front."""

    headers: "dict[str, str]"
    body: str


class Api:
    """`port`: 0 for any that is free. `waits`: the process asks for an event. `said`: its answer to
    the last one. Whatever changes makes `changed` readable."""

    def __init__(self, port: int) -> None:
        self.waits = False
        self.said: Said | None = None
        self.changed, self._changing = os.pipe()
        self._event: Event | None = None
        self._closed = False
        self._told = threading.Condition()
        self._server = Server((ADDRESS, port), type("Handler", (Handler,), {"api": self}))
        self.address = f"{ADDRESS}:{self._server.server_address[1]}"
        serving = {"poll_interval": 0.05}
        threading.Thread(target=self._server.serve_forever, kwargs=serving, daemon=True).start()

    def give(self, event: Event) -> None:
        with self._told:
            self.waits, self.said, self._event = False, None, event
            self._told.notify_all()

    def next(self) -> "Event | None":
        """The next event. None when there will be none."""
        with self._told:
            self.waits = True
            os.write(self._changing, b".")
            self._told.wait_for(lambda: self._event or self._closed)
            event, self._event = self._event, None
            return event

    def hear(self, said: Said) -> None:
        with self._told:
            if self.said is None and not self._closed:
                self.said = said
                os.write(self._changing, b".")

    def close(self) -> None:
        with self._told:
            self._closed = True
            self._told.notify_all()
        self._server.shutdown()
        self._server.server_close()
        os.close(self.changed)
        os.close(self._changing)


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, *_: object) -> None:
        """A process that is gone takes no answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection of the process."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a reply is one packet: of two the second would wait for an answer to the first
    api: Api

    def log_message(self, *_: object) -> None:
        """Not among the function's own lines."""

    def do_GET(self) -> None:
        if self.path != f"{ROOT}invocation/next":
            return self.reply(404, b"{}")
        event = self.api.next()
        if event is None:
            self.close_connection = True
            return None
        return self.reply(200, event.body.encode(), event.headers)

    def do_POST(self) -> None:
        body = b"".join(self.blocks())
        kind = self.path.rpartition("/")[2]
        if kind not in ("response", "error"):
            return self.reply(404, b"{}")
        if self.path == f"{ROOT}init/error":
            kind = "init"
        large = len(body) > MOST_ANSWERED
        type_ = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        self.api.hear(Said("large" if large else kind, type_, b"" if large else body))
        if large:
            message = b"Exceeded maximum allowed payload size (%d bytes)." % MOST_ANSWERED
            refused = b'{"errorMessage":"%s","errorType":"RequestEntityTooLarge"}' % message
            return self.reply(413, refused)
        return self.reply(202, b'{"status":"OK"}')

    def blocks(self) -> Any:
        """Of what is sent, with its length before it or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline().strip() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def reply(self, status: int, body: bytes, more: "dict[str, str] | None" = None) -> None:
        self.send_response(status)
        for name, value in (more or {}).items():
            self.send_header(f"Lambda-Runtime-{name}", value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
