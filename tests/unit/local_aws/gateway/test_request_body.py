"""tasks/local_aws/gateway/request_body.py over a real socket: what is no request, or too long, gets
its answer at once, whatever its head says."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tasks.local_aws.gateway.request_body import MOST
from tasks.local_aws.gateway.serve import Gateway, Port

CHUNKED = "Transfer-Encoding: chunked"
NO_API = 503  # the body was read, and nothing is deployed


def unused(*_: object) -> Any:
    raise AssertionError


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    port = Port(Gateway(find=lambda: None, keeper=unused, connect=unused))
    parts = urlsplit(port.open(0))
    assert parts.hostname
    assert parts.port
    yield parts.hostname, parts.port
    port._server.shutdown()
    port._server.server_close()


def status(address: tuple[str, int], body: bytes, *heads: str) -> int:
    """Of the answer to a request that ends there."""
    lines = [
        "POST /x HTTP/1.1",
        *(heads if "Host" in "".join(heads) else ("Host: localhost", *heads)),
    ]
    with socket.create_connection(address, timeout=60) as talk:
        talk.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body)
        talk.shutdown(socket.SHUT_WR)
        return int(talk.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"abc", "Content-Length: 3"), (b"", "Content-Length: 0"), (b"", "X: y"),
        (b"abc", "Content-Length: 0003"), (b"abc", "Content-Length: 3 "),
        (b"3\r\nabc\r\n0\r\n\r\n", CHUNKED), (b"3\nabc\n0\n\n", CHUNKED),
        (b"3;a=b\r\nabc\r\n0;c\r\n\r\n", CHUNKED),
        (b"003 \r\nabc\r\n0\r\nX-Checksum: 1\r\nY: 2\r\n\r\n", CHUNKED),
    ],
)  # fmt: skip
def test_a_body_is_read(address: tuple[str, int], body: bytes, head: str) -> None:
    assert status(address, body, head) == NO_API


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"fffff\r\nabc", CHUNKED), (b"3\r\nabcd\r\n0\r\n\r\n", CHUNKED), (b"", CHUNKED),
        (b"-3\r\nabc\r\n0\r\n\r\n", CHUNKED), (b"0x3\r\nabc\r\n0\r\n\r\n", CHUNKED),
        (b"+3\r\nabc\r\n0\r\n\r\n", CHUNKED), (b"1_0\r\nabc\r\n", CHUNKED),
        (b"3" * 10_000, CHUNKED), (b"3\r\nabc\r\n0\r\n" + b"a: b\r\n" * 1000, CHUNKED),
        (b"3\r\nabc\r\n", CHUNKED), (b"abc", "Content-Length: 4"), (b"abc", "Content-Length: x"),
        (b"abc", "Content-Length: -1"), (b"abc", "Content-Length: +3"),
        (b"abc", "Content-Length: 3, 3"), (b"abc", "Content-Length: 1_0"),
        (b"abc", "Content-Length: 3\r\nContent-Length: 2"),
        (b"3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: gzip, chunked"),
        (b"abc", "Transfer-Encoding: gzip"),
        (b"abc", "Content-Length: 3\r\nHost: localhost\r\nHost: evil.example"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_said(address: tuple[str, int], body: bytes, head: str) -> None:
    """Cut off, or not as HTTP has it. Nobody is waited for."""
    assert status(address, body, head) == 400


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"fffffffffffffff\r\nabc", CHUNKED), (b"f" * 5000 + b"\r\nabc", CHUNKED),
        (b"7fffff\r\n" + bytes(0x7FFFFF) + b"\r\n7fffff\r\n" + bytes(0x7FFFFF), CHUNKED),
        (b"abc", "Content-Length: 100000000000"), (b"abc", "Content-Length: " + "9" * 5000),
        (b"abc", f"Content-Length: {MOST + 1}"),
    ],
)  # fmt: skip
def test_what_is_too_long_is_not_read(address: tuple[str, int], body: bytes, head: str) -> None:
    """API Gateway takes 10 MB."""
    assert status(address, body, head) == 413
