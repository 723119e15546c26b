"""An API's address on this machine, which answers as a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[int, str]

# The app whose API it is: an open route and a guarded one.
APP = """from chalice import Chalice, IAMAuthorizer
app = Chalice(app_name="shuking")
@app.route("/health")
def health(): ...
@app.route("/me", authorizer=IAMAuthorizer())
def me(): ...
"""


@dataclass(kw_only=True)
class Api:
    """`says`: what each request in turn is answered, the last for all that follow."""

    url: str = ""
    says: list[Said] = field(default_factory=lambda: [(200, '{"status": "ok"}')])
    seen: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Api]:
    """Until the end of the block."""
    made = Api()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            made.seen.append((self.command, self.path, dict(self.headers), body))
            status, text = made.says[0] if len(made.says) == 1 else made.says.pop(0)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
