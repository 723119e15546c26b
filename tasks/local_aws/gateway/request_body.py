"""A request's body, read to its end: as long as its head says, or in chunks (RFC 9112, 6 and 7.1).
What is no request, or too long, is refused before it is read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

MOST = 10_000_000  # bytes of a request (AWS: "Amazon API Gateway quotas")
LINE = 8192  # bytes of a chunk's head, or of a field behind the last one
FIELDS = 100  # of those behind the last chunk


class BadRequestError(Exception):
    """It is no HTTP, or was cut off."""


class TooLongError(Exception):
    """It has more than MOST bytes."""


def read_body(environ: Mapping[str, Any]) -> bytes:
    """BadRequestError, TooLongError. `wsgi.input`: what the client sends, as it comes."""
    stream = environ["wsgi.input"]
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip(" \t").lower() != "chunked":
        raise BadRequestError  # packed, too: nobody here unpacks it
    if environ.get("wsgi.input_terminated"):
        return b"".join(_bounded(_chunks(stream)))
    told = (environ.get("CONTENT_LENGTH") or "0").strip(" \t")
    return _exactly(stream, _number(told, r"[0-9]+", 10))


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = MOST
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TooLongError
        yield piece


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Extensions of a chunk and fields behind the last one mean nothing here."""
    while size := _number(_line(stream).partition(";")[0].strip(" \t"), "[0-9A-Fa-f]+", 16):
        yield _exactly(stream, size)
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


def _number(text: str, form: str, base: int) -> int:
    """At most MOST."""
    if not re.fullmatch(form, text):
        raise BadRequestError
    if len(text.lstrip("0")) > len(str(MOST)) or int(text, base) > MOST:
        raise TooLongError
    return int(text, base)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise BadRequestError
    return content
