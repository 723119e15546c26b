"""A real registry (Debian's `docker-registry`) on 127.0.0.1, behind a proxy that lets chosen
requests go wrong."""

import base64
import hashlib
import http.client
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = "docker-registry"
CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: 127.0.0.1:{port}, relativeurls: true}}
"""
START_SECONDS = 20
# ECR's words (soci-snapshotter#1148).
EXPIRED = (
    b'{"errors": [{"code": "DENIED", "message": "Your authorization token has expired. '
    b'Reauthenticate and try again."}]}'
)
LIE = f"sha256:{'0' * 64}"
# `METHOD path` → "" | "dies" | "503" | "429" | "refuses" | "lies" | "other bytes" | "cut" |
# "lost" | "taken": a body cut off, an answer that is lost, a tag that does not move.
Plan = Callable[[str], str]


@dataclass(kw_only=True)
class RealRegistry:
    """`url`: the proxy's. `passwords`: those that are good now, of any user; none: anybody may.
    `asked`: `METHOD path`, in order; `got`: bytes of requests' bodies. `expired`: the status that
    answers any other password; `silent`: seconds before it takes the body of a PUT."""

    url: str
    upstream: int
    passwords: set[str] = field(default_factory=set)
    plan: Plan = lambda asked: ""
    asked: list[str] = field(default_factory=list)
    got: int = 0
    expired: int = 401
    silent: float = 0.0

    @property
    def host(self) -> str:
        return self.url.partition("//")[2]

    def sent(self, method: str) -> list[str]:
        """Requests of this kind."""
        return [each for each in self.asked if each.startswith(f"{method} ")]


@contextmanager
def serving(folder: Path) -> Iterator[RealRegistry]:
    """AssertionError where the program is not installed: no test is skipped for that."""
    assert shutil.which(PROGRAM), f"apt-get install {PROGRAM} (./doitw test does)"
    port = _free_port()
    config = folder / "registry.yml"
    config.write_text(CONFIG.format(folder=folder / "registry", port=port), encoding="utf-8")
    process = subprocess.Popen([PROGRAM, "serve", config], stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        with _proxy(port) as made:
            yield made
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{PROGRAM} does not listen on port {port}")


@contextmanager
def _proxy(port: int) -> Iterator[RealRegistry]:
    made = RealRegistry(url="", upstream=port)
    with answering(type("Handler", (_Handler,), {"registry": made})) as made.url:
        yield made


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    registry: RealRegistry
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        asked = f"{self.command} {self.path}"
        self.registry.asked.append(asked)
        fate = self.registry.plan(asked)
        length = int(self.headers.get("Content-Length") or 0)
        if fate == "dies":
            self.rfile.read(length // 2)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        time.sleep(self.registry.silent if self.command == "PUT" else 0)
        body = self.rfile.read(length)
        self.registry.got += len(body)
        if not self._may():
            named = (
                {"WWW-Authenticate": 'Basic realm="here"'} if self.registry.expired == 401 else {}
            )
            self._answer(self.registry.expired, named, EXPIRED)
        elif fate == "refuses":
            self._answer(403, {}, b"")
        elif fate == "503":
            self._answer(503, {}, b"slow down")
        elif fate == "429":
            self._answer(429, {"Retry-After": "7"}, b'{"errors": [{"code": "TOOMANYREQUESTS"}]}')
        elif fate == "taken":
            self._answer(400, {}, b'{"errors": [{"code": "TAG_INVALID", "message": "immutable"}]}')
        else:
            status, headers, data = self._ask(body, fate)
            if fate == "lost":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self._answer(status, headers, data, cut=fate == "cut")

    def _may(self) -> bool:
        if not self.registry.passwords:
            return True
        kind, _, said = self.headers.get("Authorization", "").partition(" ")
        password = base64.b64decode(said).decode().partition(":")[2] if kind == "Basic" else ""
        return password in self.registry.passwords

    def _ask(self, body: bytes, fate: str) -> tuple[int, dict[str, str], bytes]:
        kept = [name for name in ("Content-Type", "Accept", "Range") if name in self.headers]
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in kept}
        upstream = http.client.HTTPConnection("127.0.0.1", self.registry.upstream)
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        data, told = answer.read(), dict(answer.getheaders())
        upstream.close()
        if fate == "lies":
            told["Docker-Content-Digest"] = LIE
        if fate == "other bytes":
            data = hashlib.sha256(data).digest() * (len(data) // 32 + 1)
            data = data[: int(told["Content-Length"])]
        return answer.status, told, data

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False
    ) -> None:
        self.send_response_only(status)
        length = headers.get("Content-Length", str(len(body)))
        for name, value in {**headers, "Content-Length": length}.items():
            if name.lower() != "transfer-encoding":
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

    do_HEAD = do_GET = do_POST = do_PUT = _pass  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the tests' output is read by people."""
