"""tasks/proof/verdict.py: only differences count, and each becomes a sentence."""

from typing import Any

import pytest

from tasks.proof import verdict
from tasks.proof.cache import Proof
from tasks.settings.step_records import VerifyRecord
from tests import made_records

MISSING = "OSError: libx.so.1: cannot open shared object file"


def answer(**more: Any) -> dict[str, Any]:
    """Of docker/probe.py, about one distribution."""
    empty: dict[str, Any] = {
        "imports": {}, "loads": {}, "metadata": "", "missed": [], "compiled": 0, "elf": {},
        "needs": {}, "others": {}, "seen": {}, "hides": {}, "hidden": {},
    }  # fmt: skip
    return empty | more


def failed(before: dict[str, str], **after: Any) -> dict[str, Proof]:
    """One distribution whose libraries never loaded."""
    return {"a": Proof(after=answer(**after), loads=before)}


def test_only_what_worked_before_can_break() -> None:
    """Failing before, or working now: no break."""
    after = answer(
        imports={"a": "E: no", "b": "E: no", "c": ""},
        loads={"l.so": "O: no", "m.so": "O: no", "n.so": ""},
    )
    proven = Proof(after=after, imports={"b": "E: was so"}, loads={"m.so": "O: was so"})
    found = [(each.kind, each.name, each.error) for each in verdict.breaks({"a": proven})]
    assert found == [("import", "a", "E: no"), ("load", "l.so", "O: no")]


def test_import_seconds_are_those_of_what_people_import() -> None:
    """Of the outermost modules that import; one with none of them is left out."""
    after = answer(imports={"a": "", "b": "", "a.x": ""}, seconds={"a": 1.5, "a.x": 9.0, "b": 0.25})
    found = {
        "d": Proof(after=after),
        "fast": Proof(after=answer(imports={"f": ""}, seconds={})),
        "broken": Proof(after=answer(imports={"c": "E: no"}, seconds={})),
        "none": Proof(after=answer()),
    }
    outer = {"d": ["a", "b"], "fast": ["f"], "broken": ["c"]}
    assert verdict.import_seconds(found, outer) == {"d": 1.75, "fast": 0.0}


def test_an_import_that_init_has_no_time_for_is_a_warning() -> None:
    """With its seconds, the slowest first; one that just fits is none."""
    first, second = verdict.slow({"fits": 10.0, "slow": 12.4, "slower": 25.2})
    assert first.startswith("importing slower took 25 s in its test: Lambda ends a func")
    assert "after 10 s" in first
    assert second.startswith("importing slow took 12 s in its test")


def test_breaks_of_all_distributions_are_listed() -> None:
    """Each with its own past."""
    two = Proof(after=answer(imports={"m": "E: no"}))
    found = verdict.breaks({"a": Proof(after=two.after, imports={"m": "E: was so"}), "b": two})
    assert [each.name for each in found] == ["m"]


@pytest.mark.parametrize(
    ("error", "missed", "unclear"),
    [
        ("", ["a.gone"], False),
        ("ModuleNotFoundError: x", [], False),
        ("ModuleNotFoundError: x", ["a.gone"], True),
        (f"ImportError: {MISSING}", [], True),
        (f"ImportError: /opt/python/p/{MISSING}", [], True),
        ("ImportError: libtk8.6.so: cannot open shared object file", [], False),
        ("ImportError: something.so-like", [], True),
    ],
    ids=[
        "works", "nothing of ours was missing", "a pruned module was missing", "a library",
        "by its path", "the image's library", "an error that names none",
    ],
)  # fmt: skip
def test_what_may_have_worked_before_is_tried_again(
    error: str, missed: list[str], unclear: bool
) -> None:
    """What cannot be pruning's fault is not."""
    found = verdict.unclear(answer(imports={"m": error}, missed=missed), {"libx.so.1"})
    assert found["modules"] == (["m"] if unclear else [])


def test_a_library_that_a_package_names_in_its_own_words_may_have_been_there() -> None:
    """As numpy does, where `drop` took its libraries: not the package is at fault."""
    error = f"ImportError: IMPORTANT: PLEASE READ (Original error was: {MISSING})"
    assert verdict.unclear(answer(imports={"m": error}), {"libx.so.1"})["modules"] == ["m"]


def test_a_library_that_does_not_load_is_tried_again() -> None:
    """Only its error tells what it looks for."""
    found = verdict.unclear(answer(loads={"a.so": "", "b.so": MISSING}), set())
    assert found == {"modules": [], "libraries": ["b.so"]}


