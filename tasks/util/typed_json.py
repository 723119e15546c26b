"""JSON that others wrote – another machine, another version of this tool, a person's hand – as one
of our dataclasses, or as nothing. Half of one would be a traceback later on."""

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints


def parsed(data: bytes | None) -> dict[str, Any]:
    """{} for none, and for what is no JSON object."""
    try:
        found = json.loads(data or b"null")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_note[T](kind: type[T], data: bytes | None) -> T | None:
    """A dataclass. None where a field is missing, unknown or of another type."""
    return made(kind, parsed(data))


def made[T](kind: type[T], told: Mapping[str, Any]) -> T | None:
    try:
        found: T = _made(told, kind)
    except TypeError:
        return None
    return found


def _made(value: Any, wanted: Any) -> Any:
    """The value as what a field wants. TypeError where it is something else."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is types.UnionType:  # of something and None
        return None if value is None else _made(value, inner[0])
    if origin is Sequence and isinstance(value, list):
        return [_made(each, inner[0]) for each in value]
    if origin is Mapping and isinstance(value, dict):
        return {name: _made(each, inner[1]) for name, each in value.items()}
    if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, dict):
        hints = get_type_hints(wanted)
        return wanted(**{name: _made(each, hints.get(name)) for name, each in value.items()})
    if wanted is Any or type(value) in ((int, float) if wanted is float else (wanted,)):
        return value
    raise TypeError(f"{value!r} is not {wanted}")
