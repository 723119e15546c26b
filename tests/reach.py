"""A function that says what it reaches, and a server that stands for the emulator: it gives
back what it gets.
"""

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tasks.local_aws import invoke as invocation
from tasks.settings.local_access import Access
from tests import lambda_function

CODE = """
import hashlib, os, socket, urllib.request
from concurrent.futures import ThreadPoolExecutor

LEAKED = []

def post(size):
    body = os.urandom(size)
    answer = urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], data=body, timeout=60)
    return hashlib.sha256(answer.read()).digest() == hashlib.sha256(body).digest()

def reach(address):
    try:
        socket.create_connection((address, 80), timeout=3)
    except OSError as error:
        return type(error).__name__

def app(event, context):
    if event == "leak":  # answers that nobody reads
        for _ in range(20):
            data = b"x" * (2 << 20)
            LEAKED.append(urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], data=data))
        return len(LEAKED)
    if event == "post":
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(post, [0, 1, 70_000, 3 << 20] * 8))
    home = os.path.expanduser("~/.cache")
    try:
        os.makedirs(home)
    except OSError as error:
        home = type(error).__name__
    return {
        "interfaces": sorted(os.listdir("/sys/class/net")), "home": home,
        "metadata": reach("169.254.169.254"), "outside": reach("192.0.2.1"),
        "proxies": sorted(each for each in os.environ if each.lower().endswith("s_proxy")),
        "keys": [os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]],
    }
"""


class Echo(BaseHTTPRequestHandler):
    """Gives back what it gets."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the tests' output is read by people."""


@contextmanager
def echoing() -> Iterator[Access]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Access(url=f"http://127.0.0.1:{server.server_port}", key="LKIA", secret="s")  # noqa: S106
        server.shutdown()


def invoke(access: Access, event: str = "", **variables: str) -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("app.py")
        member.external_attr = 0o644 << 16  # a function is nobody, who must be able to read it
        archive.writestr(member, CODE)
    function = lambda_function.as_moto_has_it(
        code_bytes=out.getvalue(), timeout=120, environment_vars=variables
    )
    answer = invocation.invoke(function, json.dumps(event), [], access)
    assert not answer.failed, answer
    return json.loads(answer.payload)