def test_what_a_module_lacks_is_named_though_others_of_its_package_import() -> None:
    """A library, or a standard module that Python has no longer; a package may be optional."""
    absent = "ModuleNotFoundError: No module named"
    imports = {"a.b": f"{absent} 'distutils'", "a.c": f"{absent} 'asynchat.x'"}
    imports |= {"a.d": MISSING, "a.e": f"{absent} 'numpy'", "a.f": f"{absent} 'distutils_more'"}
    assert verdict.without_needed({"a": Proof(after=answer(), imports=imports)}) == [
        f"a module of a cannot be imported in Lambda: a.d: {MISSING}",
        f"2 modules of a cannot be imported in Lambda: a.b: {absent} 'distutils'",
    ]


def test_what_never_imported_is_counted_by_what_it_is() -> None:
    """A standard module, a module of the layer, an AttributeError: nobody forgot a package."""
    absent = "ModuleNotFoundError: No module named"
    before = {
        "a.x": f"{absent} 'numpy'", "a.y": f"{absent} 'b.c'", "a.z": f"{absent} 'typing.io'",
        "a.d": f"{absent} 'distutils'", "a.e": "AttributeError: no",
    }  # fmt: skip
    found = {"a": Proof(after=answer(imports={"a": "", "b": "", **before}), imports=before)}
    facts = made_records.made(VerifyRecord, **verdict.counts(found))
    assert (facts.modules_that_never_imported, facts.modules_that_want_packages) == (5, 1)
    assert verdict.summary(facts).splitlines() == [
        "1 module not imported: packages are missing that nobody asked for",
        "4 modules not imported before pruning either",
        "2 modules imported, 1 package answered, 0 libraries loaded",
    ]
    counted = verdict.counts({"a": Proof(after=answer(imports={"a": ""}))})
    good = made_records.made(VerifyRecord, **counted)
    assert verdict.summary(good) == "1 module imported, 1 package answered, 0 libraries loaded"


def test_a_missing_library_is_a_doubt_unless_the_layer_brings_it() -> None:
    """Then it is found at run time, when its package has loaded it; from another one, too."""
    found = failed({"a.so": MISSING}, loads={"a.so": MISSING, "b.so": ""})
    assert verdict.doubts(found) == [f"a.so: {MISSING}"]
    found["b"] = Proof(after=answer(loads={"pkg.libs/libx.so.1": ""}))
    assert verdict.doubts(found) == []


def test_doubts_are_few() -> None:
    """One of each package and fault, then how many more there are: of none nothing is said."""
    loads = {f"{n:02}.so": "OSError: libx.so: gone" for n in range(50)}
    other = {"y.so": "OSError: liby.so: gone"}
    both = failed(loads | other, loads=loads | other)
    assert verdict.doubts(both) == [
        "00.so: OSError: libx.so: gone (also 49 more files of a)", "y.so: OSError: liby.so: gone"
    ]  # fmt: skip
    many = {name: failed(other, loads=other)["a"] for name in map(str, range(13))}
    assert len(verdict.doubts(many)) == 11
    assert verdict.doubts(many)[-1] == "and 3 more files"


def test_every_defect_is_a_sentence() -> None:
    """What is fine says nothing."""
    found = {
        "gone": Proof(after=answer(metadata="importlib.metadata has no version")),
        "fine": Proof(after=answer()),
    }
    assert verdict.defects(found, ["six"]) == [
        "gone: importlib.metadata has no version",
        "six is in the layer twice",
    ]
    assert verdict.defects(found, [], ["gone"]) == []
    assert verdict.oddities(found, ["gone"]) == [
        "importlib.metadata fails on it, and did before pruning: gone: importlib.metadata has no "
        "version"
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
    assert verdict.fix_for({"rule": rule, "paths": paths}) == fix


def test_who_is_at_fault() -> None:
    """One rule, several together, or none."""
    removed = {"tests": ["a/t"], "docs": ["a/d"], "drop": ["x"]}
    one = {"rule": "tests", "paths": ["1", "2", "3", "4", "5"]}
    assert verdict.at_fault(one, removed) == "rule 'tests' took 1, 2, 3 and 2 more"
    both = {"rule": "", "paths": ["a/t", "a/d"]}
    assert verdict.at_fault(both, removed) == "rules 'tests' and 'docs' took a/t, a/d"
    none: dict[str, Any] = {"rule": None, "paths": []}
    assert verdict.at_fault(none, removed) == "no file that a rule took brings it back"
    alone: dict[str, Any] = {"rule": "", "paths": []}
    assert verdict.works_alone(alone)
    assert not verdict.works_alone(both)
    assert "by itself it works" in verdict.at_fault(alone, removed)
    assert "run `./doitw` again" in verdict.fix_for(alone)
