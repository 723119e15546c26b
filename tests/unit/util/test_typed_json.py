"""tasks/util/typed_json.py: what others wrote has the type that it is read as, or is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

import pytest

from tasks.util import typed_json


class Inner(TypedDict):
    names: list[str]
    count: NotRequired[int]


@dataclass
class Outer:
    text: str
    pair: tuple[int, bool] = (1, True)
    several: tuple[str, ...] = ()
    inner: Mapping[str, Inner] = field(default_factory=dict)
    number: float = 0.0
    perhaps: Mapping[str, str | None] = field(default_factory=dict)
    any_: Any = None


@pytest.mark.parametrize(
    "changed",
    [
        {}, {"pair": [2, False]}, {"several": ["a", "b"]}, {"several": ("a",)},
        {"inner": {"x": {"names": []}, "y": {"names": ["a"], "count": 1}}}, {"number": 1},
        {"perhaps": {"a": None, "b": "c"}}, {"any_": {"a": [1]}},
    ],
)  # fmt: skip
def test_what_has_its_type_fits(changed: dict[str, Any]) -> None:
    """JSON has no tuples: its lists count."""
    assert typed_json.fits(Outer(**{"text": "a", **changed}), Outer)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": None}, {"text": 1}, {"pair": [2]}, {"pair": [2, 1]}, {"pair": [True, True]},
        {"pair": "ab"}, {"several": "ab"}, {"several": [1]}, {"several": {"a": 1}},
        {"inner": []}, {"inner": {"x": {}}}, {"inner": {"x": {"names": "ab"}}},
        {"inner": {"x": {"names": [], "more": 1}}}, {"inner": {"x": {"names": [], "count": "1"}}},
        {"number": "1"}, {"number": float("nan")}, {"number": float("inf")}, {"number": True},
        {"perhaps": {"a": 1}},
    ],
)  # fmt: skip
def test_what_has_another_type_does_not(changed: dict[str, Any]) -> None:
    """However deep, and also if Python would take it for the same."""
    assert not typed_json.fits(Outer(**{"text": "a", **changed}), Outer)
