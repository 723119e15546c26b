"""Mutants: one small fault at a time in the rooms that build, publish and isolate. Tests that
import the changed module have to see it.

`python -m tests.mutation [--each N] [ROOM …]` prints what became of each. `--write` puts the table
into docs/reliability.md. The same mutants are drawn on every run.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path

from tests.project import ROOT

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- mutants from here -->", "<!-- mutants to here -->"
ROOMS = {
    "build": ("layer", "requirements", "steps/install.py", "steps/prune.py", "steps/zip.py"),
    "publish": ("release", "aws/s3.py", "aws/bucket.py", "steps/upload.py", "steps/publish.py",
                "steps/lookup.py", "steps/restore.py"),
    "isolate": ("sandbox",),
}  # fmt: skip
EACH = 12  # mutants of a room
ALLOWED = 0.15  # of them may survive
SECONDS = 300.0  # for the tests of one mutant; over it the mutant hangs, and is seen
MOST_FILES = 6  # of tests for one mutant, those of the module itself first
# What is tested by whole commands or in real containers, and so imported by no test.
STORIES = {
    "tasks/release/images/": ("tests/functional/test_image_story.py",),
    "tasks/release/undo/": ("tests/functional/test_undo.py", "tests/functional/test_aws_undo.py"),
    "tasks/release/stage/": ("tests/functional/test_aws_pins.py",),
    "tasks/sandbox/container/": ("tests/docker/test_container.py",),
}
CHANGED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`number`: of the fault among those of its module. `what`: in words. `outcome`: '' until it
    was tried."""

    room: str
    module: str
    number: int
    line: int
    what: str
    outcome: str = ""

    @property
    def survives(self) -> bool:
        return self.outcome == "survives"

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.what}"


