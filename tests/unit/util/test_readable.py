"""tasks/util/errors.py: words of others, as they come into a message of ours."""

import http.client
import socket
import urllib.error
import urllib.request

import pytest
import requests

from tasks.util.errors import BuildError, readable

PAGE = """<!doctype html>
<html lang=en><title>500 Internal Server Error</title><h1>Internal Server Error</h1>
<p>The server encountered an internal error.</p></html>"""
SAID = {
    f"GetFunction: {PAGE}": "GetFunction: The server encountered an internal error.",
    "b'<html><head><title>502 Bad Gateway</title></head></html>'": "b'502 Bad Gateway'",
    "('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))":
        "No such file or directory",
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))":
        "Remote end closed connection without response",
    "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))":
        "Connection reset by peer",
    "<urlopen error [Errno 111] Connection refused>": "Connection refused",
    "<urlopen error [Errno -2] Name or service not known>": "Name or service not known",
    "HTTPConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /v2/ (Caused by "
    "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f00>: Failed to establish "
    "a new connection: [Errno 111] Connection refused'))": "127.0.0.1:1: Connection refused",
    "a < b, and c > d (see 'x')": "a < b, and c > d (see 'x')",
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_the_reason_stays(said: str) -> None:
    assert readable(said) == SAID[said]
    assert str(BuildError(f"it failed: {said}", fix="x")) == f"it failed: {SAID[said]}\n→ x"


def test_real_ones() -> None:
    """Nobody listens there: as urllib and requests say it today."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/a?b"
        with pytest.raises(urllib.error.URLError) as by_urllib:
            urllib.request.urlopen(address, timeout=5)
        with pytest.raises(requests.RequestException) as by_requests:
            requests.get(address, timeout=5)
    assert readable(str(by_urllib.value)) == "Connection refused"
    said = readable(str(by_requests.value))
    assert said.endswith("Connection refused")
    assert "Pool" not in said
    assert "object at" not in said
    assert issubclass(http.client.RemoteDisconnected, ConnectionResetError)
