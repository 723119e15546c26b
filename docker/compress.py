"""Packs one group of a distribution's files, compiled ones beside their sources.

docker/optimize.py has each packed in a process of its own. Needs `deflate` (libdeflate) beside the
standard library. Paths are joined as strings here: pathlib interns each name in a path, and which
strings a process has interned shows in the bytecode that it marshals.
"""

import marshal
import os
import sys
import zlib
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from os.path import join
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(__file__))
import byte_search
import strip_libraries

LAMBDA = "/opt/python"  # where the layer lies in Lambda
STORED, DEFLATED = 0, 8  # as in a zip
NEEDED = 1000  # bytes that compiling a byte of source takes at most
UNCHECKED_HASH = (1).to_bytes(4, "little")


class Group(NamedTuple):
    """Files of one distribution that one process packs. What a process compiled before shows in
    the bytes (marshal writes down which objects are shared), so the groups depend on the
    distribution alone."""

    size: int  # bytes; the largest begin, so that no long one is left for the end
    key: str
    names: list[str]
    file: str  # its name among those of all groups


class Packed(NamedTuple):
    name: str
    mode: int
    method: int
    crc: int
    size: int
    packed: int
    made: bool
    suspect: bool


class Making(NamedTuple):
    """What all groups are made with. `loose`: what a group packed, until it is part of a part.
    `words`: a file with one of them is suspect (tasks/layer/archive/secret_patterns.py)."""

    apart: str
    loose: str
    request: dict[str, Any]
    strip: bool
    compile: bool
    level: int
    words: tuple[bytes, ...] = ()


class Made(NamedTuple):
    """`packed`: the group's files, compiled ones beside their sources. `wrong`: modules that are
    not valid. `strip`: docker/strip_libraries.py's report."""

    packed: list[Packed]
    wrong: list[str]
    strip: dict[str, Any]


def pack(making: Making, group: Group) -> Made:
    """The packed bytes, one behind the other, are in the group's file: through a pipe they would
    travel twice."""
    made = Made([], [], strip_libraries.new_report())
    with open(join(making.loose, group.file), "wb") as file:
        for name, mode, content, ours in entries(making, group, made):
            method, data = pressed(content, making.level)
            sizes = zlib.crc32(content), len(content), len(data)
            suspect = is_suspect(making.words, content, beside=ours and "__pycache__/" in name)
            made.packed.append(Packed(name, mode, method, *sizes, ours, suspect))
            file.write(data)
    return made


def is_suspect(words: "tuple[bytes, ...]", content: bytes, *, beside: bool) -> bool:
    """`beside` its source, bytecode has no text that the source has not."""
    return not words or (not beside and any(byte_search.words_in(content, words)))


def entries(making: Making, group: Group, made: Made) -> "Iterator[tuple[str, int, bytes, bool]]":
    """(path, mode, content, made here?) of each file, and behind a module of its bytecode."""
    cut, only = making.request[group.key]["cut"], {*making.request[group.key].get("only", ())}
    for name in group.names:
        source = join(making.apart, group.key, name)
        mode = 0o755 if os.stat(source).st_mode & 0o111 else 0o644
        content = cut[name].encode(errors="surrogateescape") if name in cut else read(source)
        if making.strip and name not in cut:
            content = strip_libraries.lighter(name, content, made.strip)
        code = compiled(content, name) if making.compile and name.endswith(".py") else b""
        if code is None:
            made.wrong.append(name)
        if code and name in only:
            yield f"{name}c", 0o644, code, True
            continue
        yield name, mode, content, False
        if code:
            yield cache_from_source(name), 0o644, code, True


def read(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()


def pressed(content: bytes, level: int) -> "tuple[int, bytes | bytearray]":
    """(method, data)"""
    import deflate

    data: bytes | bytearray = deflate.deflate_compress(content, level)
    return (DEFLATED, data) if len(data) < len(content) else (STORED, content)


def compiled(source: bytes, name: str) -> "bytes | None":
    """Bytecode that is valid whatever the zip and Lambda do to file times, and read without a look
    at the source (unchecked-hash, PEP 552). Lambda's path goes in, for tracebacks."""
    try:
        code = compile(source, join(LAMBDA, name), "exec", dont_inherit=True, optimize=0)
    except MemoryError as error:
        if not is_too_deep(error, source):
            raise  # another time it compiles: a part without it would be kept
        return None
    except Exception:  # SyntaxError, ValueError, RecursionError: whatever the compiler says
        return None
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)


def is_too_deep(error: MemoryError, source: bytes) -> bool:
    """Is it the parser's own limit? Before Python 3.12 it does not say so: then it is, if there is
    memory."""
    if sys.version_info >= (3, 12):  # noqa: UP036 - the layer's Python, not the tool's
        return "Parser stack" in str(error)
    try:
        bytearray(NEEDED * len(source))
    except MemoryError:
        return False
    return True
