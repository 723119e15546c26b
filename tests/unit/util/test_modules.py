"""tasks/util/modules.py: from files to what can be imported."""

import pytest

from tasks.util import modules


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("a/__init__.py", "a"),
        ("a/b.py", "a.b"),
        ("a/c.cpython-312-x86_64-linux-gnu.so", "a.c"),
        ("a/d.abi3.so", "a.d"),
        ("a/e.so", "a.e"),
        ("한글/모듈.py", "한글.모듈"),
        ("a/__main__.py", ""),
        ("a-b/c.py", ""),
        ("a/1st.py", ""),
        ("__init__.py", ""),
        ("a/data.json", ""),
        ("numpy.libs/libopenblas64_p-r0-0cf96a72.3.23.dev.so", ""),
        ("a/__pycache__/b.cpython-312.pyc", ""),
    ],
)
def test_the_module_of_a_file(path: str, name: str) -> None:
    """'' where there is none to import."""
    assert modules.dotted(path) == name


def test_modules_go_to_their_distribution() -> None:
    """Each once, sorted; what nobody claims goes under its top folder."""
    files = ["b/x.py", "b/__init__.py", "b/x.abi3.so", "loose/y.py", "b/readme.txt"]
    owners = {"b/x.py": "dist-b", "b/__init__.py": "dist-b", "b/x.abi3.so": "dist-b"}
    assert modules.by_distribution(files, owners) == {
        "dist-b": ["b", "b.x"],
        "loose": ["loose.y"],
    }


def test_the_outermost_modules_are_what_a_person_imports() -> None:
    """Several for a distribution with several; a namespace's parts, not the namespace."""
    assert modules.top_level(["a", "a.b", "a.b.c", "other"]) == ["a", "other"]
    assert modules.top_level(["google.generativeai", "google.generativeai.types"]) == [
        "google.generativeai"
    ]
    assert modules.top_level(["google.ai.one", "google.ai.two"]) == [
        "google.ai.one",
        "google.ai.two",
    ]
    assert modules.top_level([]) == []


def test_compiled_helpers_are_no_entrance() -> None:
    """mypyc puts modules with mangled names beside the package."""
    assert modules.top_level(["a", "3c22db458360489351e4__mypyc"]) == ["a"]
