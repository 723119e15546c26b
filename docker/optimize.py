"""Makes finished parts of a layer, one per distribution: stripped, compiled, packed.

    optimize.py APART OUT REQUEST [--strip] [--compile] [--word WORD]… --level N --tools FOLDER

APART/<key> is a distribution as installed (docker/inspect_installed.py). REQUEST is JSON: {key:
{"as": name of its part, "stay": [paths], "cut": {path: text in place of the file}[, "only": modules
that are shipped as bytecode alone]}}. A part, OUT/<as>, holds the packed files one behind the
other, then its index (JSON), then the index's length (8 bytes, little end first). The index:
{"members": [[path, mode, method, CRC-32, bytes, offset, bytes packed, made here?, has it one of the
words?]], "strip": report or null, "skipped": [modules that are no valid Python]}.

Runs in Lambda's image or under the host's Python. Needs `deflate` (libdeflate), installed or in
FOLDER, beside the standard library. Paths are joined as strings, for docker/compress.py's reason.
"""

import argparse
import functools
import gc
import importlib
import json
import os
import shutil
import struct
import sys
import tempfile
import warnings
import zlib
from os.path import join
from typing import Any, BinaryIO

sys.path.insert(0, os.path.dirname(__file__))
import fork_pool
import strip_libraries
from compress import Group, Made, Making, pack, pressed

BLOCK = 1 << 20  # bytes
LENGTH = struct.Struct("<Q")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("apart", "out", "request"):
        parser.add_argument(name)
    parser.add_argument("--strip", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--word", action="append", default=[])
    parser.add_argument("--level", type=int, required=True)
    parser.add_argument("--tools", required=True)
    options = parser.parse_args()
    sys.path.append(options.tools)
    importlib.import_module("deflate")  # once, not in every group
    with open(options.request, encoding="utf-8") as file:
        request = json.load(file)
    if any(each.get("only") for each in request.values()):
        refuse_preview()
    shutil.rmtree(options.out, ignore_errors=True)  # parts of before
    os.makedirs(options.out)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(options.out)) as aside:
        words = tuple(word.encode() for word in options.word)
        flags = options.strip, options.compile, options.level, words
        make(Making(options.apart, aside, request, *flags), options.out)


def refuse_preview() -> None:
    """The number that bytecode begins with still changes before a release (importlib)."""
    if sys.version_info.releaselevel != "final":
        version = sys.version.partition(" ")[0]
        raise SystemExit(
            f"Python {version} is a preview: no other reads its bytecode, and a layer with "
            'bytecode = "only" has nothing else'
        )


class Parts:
    """They grow side by side, as their files are packed."""

    def __init__(self, making: Making, out: str) -> None:
        self._making = making
        self._files = {key: join(out, each["as"]) for key, each in making.request.items()}
        self._members: dict[str, list[Any]] = {key: [] for key in making.request}
        self._skipped: dict[str, list[str]] = {key: [] for key in making.request}
        self._strip = {key: strip_libraries.new_report() for key in making.request}

    def add(self, group: Group, made: Made) -> None:
        with open(self._files[group.key], "ab") as file:
            offset = file.tell()
            for *head, size, ours, suspect in made.packed:
                self._members[group.key].append([*head, offset, size, ours, suspect])
                offset += size
            move(join(self._making.loose, group.file), file)
        self._skipped[group.key] += made.wrong
        for what, more in made.strip.items():
            self._strip[group.key][what] += more

    def finish(self) -> None:
        for key, path in self._files.items():
            self._correct_record(key, path)
            report = strip_libraries.in_order(self._strip[key]) if self._making.strip else None
            index = {"members": sorted(self._members[key]), "strip": report}
            text = json.dumps(index | {"skipped": sorted(self._skipped[key])}).encode()
            with open(path, "ab") as file:
                file.write(text + LENGTH.pack(len(text)))

    def _correct_record(self, key: str, path: str) -> None:
        """It names the bytecode of modules that could not be compiled: their sources are there."""
        request = self._making.request[key]
        wrong = {*self._skipped[key]} & {*request.get("only", ())}
        name = next((name for name in request["cut"] if name.endswith("/RECORD")), "")
        if not wrong or not name:
            return
        lines = request["cut"][name].splitlines(keepends=True)
        text = "".join(uncompiled(line, wrong) for line in lines)
        content = text.encode(errors="surrogateescape")
        method, data = pressed(content, self._making.level)
        with open(path, "ab") as file:
            member = [name, 0o644, method, zlib.crc32(content), len(content), file.tell()]
            file.write(data)
        others = [each for each in self._members[key] if each[0] != name]
        self._members[key] = [*others, [*member, len(data), False, True]]


def uncompiled(line: str, wrong: "set[str]") -> str:
    """A line of RECORD, of a module that is there as its source."""
    head, _, tail = line.rpartition(".pyc")
    return f"{head}.py{tail}" if f"{head}.py".strip('"') in wrong else line


def make(making: Making, out: str) -> None:
    tasks = [
        group
        for key, each in making.request.items()
        for kind, names in of_a_kind(each["stay"]).items()
        for group in groups(making, key, names, kind)
    ]
    parts = Parts(making, out)
    progress = fork_pool.Progress(sum(len(each["stay"]) for each in making.request.values()))
    work = functools.partial(pack, making)
    for group, made in fork_pool.each(sorted(tasks, reverse=True), work):
        parts.add(group, made)
        progress.advance(len(group.names))
    parts.finish()


def of_a_kind(names: list[str]) -> "dict[str, set[str]]":
    """Libraries share no group with modules: nothing of them shows in bytecode."""
    libraries = {name for name in names if ".so" in name.rpartition("/")[2]}
    return {"": {*names} - libraries, "lib-": libraries}


def groups(making: Making, key: str, names: set[str], kind: str) -> list[Group]:
    sizes = {name: os.stat(join(making.apart, key, name)).st_size for name in sorted(names)}
    return [
        Group(sum(sizes[name] for name in chunk), key, chunk, f"{key}-{kind}{number}")
        for number, chunk in enumerate(fork_pool.chunks(sizes.items()))
    ]


def move(source: str, end: BinaryIO) -> None:
    """Append the file, which is gone then."""
    with open(source, "rb") as stream:
        shutil.copyfileobj(stream, end, BLOCK)
    os.unlink(source)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # invalid escapes in other people's strings
    sys.dont_write_bytecode = True
    gc.disable()  # a process packs one group and ends: there is nothing to collect
    main()
