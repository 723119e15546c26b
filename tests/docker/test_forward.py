"""What a function in a container reaches: the embedded AWS, through the channel to the container's
main process, and no network. Here a server that gives back what it gets stands for that AWS.
"""

import io
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.local_aws import invoke as invocation
from tasks.settings import paths
from tasks.settings.local_access import Access
from tasks.util import files
from tests import sandbox_scripts

pytestmark = pytest.mark.docker
MB = 1 << 20
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


@pytest.fixture
def access() -> Iterator[Access]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Access(url=f"http://127.0.0.1:{server.server_port}", key="LKIA", secret="s")  # noqa: S106
        server.shutdown()


@pytest.fixture(autouse=True)
def project(lambda_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after a `stage=local` command with Docker; its end is the server's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # of the person, none of the function's
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "docker", "image": lambda_image})
    yield
    invocation.ENVIRONMENTS.end()


def invoke(access: Access, event: str = "") -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), CODE)
    function = SimpleNamespace(
        code_bytes=out.getvalue(), handler="app.app", timeout=120, environment_vars={},
        region="r", function_name="f", memory_size=512,
    )  # fmt: skip
    answer = invocation.invoke(function, event, [], access)
    assert not answer.failed, answer
    return json.loads(answer.payload)


def test_there_is_no_network_and_no_home(access: Access) -> None:
    """Neither the metadata service of a machine in EC2; the keys are the embedded AWS's."""
    found = invoke(access)
    assert found["interfaces"] == ["lo"]
    assert None not in (found["metadata"], found["outside"])
    assert found["home"] in ("PermissionError", "OSError", "FileNotFoundError")
    assert found["keys"] == [access.key, access.secret]
    assert found["proxies"] == []


def test_the_embedded_aws_is_reached_by_many_at_once(access: Access) -> None:
    """Every byte in both directions, again and again."""
    for _ in range(3):
        assert invoke(access, "post") == [True] * 32


def test_answers_that_nobody_reads_stop_nothing(access: Access) -> None:
    """A body of S3 that was never read: the next event and the next connection come through."""
    assert invoke(access, "leak") == 20
    assert invoke(access, "post") == [True] * 32
    assert invoke(access, "leak") == 40


def test_a_setting_opens_the_network(access: Access) -> None:
    """`local-network = true`; the embedded AWS is where it was."""
    chosen = files.read_record(paths.LOCAL_RUNTIME) or {}
    files.write_record(paths.LOCAL_RUNTIME, chosen | {"local_network": True})
    assert len(invoke(access)["interfaces"]) == 2
    assert invoke(access, "post") == [True] * 32


def test_where_nobody_listens_the_connection_ends(access: Access) -> None:
    """As it does on a machine where a server has ended, and not only after a minute."""
    nobody = Access(url="http://127.0.0.1:9", key="LKIA", secret="s")  # noqa: S106
    with pytest.raises(AssertionError, match=r"RemoteDisconnected|ConnectionReset|URLError"):
        invoke(nobody, "post")
