"""docker/blame.py: which removed file is at fault."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "blame.py"


@pytest.fixture
def blame() -> ModuleType:
    return sandbox_scripts.load("blame")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("needed", [{7}, {0}, {31}, {0, 31}, {3, 4, 5}, set(range(0, 32, 5))])
def test_the_smallest_set_is_exactly_what_is_needed(blame: ModuleType, needed: set[int]) -> None:
    """Wherever it stands, however many there are."""
    paths = [str(n) for n in range(32)]
    wanted = {str(n) for n in needed}
    assert set(blame.smallest(paths, lambda some: wanted <= set(some))) == wanted


def test_the_search_ends(blame: ModuleType) -> None:
    """When everything is needed, too."""
    tries = 0

    def works(paths: list[str]) -> bool:
        nonlocal tries
        tries += 1
        return len(paths) == 5000

    assert len(blame.smallest([str(n) for n in range(5000)], works)) == 5000
    assert tries <= blame.TRIES


def test_what_is_put_back_can_be_taken_again(blame: ModuleType, tmp_path: Path) -> None:
    """A removed file, and one that was changed."""
    opt = tmp_path / "opt"
    write(opt / "python/changed.py", "new")
    names = ("changed.py", "pkg/gone.py")
    with zipped(tmp_path, names, "old") as installed:
        undo = [blame.put_back(opt, name, installed) for name in names]
    assert (opt / "python/changed.py").read_text() == "old"
    assert (opt / "python/pkg/gone.py").read_text() == "old"
    for each in undo:
        each()
    assert (opt / "python/changed.py").read_text() == "new"
    assert not (opt / "python/pkg/gone.py").exists()


def zipped(folder: Path, names: Iterable[str], text: str) -> zipfile.ZipFile:
    """What pruning took, as it was installed."""
    with zipfile.ZipFile(folder / "removed.zip", "w") as archive:
        for name in names:
            archive.writestr(f"python/{name}", text)
    return zipfile.ZipFile(folder / "removed.zip")


def ask(work: Path, name: str, removed: dict[str, list[str]], kind: str = "import") -> Any:
    """As the sandbox does; of a layer whose module `top` imports p.a, then q.b."""
    for path, text in {
        "top.py": "import p.a, q.b",
        "p/__init__.py": "",
        "q/__init__.py": "",
    }.items():
        write(work / "opt/python" / path, text)
    zipped(work, [*P, *Q], "").close()
    request = {"kind": kind, "name": name, "removed": removed}
    write(work / "request.json", json.dumps(request))
    given = [work / each for each in ("opt", "copy", "removed.zip", "request.json")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, *given], cwd=work, check=True, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1].removeprefix("= "))


P, Q = ["p/a.py", "p/c.py"], ["q/b.py", "q/d.py"]


def test_the_rule_and_its_file_are_named(tmp_path: Path) -> None:
    """The layer itself is never written to, nor what the installer has left out."""
    found = ask(tmp_path, "top", {"harmless": ["p/c.py"], "tests": [*P, *Q]})
    assert found == {"rule": "tests", "paths": ["p/a.py", "q/b.py"]}
    left = {path.name for path in (tmp_path / "opt/python").rglob("*") if path.is_file()}
    assert left == {"top.py", "__init__.py"}


@pytest.mark.parametrize("name", ["probe", "attempts", "blame"])
def test_a_module_may_be_called_as_ours(tmp_path: Path, name: str) -> None:
    """It is the layer's that is tried."""
    write(tmp_path / f"opt/python/{name}.py", "import p.a, q.b")
    found = ask(tmp_path, name, {"harmless": ["p/c.py"], "tests": [*P, *Q]})
    assert found == {"rule": "tests", "paths": ["p/a.py", "q/b.py"]}


def test_rules_can_be_at_fault_together(tmp_path: Path) -> None:
    """None of them alone; then no name is given."""
    found = ask(tmp_path, "top", {"one": P, "two": Q})
    assert found == {"rule": "", "paths": ["p/a.py", "q/b.py"]}


def test_nothing_may_be_at_fault(tmp_path: Path) -> None:
    """A module that no file helps."""
    assert ask(tmp_path, "nowhere", {"one": P, "two": Q}) == {"rule": None, "paths": []}


def test_what_works_by_itself_misses_nothing(tmp_path: Path) -> None:
    """Something that was imported before it ended the process."""
    assert ask(tmp_path, "q", {"one": P, "two": Q}) == {"rule": "", "paths": []}


def test_libraries_are_loaded_instead_of_imported(tmp_path: Path) -> None:
    """An empty file is none."""
    found = ask(tmp_path, "p/a.py", {"one": P}, kind="load")
    assert found == {"rule": None, "paths": []}
