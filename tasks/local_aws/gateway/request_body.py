"""A request's body, read to its end: as long as its head says, or in chunks (RFC 9112, 6 and 7.1).
What is no request, or too long, is refused before it is read."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

MOST = 10_000_000  # bytes of a request (AWS: "Amazon API Gateway quotas")
LARGEST = 5 << 30  # bytes of one to any service (AWS: "Uploading objects", S3 in one operation)
LINE = 8192  # bytes of a chunk's head, or of a field behind the last one
FIELDS = 100  # of those behind the last chunk
BLOCK = 1 << 16  # bytes that are read at a time, whatever a head says


class BadRequestError(Exception):
    """It is no HTTP, or was cut off."""


class TooLongError(Exception):
    """It has more bytes than there may be."""


def unread(handler: Any) -> Any:
    """werkzeug's `handler`, with the body as it comes. Its own reader of chunks is for tests: it
    takes the end of the connection for content, and writes behind the end of a buffer."""

    class Handler(handler):  # type: ignore[misc]
        def make_environ(self) -> Any:
            environ = super().make_environ() | {"wsgi.input": self.rfile}
            if lengths := self.headers.get_all("Content-Length"):
                environ["CONTENT_LENGTH"] = ",".join(lengths)  # several are none
            return environ

    return Handler


def read_body(environ: Mapping[str, Any]) -> bytes:
    """At most MOST bytes. BadRequestError, TooLongError."""
    return b"".join(_blocks(environ, environ["wsgi.input"], MOST))


def open_body(environ: Mapping[str, Any]) -> IO[bytes]:
    """At most LARGEST bytes, read when they are asked for. BadRequest and RequestEntityTooLarge:
    moto answers with werkzeug's errors."""
    return io.BufferedReader(_Stream(_blocks(environ, environ["wsgi.input"], LARGEST)))


class _Stream(io.RawIOBase):
    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._block = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

        try:
            self._block = self._block or next(self._blocks, b"")
        except BadRequestError:
            raise BadRequest from None
        except TooLongError:
            raise RequestEntityTooLarge from None
        size = min(len(buffer), len(self._block))
        buffer[:size], self._block = self._block[:size], self._block[size:]
        return size


def _blocks(environ: Mapping[str, Any], stream: IO[bytes], most: int) -> Iterator[bytes]:
    """`stream`: what the client sends, as it comes."""
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip(" \t").lower() != "chunked":
        raise BadRequestError  # packed, too: nobody here unpacks it
    if environ.get("wsgi.input_terminated"):
        yield from _bounded(_chunks(stream, most), most)
        return
    told = (environ.get("CONTENT_LENGTH") or "0").strip(" \t")
    yield from _exactly(stream, _number(told, r"[0-9]+", 10, most))


def _bounded(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    for piece in pieces:
        most -= len(piece)
        if most < 0:
            raise TooLongError
        yield piece


def _chunks(stream: IO[bytes], most: int) -> Iterator[bytes]:
    """Extensions of a chunk and fields behind the last one mean nothing here."""
    while size := _number(_line(stream).partition(";")[0].strip(" \t"), "[0-9A-Fa-f]+", 16, most):
        yield from _exactly(stream, size)
        if _line(stream):
            raise BadRequestError
    for _ in range(FIELDS):
        if not _line(stream):
            return
    raise BadRequestError


def _line(stream: IO[bytes]) -> str:
    """The next one, without its end."""
    line = stream.readline(LINE)
    if not line.endswith(b"\n"):
        raise BadRequestError
    return line.decode("latin-1").rstrip("\r\n")


def _number(text: str, form: str, base: int, most: int) -> int:
    if not re.fullmatch(form, text):
        raise BadRequestError
    if len(text.lstrip("0")) > len(str(most)) or int(text, base) > most:
        raise TooLongError
    return int(text, base)


def _exactly(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        block = stream.read(min(size, BLOCK))
        if not block:
            raise BadRequestError
        size -= len(block)
        yield block
