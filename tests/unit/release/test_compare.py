"""tasks/release/compare.py: what changed from one layer version to another, in words."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.release import compare
from tasks.release.manifest import Manifest, ManifestEntry

PARTS = {"requirements": "1", "python": "3.12", "image": "", "rules": "1", "strip": "True"}


def manifest(*pins: str, **more: Any) -> Manifest:
    """Of `name==version`s."""
    pairs = [pin.split("==") for pin in pins]
    made = Manifest(
        layer="deps", python="3.12", architecture="x86_64", image="", builder="host",
        input="a" * 64, sha256="b" * 64, inputs=PARTS, bytes=1, unzipped=2, installed=3, files=1,
        distributions=[
            ManifestEntry(name=name, version=version, direct=True, bytes=1)
            for name, version in pairs
        ],
        others={}, settings={"recipes": []}, tool="0.1.0", git=None, built="20250102-030405",
    )  # fmt: skip
    return replace(made, **more)


def test_distributions_that_came_went_and_moved() -> None:
    """By name, in words."""
    before = {"six": "1.16.0", "idna": "3.10", "attrs": "25.1", "same": "1"}
    after = {"six": "1.17.0", "certifi": "2025.1", "attrs": "24.3", "same": "1"}
    assert compare.changes(before, after).lines() == [
        "attrs 25.1 → 24.3 (downgraded)",
        "certifi 2025.1 (added)",
        "idna 3.10 (removed)",
        "six 1.16.0 → 1.17.0 (upgraded)",
    ]
    assert compare.changes(before, after)
    assert not compare.changes(before, before)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("1.9", "1.10", "upgraded"), ("2.0rc1", "2.0", "upgraded"), ("2.0", "1!1.0", "upgraded"),
     ("1.0", "0.9.post1", "downgraded"), ("1.0", "nightly", "changed")],
)  # fmt: skip
def test_directions_are_pythons_own(before: str, after: str, said: str) -> None:
    """PEP 440, and no stumbling over what is not one."""
    assert compare.direction(before, after) == said


def test_parts_say_their_values_and_digests_what_they_stand_for() -> None:
    """Only what differs."""
    after = PARTS | {"python": "3.13", "rules": "2", "image": "mine:1"}
    assert compare.parts(PARTS, after) == {
        "python": "python 3.12 → 3.13",
        "image": f"image {compare.HOST} → mine:1",
        "rules": "prune rules changed",
    }


def test_settings_are_compared_as_json_has_them() -> None:
    """A tuple of this run and a list out of S3 are the same."""
    assert compare.settings(manifest(), {"recipes": ()}) == []
    assert compare.settings(manifest(), {"recipes": ("x",)}) == ["recipes [] → ['x']"]


def test_shortly_prefers_distributions() -> None:
    """That the requirements changed is said by them."""
    before = manifest("six==1.16.0")
    after = manifest("six==1.17.0", inputs=PARTS | {"requirements": "2", "strip": "False"})
    assert compare.shortly(before, after) == [
        "six 1.16.0 → 1.17.0 (upgraded)",
        "strip True → False",
    ]
    assert compare.shortly(before, manifest("six==1.16.0")) == ["the same inputs"]
    other = manifest("six==1.16.0", inputs=PARTS | {"requirements": "2"})
    assert compare.shortly(before, other) == ["requirements changed"]


def test_shortly_is_short() -> None:
    """What does not fit is counted."""
    many = manifest(*(f"p{number}==1" for number in range(20)))
    lines = compare.shortly(manifest(), many)
    assert lines == [*(f"p{n} 1 (added)" for n in (0, 1, 10, 11, 12, 13)), "… 14 more"]


def test_shortly_without_one_of_them() -> None:
    """The first version, and one that nobody knows about."""
    assert compare.shortly(None, manifest("six==1")) == ["1 distribution"]
    assert compare.shortly(manifest(), None) == ["not known: no manifest"]
