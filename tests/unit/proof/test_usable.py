"""tasks/proof/usable.py: which imports that fail are errors, and which are warnings."""

import zipfile
from pathlib import Path

import pytest

from tasks.proof import usable
from tasks.proof.cache import Proof
from tests.unit.proof.test_verdict import MISSING, answer

PROOFS = {
    name: Proof(after=answer(), imports=imports)
    for name, imports in {
        "bad": {"x": "E: 1", "y": "E: 2"},
        "pythonnet": {"clr": "RuntimeError: no mono", "pythonnet.x": "E: inner"},
        "ee-reg": {"ee_reg": "KeyError: 'A' [unset variable: A]"},
        "none": {},
        "half": {"half": "E: 3"},  # its _half imports
        "own": {"_own": "E: 4"},
        "odd": {"late": "no end after 60 s", "needs": f"ImportError: {MISSING}"},
    }.items()
}
DIRECT = {
    "bad": ["x", "y"], "pythonnet": ["clr", "pythonnet"], "ee-reg": ["ee_reg", "ee_util"],
    "none": [], "gone": ["z"], "half": ["_half", "half"], "own": ["_own", "own"],
    "odd": ["late", "needs", "odd"],
}  # fmt: skip


def test_a_requirement_is_unusable_when_what_people_import_of_it_never_imported() -> None:
    """All of it, the module that it is named for, or one that the app imports; one without modules
    (types only) is fine, and so is one whose private module fails."""
    failing = usable.failing(PROOFS, DIRECT)
    every = usable.of_any(PROOFS, [])
    told = {name: each.error for name, each in usable.errors(failing, every, []).items()}
    assert told == {"bad": "E: 1", "ee_reg of ee-reg": "KeyError: 'A' [unset variable: A]",
                    "half": "E: 3"}  # fmt: skip
    assert "clr of pythonnet" in usable.errors(failing, every, ["clr"])


def test_what_the_app_imports_must_work_wherever_it_lies() -> None:
    """Also inside a package, and of a package that nobody named."""
    proofs = {"bad": PROOFS["bad"], "dep": Proof(after=answer(), imports={"dep.inner": "E: 5"})}
    every = usable.of_any(proofs, [])
    found = usable.errors(usable.failing(proofs, {"bad": ["z"]}), every, ["dep.inner", "x"])
    assert {name: each.error for name, each in found.items()} == {
        "dep.inner of dep": "E: 5", "x of bad": "E: 1",
    }  # fmt: skip


def test_what_only_the_function_brings_is_no_error() -> None:
    """The import test has no function: nothing is known of what wants Chalice."""
    error = "ModuleNotFoundError: No module named 'chalice'"
    proofs = {"spec": Proof(after=answer(), imports={"spec": error, "spec.x": error})}
    failing, every = usable.failing(proofs, {"spec": ["spec"]}), usable.of_any(proofs, ["chalice"])
    assert usable.errors(failing, every, ["spec", "spec.x"]) == {}
    assert len(usable.warnings(failing, every, [])) == 1


def test_a_module_that_fails_beside_others_is_a_warning_with_its_error() -> None:
    """What other warnings say is not said twice."""
    failing = usable.failing({"odd": PROOFS["odd"], "pythonnet": PROOFS["pythonnet"]}, DIRECT)
    assert usable.warnings(failing, [], []) == [
        "`import clr` fails, and did before pruning (pythonnet): RuntimeError: no mono"
    ]


def test_what_needs_more_memory_than_a_function_has_is_said() -> None:
    """Of the largest module of each direct requirement; what just fits is fine."""
    taken = {"a": {"small": 5 << 20, "large": 700 << 20}, "b": {"b": 512 << 20}, "c": {}}
    proofs = {name: Proof(after=answer(memory=each)) for name, each in taken.items()}
    needed = usable.memory(proofs, {"a": ["small", "large"], "b": ["b"], "c": ["c"], "gone": ["z"]})
    assert needed == {"a": 700, "b": 512, "c": 0}
    assert usable.without_room(needed, 512, "a function has") == [
        "importing a takes 700 MB of memory, and a function has 512 MB (lambda_memory_size): "
        "Lambda ends a function that imports it (Runtime.OutOfMemory)"
    ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("try:\n    from .b import b\nexcept ImportError:\n    b = None", True),
        ("def b(): pass", True),
        ("class b: pass", True),
        ("from .other import b", True),
        ("from json import loads as b", True),
        ("if x:\n    import numpy as b", True),
        ("", False),
        ("try:\n    from .b import b\nexcept ImportError:\n    pass", False),
        ("try:\n    from . import b\nexcept ImportError:\n    pass", False),
        ("from a.b import b", False),
        ("from ..a.b import c as b", False),
        ("def other():\n    b = 1", False),
        ("b = (", False),
    ],
)
def test_a_name_of_a_package_may_be_no_module(tmp_path: Path, text: str, *, is_one: bool) -> None:
    """What `from a import b` gives, though a.b does not import."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr("python/a/__init__.py", text)
    found = usable.attributes(tmp_path / "layer.zip", ["a.b", "a", "gone.b"])
    assert found == ({"a.b"} if is_one else set())


@pytest.mark.parametrize(
    "error",
    [
        "ImproperlyConfigured: Requested setting REST_FRAMEWORK, but settings are not configured. "
        "You must either define the environment variable DJANGO_SETTINGS_MODULE or call "
        "settings.configure() before accessing settings.",
        "AppRegistryNotReady: Apps aren't loaded yet.",
        "RuntimeError: Working outside of application context.",
        "KeyError: 'TABLE' [unset variable: TABLE]",
    ],
)
def test_what_the_app_may_set_up_before_is_a_warning(error: str) -> None:
    """Django's, Flask's: each module is imported alone in the test, and the app's come after
    `settings.configure()` or `os.environ[…] = …`. What a requirement is named for stays an error,
    as does an import that finds nothing."""
    imports = {"framework.views": error, "framework.old": f"ImportError: {MISSING}"}
    proofs = {"framework": Proof(after=answer(), imports=imports)}
    every = usable.of_any(proofs, [])
    assert [*usable.errors([], every, [*imports])] == ["framework.old of framework"]
    [said] = usable.warnings([], every, [*imports])
    assert said.startswith("`import framework.views` fails when nothing is set up before")
    assert usable.warnings([], every, []) == []
    named = usable.failing({"a": Proof(after=answer(), imports={"a": error})}, {"a": ["a"]})
    assert [*usable.errors(named, named, [])] == ["a"]
