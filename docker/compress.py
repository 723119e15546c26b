"""Packs one group of a distribution's files, compiled ones beside their sources.

docker/optimize.py has each packed in a process of its own. Needs `deflate` (libdeflate) beside the
standard library. Paths are joined as strings here: pathlib interns each name in a path, and which
strings a process has interned shows in the bytecode that it marshals.
"""

import marshal
import os
import zlib
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from os.path import join
from typing import Any, NamedTuple

LAMBDA = "/opt/python"  # where the layer lies in Lambda
STORED, DEFLATED = 0, 8  # as in a zip
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


class Making(NamedTuple):
    """What all groups are made with. `slim`: stripped files, as <key>/<path>; `loose`: what a group
    packed, until it is part of a part."""

    apart: str
    slim: str
    loose: str
    request: dict[str, Any]
    compile: bool
    level: int


def pack(making: Making, group: Group) -> tuple[list[Packed], list[str]]:
    """(the group's files, compiled ones beside their sources, modules that are not valid). The
    packed bytes, one behind the other, are in its file: through a pipe they would travel twice."""
    packed: list[Packed] = []
    wrong: list[str] = []
    with open(join(making.loose, group.file), "wb") as file:
        for name, mode, content, made in entries(making, group, wrong):
            method, data = pressed(content, making.level)
            crc = zlib.crc32(content)
            packed.append(Packed(name, mode, method, crc, len(content), len(data), made))
            file.write(data)
    return packed, wrong


def entries(
    making: Making, group: Group, wrong: list[str]
) -> "Iterator[tuple[str, int, bytes, bool]]":
    """(path, mode, content, made here?) of each file, and behind a module of its bytecode; `wrong`
    gets the modules that are not valid."""
    cut, only = making.request[group.key]["cut"], {*making.request[group.key].get("only", ())}
    for name in group.names:
        source, slim = (join(tree, group.key, name) for tree in (making.apart, making.slim))
        mode = 0o755 if os.stat(source).st_mode & 0o111 else 0o644
        content = (
            cut[name].encode(errors="surrogateescape")
            if name in cut
            else read(slim if os.path.isfile(slim) else source)
        )
        code = compiled(content, name) if making.compile and name.endswith(".py") else b""
        if code is None:
            wrong.append(name)
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
    except Exception:  # SyntaxError, ValueError, RecursionError: whatever the compiler says
        return None
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)
