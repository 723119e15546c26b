"""Is a value what its setting wants? In words, with the nearest name where one is close."""

import re
from dataclasses import Field
from types import GenericAlias
from typing import Any

from .model import WRITER

ITEMS = {  # forms that a list's entries may have to have
    "NAME=value": re.compile(r"[A-Za-z_][A-Za-z0-9_]*="),
    "ROLE": re.compile(rf"{WRITER}\Z", re.ASCII),
    "DISTRIBUTION: GLOB": re.compile(r"[A-Za-z0-9][\w.-]*\s*:\s*\S"),
}
MOST = 1_000_000  # of whatever unit: no setting means more
KINDS: dict[object, str] = {str: "text", int: "a whole number", bool: "true or false"}


def violations(label: str, value: Any, spec: "Field[Any]") -> list[str]:
    """What is wrong with a field's value. `label` says where it stands and what it is."""
    if faults := spec.metadata.get("faults"):
        where = label.partition(" = ")[0]  # what stands there may be a credential
        return [f"{where}: {fault}" for fault in faults(value)]
    if isinstance(spec.type, GenericAlias):
        if not (isinstance(value, tuple) and all(isinstance(item, str) for item in value)):
            kind = "a table of strings" if spec.metadata.get("pairs") else "a list of strings"
            return [f"{label} is not {kind}"]
        form = spec.metadata.get("item", "NAME=value" if spec.metadata.get("pairs") else "")
        wrong = [each for each in value if form and not ITEMS[form].match(each)]
        return [f"{label}: {each!r} is not {form}" for each in wrong]
    if type(value) is not spec.type:
        return [f"{label} is not {KINDS[spec.type]}"]
    if spec.type is int and not 0 <= value <= (most := spec.metadata.get("most", MOST)):
        return [f"{label} is negative" if value < 0 else f"{label} is more than {most:,}"]
    return _unlike(label, value, spec)


def _unlike(label: str, value: Any, spec: "Field[Any]") -> list[str]:
    choices, pattern = spec.metadata.get("choices"), spec.metadata.get("pattern")
    if choices and value not in choices:
        return [f"{label} is not one of {', '.join(choices)}{nearest(value, choices)}"]
    if isinstance(value, str) and not value.isprintable():
        return [f"{label} holds a character that cannot be printed"]
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        form = spec.metadata.get("form", pattern)
        return [f"{label} does not look like {spec.metadata['help']} ({form})"]
    return []


def nearest(name: str, known: Any) -> str:
    """' (did you mean X?)', or nothing where no known name is close."""
    close = closest(name, known)
    return f" (did you mean {close}?)" if close else ""


def closest(name: str, known: Any) -> str:
    """'' where none is close."""
    import difflib  # for an error: nobody else waits for it

    return next(iter(difflib.get_close_matches(str(name), list(known), n=1)), "")
