"""tasks/core/proof.py: only differences count, and each becomes a sentence."""

from typing import Any

import pytest

from tasks.core import proof


def answer(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "direct": {}, "imports": {}, "loads": {}, "glibc": {}, "distributions": {}, "metadata": {},
        "twice": [],
    }  # fmt: skip
    return empty | more


def test_only_what_worked_before_can_break() -> None:
    """Failing before, gone, or new: no break."""
    before = answer(imports={"a": "", "b": "E: was so"}, loads={"l.so": ""})
    after = answer(
        imports={"a": "E: no", "b": "E: no", "new": "E: no"}, loads={"l.so": "O: no", "m.so": ""}
    )
    found = [(each.kind, each.name, each.error) for each in proof.breaks(before, after)]
    assert found == [("import", "a", "E: no"), ("load", "l.so", "O: no")]


def test_a_requirement_is_unusable_when_nothing_of_it_imports() -> None:
    """One of several modules is enough; one without modules (types only) is fine."""
    before = answer(
        direct={"bad": {"x": "E: 1", "y": "E: 2"}, "good": {"x": "E: 1", "y": ""}, "none": {}}
    )
    assert proof.unusable(before) == {"bad": "E: 1"}


def test_a_missing_library_is_a_doubt_unless_the_layer_brings_it() -> None:
    """Then it is found at run time, when its package has loaded it."""
    missing = "OSError: libx.so.1: cannot open shared object file"
    before = answer(loads={"a.so": missing, "b.so": ""})
    after = answer(loads={"a.so": missing, "b.so": ""})
    assert proof.doubts(before, after) == [f"a.so: {missing}"]
    after["loads"]["pkg.libs/libx.so.1"] = ""
    assert proof.doubts(before, after) == []


def test_doubts_are_few() -> None:
    """A screen is enough."""
    loads = {f"{n}.so": "OSError: libx.so: gone" for n in range(50)}
    assert len(proof.doubts(answer(loads=loads), answer(loads=loads))) == proof.LISTED


def test_every_defect_is_a_sentence() -> None:
    """Names are compared as pip does."""
    after = answer(
        distributions={"Foo_Bar": "1"}, metadata={"foo": "ValueError: x"}, twice=["six"],
        glibc={"a.so": "2.38"},
    )  # fmt: skip
    assert proof.defects(after, {"foo-bar", "gone"}) == [
        "gone: importlib.metadata has no version",
        "foo: ValueError: x",
        "six is in the layer twice",
        "a.so needs glibc 2.38",
    ]


@pytest.mark.parametrize(
    ("rule", "paths", "fix"),
    [
        ("tests", ["a/b"], 'add to [tool.lambda-layer]: keep = ["a/b"]'),
        (
            "tests",
            ["a/1", "a/2", "a/3"],
            'add to [tool.lambda-layer]: keep = ["a/1", "a/2", "a/3"]',
        ),
        ("tests", [f"a/b/{n}" for n in range(4)], 'add to [tool.lambda-layer]: keep = ["a/b"]'),
        ("tests", [f"{n}/x" for n in range(4)], 'add to [tool.lambda-layer]: keep = ["**"]'),
        ("strip", ["a.so"], "set strip = false in [tool.lambda-layer]"),
        (None, [], 'no pruned file is missing: set bytecode = "none" in [tool.lambda-layer]'),
    ],
)
def test_the_fix_is_a_line_to_copy(rule: str | None, paths: list[str], fix: str) -> None:
    """Single files, or the folder that holds them."""
    assert proof.fix_for({"rule": rule, "paths": paths}) == fix


def test_who_is_at_fault() -> None:
    """One rule, several together, or none."""
    removed = {"tests": ["a/t"], "docs": ["a/d"], "drop": ["x"]}
    one = {"rule": "tests", "paths": ["1", "2", "3", "4", "5"]}
    assert proof.at_fault(one, removed) == "rule 'tests' took 1, 2, 3 and 2 more"
    both = {"rule": "", "paths": ["a/t", "a/d"]}
    assert proof.at_fault(both, removed) == "rules 'tests' and 'docs' took a/t, a/d"
    none: dict[str, Any] = {"rule": None, "paths": []}
    assert proof.at_fault(none, removed) == "no file that a rule took brings it back"
