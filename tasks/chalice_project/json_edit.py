"""One member of a JSON text changed. The text around it stays as it is, byte for byte."""

import json
import re
from collections.abc import Iterator, Sequence

_SPACE = re.compile(r"[ \t\r\n]*")


def with_member(text: str, place: Sequence[str], key: str, value: object) -> str:
    """The same text, a member of the object at `place` replaced (or added as its last), laid out as
    the text is. `place`: names of objects in objects. () is the outermost. KeyError for none."""
    start = skip(text, 0)
    for name in place:
        start, _ = _find(text, start, name)
    found = {name: (first, last) for name, first, last in members(text, start)}
    indent, unit = _indent_of(text, start), _unit(text)
    if key in found:  # of a key that stands twice the last counts, as in json
        first, last = found[key]
        return text[:first] + _written(value, indent, unit) + text[last:]
    member = f"{json.dumps(key, ensure_ascii=False)}: {_written(value, indent, unit)}"
    if not found:
        outer = indent.removesuffix(unit) if indent else ""
        return text[:start] + "{" + indent + member + outer + text[text.index("}", start) :]
    last = max(span[1] for span in found.values())
    return text[:last] + "," + (indent or " ") + member + text[last:]


def with_object(text: str, place: Sequence[str]) -> str:
    """The same text, with an (empty) object at `place` where there was no such member."""
    start = skip(text, 0)
    for number, name in enumerate(place):
        if name not in {key for key, _, _ in members(text, start)}:
            return with_object(with_member(text, place[:number], name, {}), place)
        start, _ = _find(text, start, name)
    return text


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """(key, value's begin, value's end) of the object whose brace is at `start`."""
    at = skip(text, start + 1)
    while text[at] != "}":
        key, at = json.JSONDecoder().raw_decode(text, at)
        first = skip(text, skip(text, at) + 1)
        _, last = json.JSONDecoder().raw_decode(text, first)
        yield key, first, last
        at = skip(text, last)
        at = skip(text, at + 1) if text[at] == "," else at


def skip(text: str, at: int) -> int:
    """Where the next character that is no space stands."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _find(text: str, start: int, key: str) -> tuple[int, int]:
    """Where the value of a member of the object at `start` begins and ends."""
    return {name: (first, last) for name, first, last in members(text, start)}[key]


def _indent_of(text: str, start: int) -> str:
    """Line break and indentation before the members of the object at `start`. '' on one line."""
    space = text[start + 1 : skip(text, start + 1)]
    if "\n" in space and text[skip(text, start + 1)] != "}":
        return space[space.rindex("\n") - space.startswith("\r\n") :]
    line = text.rfind("\n", 0, start) + 1
    margin = re.match(r"[ \t]*", text[line:])
    empty = text[skip(text, start + 1)] == "}"
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline + (margin[0] if margin else "") + _unit(text) if empty and line else ""


def _unit(text: str) -> str:
    """One level of the file's indentation."""
    match = re.search(r"\n([ \t]+)\S", text)
    return match[1] if match else "  "


def _written(value: object, indent: str, unit: str) -> str:
    """A value's text, below a member that is indented so."""
    if not indent:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", indent)
