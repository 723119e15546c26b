"""`.chalice/config.json`: read, checked, and changed in one place only – a stage's `layers`.

The text around it stays as it is, byte for byte: indentation, key order, non-ASCII text, mode.
"""

import difflib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.core import records
from tasks.core.errors import InputError
from tasks.core.validation import nearest

BACKUPS = 5  # kept beside the file
_SPACE = re.compile(r"[ \t\r\n]*")


def load(path: Path) -> dict[str, Any]:
    """The whole file. InputError when missing, not JSON, or `stages` is not what Chalice reads."""
    return _parse(_text(path), path)


def stage(path: Path, name: str) -> dict[str, Any]:
    """One stage's table. InputError names the stages there are."""
    stages: dict[str, dict[str, Any]] = load(path)["stages"]
    if name not in stages:
        known = ", ".join(stages) or "none"
        raise InputError(
            f"{path} has no stage {name!r}{nearest(name, stages)}; it has: {known}",
            fix="choose one with stage=NAME, or add it to the file",
        )
    return stages[name]


def layers(path: Path, name: str) -> list[str]:
    """The stage's layer ARNs, in Lambda's order. A stage without `layers` has the app's."""
    return list(stage(path, name).get("layers", load(path).get("layers", [])))


def function_layers(path: Path, name: str, function: str) -> list[str]:
    """ARNs of one function of the stage (`api_handler` or as in app.py), which may have `layers`
    of its own instead of the stage's."""
    own = stage(path, name).get("lambda_functions", {}).get(function, {})
    return list(own.get("layers", layers(path, name)))


def known_layers(path: Path, name: str) -> list[str]:
    """The same for who only looks: [] where the file or the stage is wrong or missing."""
    try:
        return layers(path, name)
    except InputError:
        return []


def known_stages(path: Path) -> dict[str, list[str]]:
    """{stage: its layer ARNs} of every stage; {} where the file is wrong or missing."""
    try:
        return {name: layers(path, name) for name in load(path)["stages"]}
    except InputError:
        return {}


def write_layers(path: Path, name: str, arns: list[str]) -> Path:
    """Set the stage's `layers`; returns the backup of what stood there before."""
    stage(path, name)
    text = _text(path)
    backup = path.with_name(f"{path.name}.bak-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    mode = path.stat().st_mode & 0o777
    records.write_atomic(backup, text.encode(), mode=mode)
    for old in sorted(path.parent.glob(f"{path.name}.bak-*"))[:-BACKUPS]:
        old.unlink()
    # resolved: a link stays a link
    records.write_atomic(path.resolve(), with_layers(text, name, arns).encode(), mode=mode)
    return backup


def preview(path: Path, name: str, arns: list[str]) -> list[str]:
    """The lines that `write_layers` would take out (`- …`) and put in (`+ …`)."""
    before = _text(path)
    after = with_layers(before, name, arns)
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    return [f"{line[0]} {line[2:].strip()}" for line in compared if line[0] in "-+"]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        fix = "run in the Chalice app's folder, or make one with `chalice new-project`"
        raise InputError(f"{path} does not exist", fix=fix) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}", fix="save it as UTF-8") from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}", fix="correct it there") from None
    stages = config.get("stages") if isinstance(config, dict) else None
    if not isinstance(stages, dict) or not all(isinstance(each, dict) for each in stages.values()):
        raise InputError(
            f"{path}: `stages` is not an object of objects",
            fix='write it as {"stages": {"prod": {"layers": []}}}',
        )
    places = {"": config} | {f"stages.{name}.": each for name, each in stages.items()}
    for place, each in places.items():
        listed = each.get("layers", [])
        if not isinstance(listed, list) or not all(isinstance(arn, str) for arn in listed):
            fix = "write it as a list of ARNs, or []"
            raise InputError(f"{path}: {place}layers is not a list of text", fix=fix)
    return config


def with_layers(text: str, name: str, arns: list[str]) -> str:
    """The same text, the stage's `layers` replaced (or added as its last member)."""
    stages_at = _find(text, _skip(text, 0), "stages")[0]
    start, end = _find(text, stages_at, name)
    members = {key: span for key, *span in _members(text, start)}
    indent, unit = _indent_of(text, start), _unit(text)
    if "layers" in members:
        first, last = members["layers"]
        return text[:first] + _array(arns, indent, unit) + text[last:]
    member = f'"layers": {_array(arns, indent, unit)}'
    if not members:
        outer = indent.removesuffix(unit) if indent else ""
        return text[:start] + "{" + indent + member + outer + "}" + text[end:]
    last = max(span[1] for span in members.values())
    return text[:last] + "," + (indent or " ") + member + text[last:]


def _find(text: str, start: int, key: str) -> tuple[int, int]:
    """Where the value of a member of the object at `start` begins and ends."""
    spans = {name: (first, last) for name, first, last in _members(text, start)}
    return spans[key]  # of a key that stands twice the last counts, as in json


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """(key, value's begin, value's end) of the object whose brace is at `start`."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = json.JSONDecoder().raw_decode(text, at)
        first = _skip(text, _skip(text, at) + 1)
        _, last = json.JSONDecoder().raw_decode(text, first)
        yield key, first, last
        at = _skip(text, last)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _indent_of(text: str, start: int) -> str:
    """Line break and indentation before the members of the object at `start`; '' on one line."""
    space = text[start + 1 : _skip(text, start + 1)]
    if "\n" in space and text[_skip(text, start + 1)] != "}":
        return space[space.rindex("\n") - space.startswith("\r\n") :]
    line = text.rfind("\n", 0, start) + 1
    margin = re.match(r"[ \t]*", text[line:])
    empty = text[_skip(text, start + 1)] == "}"
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline + (margin[0] if margin else "") + _unit(text) if empty and line else ""


def _unit(text: str) -> str:
    """One level of the file's indentation."""
    match = re.search(r"\n([ \t]+)\S", text)
    return match[1] if match else "  "


def _array(arns: list[str], indent: str, unit: str) -> str:
    quoted = [json.dumps(arn, ensure_ascii=False) for arn in arns]
    if not quoted or not indent:
        return "[" + ", ".join(quoted) + "]"
    return "[" + ",".join(indent + unit + arn for arn in quoted) + indent + "]"
