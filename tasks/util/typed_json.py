"""JSON that others wrote – another machine, another version of this tool, a person's hand – as one
of our dataclasses, or as nothing. Half of one would be a traceback later on."""

import json
import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict


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
        hints = _hints(wanted)
        return wanted(**{name: _made(each, hints.get(name)) for name, each in value.items()})
    if wanted is Any or type(value) in ((int, float) if wanted is float else (wanted,)):
        return value
    raise TypeError(f"{value!r} is not {wanted}")


@cache  # a record may have hundreds of one kind
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def fits(value: object, wanted: Any) -> bool:
    """Has it that type all the way down: a dataclass, a TypedDict, or what JSON knows? For what is
    large: each type is looked at once. A list counts as a tuple."""
    return _check(wanted)(value)


@cache
def _check(wanted: Any) -> Callable[[Any], bool]:
    origin, inner = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return lambda value: True
    if is_typeddict(wanted):
        return _fields(wanted, dict, lambda value: value, wanted.__required_keys__)
    if is_dataclass(wanted):
        return _fields(wanted, wanted, vars, get_type_hints(wanted).keys())
    if origin is types.UnionType:
        return lambda value: any(_check(each)(value) for each in inner)
    if origin:
        return _of_many(origin, inner)
    if wanted is float:
        return lambda value: type(value) in (int, float) and math.isfinite(value)
    return lambda value: type(value) is wanted


def _of_many(origin: Any, inner: tuple[Any, ...]) -> Callable[[Any], bool]:
    if origin in (dict, Mapping):
        items = _all_of(inner[1])
        return lambda value: isinstance(value, dict) and items(value.values())
    if origin is tuple and inner[-1] is not ...:
        checks = [_check(each) for each in inner]
        return lambda value: (
            isinstance(value, list | tuple) and len(value) == len(checks)
            and all(check(each) for check, each in zip(checks, value, strict=True))
        )  # fmt: skip
    items = _all_of(inner[0])
    return lambda value: isinstance(value, list | tuple) and items(value)


def _all_of(wanted: Any) -> Callable[[Any], bool]:
    check = _check(wanted)
    if wanted in (str, int, bool):
        return lambda values: {*map(type, values)} <= {wanted}
    return lambda values: all(map(check, values))


def _fields(
    wanted: Any, kind: Any, items: Callable[[Any], Mapping[str, Any]], required: Any
) -> Callable[[Any], bool]:
    hints = _hints(wanted)
    checks = {name: _check(hint) for name, hint in hints.items()}
    return lambda value: (
        isinstance(value, kind) and required <= items(value).keys() <= checks.keys()
        and all(checks[name](each) for name, each in items(value).items())
    )  # fmt: skip
