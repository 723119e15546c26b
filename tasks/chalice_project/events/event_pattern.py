"""An event that fits a rule's pattern (AWS: "Creating Amazon EventBridge event patterns")."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

LISTS = ("resources",)  # members of an event that are lists
_MISSING = object()


def fitting(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """What of an event the pattern names. Of several choices the first."""
    either = (pattern.get("$or") or [{}])[0]
    named = {**pattern, **(either if isinstance(either, dict) else {})}
    found = {name: _member(wanted) for name, wanted in named.items() if name != "$or"}
    return {
        name: [value] if name in LISTS else value
        for name, value in found.items()
        if value is not _MISSING
    }


def _member(wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return fitting(wanted)
    return _value(wanted[0]) if isinstance(wanted, list) and wanted else "example"


def _value(choice: Any) -> Any:
    """Of a literal itself. Of `{"prefix": "a"}` and the like one that it takes."""
    if not isinstance(choice, dict):
        return choice
    kind, told = next(iter(choice.items()), ("", ""))
    return _MADE.get(kind, _as_it_is)(told)


def _as_it_is(told: Any) -> Any:
    """`{"prefix": {"equals-ignore-case": "a"}}`, too."""
    return _value(told)


def _exists(told: Any) -> Any:
    return "example" if told else _MISSING


def _other(told: Any) -> Any:
    """Than one, or each of several."""
    return "example" if "example" not in str(told) else "another"


def _number(told: Sequence[Any]) -> Any:
    """`[">", 0, "<=", 5]`"""
    bounds = dict(zip(told[::2], told[1::2], strict=False))
    low, high = bounds.get(">"), bounds.get("<")
    for sign in ("=", ">=", "<="):
        if sign in bounds:
            return bounds[sign]
    if low is not None and high is not None:
        return (low + high) / 2
    return low + 1 if low is not None else (high or 0) - 1


_MADE: dict[str, Callable[[Any], Any]] = {
    "exists": _exists,
    "anything-but": _other,
    "numeric": _number,
    "wildcard": lambda told: str(told).replace("*", "x"),
    "cidr": lambda told: str(told).partition("/")[0],
}
