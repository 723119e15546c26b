"""tasks/layer/bytecode.py: which modules get theirs where there is no room for all."""

from pathlib import Path

import pytest

from tasks.layer import bytecode, part
from tasks.layer.installed import Installed
from tasks.layer.part import Member
from tasks.settings.model import LAMBDA_LIMIT, Settings
from tests import stored_parts

FILES = {
    "app": {"app/__init__.py": "", "app/core.py": "", "app/late.py": ""},
    "lib": {"lib/__init__.py": "", "lib/deep/__init__.py": "", "lib/deep/er.py": ""},
    "rest": {"a_rest.py": ""},
}
IMPORTS = {
    "app/__init__.py": ["app.core", "json"],
    "app/core.py": ["lib.deep.er.name"],
}


def tree() -> Installed:
    """app imports its core at once, that one lib's; nobody imports `rest`."""
    said: dict[str, object] = {
        path: ([*names, "app.late"], [], False, [], names) for path, names in IMPORTS.items()
    }
    return Installed(tuple(
        stored_parts.distribution(
            name, files, modules={path: said[path] for path in files if path in said}
        )
        for name, files in FILES.items()
    ))  # fmt: skip


def test_first_comes_what_a_function_imports() -> None:
    """Packages before what they hold; what a function imports later is not among them."""
    assert list(bytecode.in_order(tree(), ["app"])) == [
        "app/__init__.py", "app/core.py", "lib/__init__.py", "lib/deep/__init__.py",
        "lib/deep/er.py",
    ]  # fmt: skip
    assert list(bytecode.in_order(tree(), ["rest"])) == ["a_rest.py"]


@pytest.fixture
def members(tmp_path: Path) -> list[Member]:
    """Sources of 10 bytes, bytecode of 100, 200 and 300."""
    files: dict[str, bytes] = {}
    made: list[str] = []
    for name, size in (("a", 100), ("b", 200), ("c", 300)):
        made.append(f"__pycache__/{name}.cpython-312.pyc")
        files |= {f"{name}.py": b"x" * 10, made[-1]: bytes(size)}
    found = stored_parts.part(tmp_path / "part", files, made=made)
    return part.together([found], bytecode=True)


@pytest.mark.parametrize(
    ("limit", "order", "left_out"),
    [
        (630, [], []),
        (629, [], ["c.py"]),
        (629, ["c.py"], ["b.py"]),
        (430, ["c.py"], ["b.py"]),
        (330, ["b.py", "gone.py"], ["c.py"]),
        (129, [], ["a.py", "b.py", "c.py"]),
        (0, ["a.py"], ["a.py", "b.py", "c.py"]),
    ],
)
def test_what_fits_is_kept(
    members: list[Member], limit: int, order: list[str], left_out: list[str]
) -> None:
    """In that order, then by name; a smaller one may still fit behind one that does not."""
    assert bytecode.left_out(members, limit, order) == left_out


def test_the_function_and_other_layers_have_a_reserve() -> None:
    """In MB, as the setting says."""
    assert bytecode.room(Settings(reserve=5)) == LAMBDA_LIMIT - 5_000_000
    assert bytecode.room(Settings(reserve=0)) == LAMBDA_LIMIT


def test_what_it_costs_follows_from_the_sources(members: list[Member]) -> None:
    """Seconds, about."""
    sources = bytecode.COMPILED_IN_A_SECOND
    assert bytecode.seconds(members, ["a.py", "c.py"]) == 20 / sources