def faults(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    """(node, what is changed in it). Texts stay, since tests of messages are other tests."""
    spared = {inner for node in ast.walk(tree) for inner in _of_class(node)}
    every = (node for node in ast.walk(tree) if node not in spared)
    return [(node, kind) for node in every if (kind := _kind(node))]


def _of_class(node: ast.AST) -> Iterator[ast.AST]:
    """How a dataclass may be made is no behavior that a test could see."""
    for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
        yield from ast.walk(decorator)


def _kind(node: ast.AST) -> str:
    """'' where nothing is changed."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in CHANGED:
            return "another comparison"
        case ast.BoolOp() | ast.BinOp(op=ast.Add() | ast.Sub()):
            return "another operator"
        case ast.UnaryOp(op=ast.Not()) | ast.If() | ast.IfExp():
            return "the other way"
        case ast.Constant(value=int()):
            return "another value"
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            return "returns None"
        case ast.Expr(value=ast.Call()):
            return "left out"
    return ""


def _is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def spoil(node: ast.AST) -> ast.AST:
    """What stands in the node's place."""
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [CHANGED[type(op)]()]  # type: ignore[list-item] # an operator for another
        case ast.BoolOp() | ast.BinOp():
            node.op = CHANGED[type(node.op)]()  # type: ignore[assignment] # the same
        case ast.UnaryOp():
            return node.operand
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Constant():
            node.value = not node.value if isinstance(node.value, bool) else node.value + 1  # type: ignore[operator] # a number
        case ast.Return():
            node.value = ast.Constant(value=None)
        case ast.Expr():
            return ast.Pass()
    return node


class _Spoiler(ast.NodeTransformer):
    def __init__(self, wanted: ast.AST) -> None:
        self.wanted = wanted

    def visit(self, node: ast.AST) -> ast.AST:
        return spoil(node) if node is self.wanted else self.generic_visit(node)


def spoiled(text: str, number: int) -> str:
    """The module's text with that fault."""
    tree = ast.parse(text)
    wanted = [node for node, _ in faults(tree)][number]
    return ast.unparse(ast.fix_missing_locations(_Spoiler(wanted).visit(tree)))


def of_room(room: str, each: int) -> list[Mutant]:
    """Drawn from all of its modules, the same every time."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in modules(room)}
    found = [
        (path, number, *fault)
        for path, tree in trees.items()
        for number, fault in enumerate(faults(tree))
    ]
    drawn = random.Random(room).sample(found, min(each, len(found)))  # noqa: S311 - no secret
    return [_mutant(room, *fault) for fault in drawn]


def _mutant(room: str, path: Path, number: int, node: ast.AST, kind: str) -> Mutant:
    text = ast.unparse(node).partition("\n")[0]
    return Mutant(
        room=room, module=path.relative_to(ROOT).as_posix(), number=number,
        line=getattr(node, "lineno", 0), what=f"`{text}`: {kind}",
    )  # fmt: skip


def modules(room: str) -> list[Path]:
    places = [ROOT / "tasks" / name for name in ROOMS[room]]
    found = ([place] if place.is_file() else place.rglob("*.py") for place in places)
    return sorted(chain.from_iterable(found))


@cache
def imported() -> dict[Path, frozenset[str]]:
    """{file of tests or of the code: dotted names that it imports}"""
    globs = ("tests/unit/**/test_*.py", "tests/functional/test_*.py", "tasks/**/*.py")
    paths = sorted(path for each in globs for path in ROOT.glob(each))
    return {path: frozenset(_imports(path)) for path in paths}


def _imports(path: Path) -> Iterator[str]:
    folder = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            name = ".".join((*above, *filter(None, [node.module])))
            yield from (name, *(f"{name}.{each.name}" for each in node.names))
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def tests_of(module: str) -> list[str]:
    """The files that import it, then those that import what imports it, as many as are run: unit
    tests before others, small ones first. What whole commands test comes last."""
    stories = (files for place, files in STORIES.items() if module.startswith(place))
    near = [str(path.relative_to(ROOT)) for path in _ranked(module)][:MOST_FILES]
    return [*dict.fromkeys((*near, *chain.from_iterable(stories)))]


def _ranked(module: str) -> Iterator[Path]:
    own, using, known = Path(module).with_suffix("").name, {ROOT / module}, set[Path]()

    def rank(path: Path) -> tuple[bool, bool, int]:
        return own not in path.stem, "functional" in path.parts, path.stat().st_size

    while using := {user for each in using for user in _users(each)} - known:
        known |= using
        yield from sorted((each for each in using if each.name.startswith("test_")), key=rank)


def _users(path: Path) -> list[Path]:
    name = path.relative_to(ROOT).as_posix().removesuffix(".py").removesuffix("/__init__")
    dotted = name.replace("/", ".")
    return [user for user, names in imported().items() if dotted in names]


def checkout(folder: Path) -> Path:
    """A copy of the files that git knows, to spoil."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("docs/images", "docs/bench")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def try_out(folder: Path, mutant: Mutant) -> Mutant:
    """`seen`, `hangs`, `survives`, or `no test` where nothing imports the module."""
    files = tests_of(mutant.module)
    if not files:
        return replace(mutant, outcome="survives")
    path = folder / mutant.module
    text = path.read_text("utf-8")
    path.write_text(spoiled(text, mutant.number), encoding="utf-8")
    try:
        return replace(mutant, outcome="survives" if passes(folder, files) else "seen")
    except subprocess.TimeoutExpired:
        return replace(mutant, outcome="hangs")
    finally:
        path.write_text(text, encoding="utf-8")


def passes(folder: Path, files: Sequence[str]) -> bool:
    """Do these tests pass there? TimeoutExpired."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n0", *files]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS, check=False
    )
    return done.returncode == 0


def run(folder: Path, rooms: Iterable[str], each: int) -> Iterator[Mutant]:
    copied = checkout(folder)
    for room in rooms:
        for mutant in of_room(room, each):
            yield try_out(copied, mutant)


def table(found: Sequence[Mutant]) -> str:
    """In Markdown: a row for each room, and the survivors by name."""
    lines = ["| room | mutants | seen | survive |", "| --- | --- | --- | --- |"]
    for room in dict.fromkeys(each.room for each in found):
        mine = [each for each in found if each.room == room]
        left = sum(each.survives for each in mine)
        lines.append(f"| {room} | {len(mine)} | {len(mine) - left} | {left} |")
    lines += ["", *(f"- {each}" for each in found if each.survives)]
    return "\n".join(lines)


def write(found: Sequence[Mutant]) -> None:
    text = DOCUMENT.read_text("utf-8")
    made = f"{BEGIN}\n\n{table(found)}\n\n{END}"
    DOCUMENT.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: made, text, flags=re.S), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS))
    parser.add_argument("--each", type=int, default=EACH)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    typed = parser.parse_args()
    found: list[Mutant] = []
    for mutant in run(typed.folder, typed.rooms, typed.each):
        found.append(mutant)
        print(f"{time.strftime('%H:%M:%S')} {mutant.outcome:9} {mutant}", flush=True)
    print(table(found))
    if typed.write:
        write(found)


if __name__ == "__main__":
    main()
