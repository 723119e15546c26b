"""What people import of a direct requirement, and whether they can: do the imports work, and has
a function the memory for them?"""

import ast
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..requirements.file import canonical
from ..ui.console import few
from . import causes
from .cache import Proof


@dataclass(frozen=True, kw_only=True)
class Failing:
    """An outermost module of a direct requirement that never imported. `whole`: nor does any other
    of `owner` that people import: sounddevice fails and its _sounddevice does not."""

    owner: str
    module: str
    error: str
    whole: bool

    @property
    def is_main(self) -> bool:
        """Is it what its requirement is named for?"""
        return self.whole or canonical(self.module) == self.owner

    @property
    def name(self) -> str:
        return self.owner if self.whole else f"{self.module} of {self.owner}"


def failing(proofs: Mapping[str, Proof], direct: Mapping[str, Sequence[str]]) -> list[Failing]:
    """`direct`: {direct requirement: its outermost modules}."""
    found = []
    for name in direct.keys() & proofs.keys():
        public = [each for each in direct[name] if not each.startswith("_")] or direct[name]
        errors = {each: error for each in public if (error := proofs[name].imports.get(each))}
        whole = len(errors) == len(public)
        found += [
            Failing(owner=name, module=module, error=error, whole=whole)
            for module, error in errors.items()
        ]
    return sorted(found, key=lambda each: (each.owner, each.module))


def of_any(proofs: Mapping[str, Proof], brought: Collection[str]) -> list[Failing]:
    """Whatever module of whatever package never imported, but for want of one of `brought`, which
    the function has and the import test has not."""
    return [
        Failing(owner=owner, module=module, error=error, whole=False)
        for owner, proof in proofs.items()
        for module, error in proof.imports.items()
        if _absent(error) not in brought
    ]


def attributes(layer: Path, modules: Iterable[str]) -> set[str]:
    """Of these modules those whose name their package's own code gives to something else, as in
    `except ImportError: b = None`. Then `from a import b` does not import a.b. `layer`: the zip."""
    found = set()
    with zipfile.ZipFile(layer) as archive:
        for module in modules:
            package, _, name = module.rpartition(".")
            with suppress(KeyError, SyntaxError, ValueError, RecursionError):
                text = archive.read(f"python/{package.replace('.', '/')}/__init__.py")
                if name in _bound(ast.parse(text), package):
                    found.add(module)
    return found


def _bound(tree: ast.Module, package: str) -> set[str]:
    """Names that it gives to anything but its submodules and what these hold."""
    found = set[str]()
    for node in _outside_functions(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            source = _source(node, package)
            named = {each.asname or each.name.partition(".")[0] for each in node.names}
            given = {each.asname or each.name for each in node.names if source == package}
            found |= {x for x in named - given if not f"{source}.".startswith(f"{package}.{x}.")}
    return found


def _source(node: ast.Import | ast.ImportFrom, package: str) -> str:
    """Of which module the names are. '' for `import a`."""
    if isinstance(node, ast.Import):
        return ""
    above = package.split(".")[: -node.level + 1 or None] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported, and binds names of its own."""
    left = [tree]
    while left:
        yield (node := left.pop())
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            left += ast.iter_child_nodes(node)


def _absent(error: str) -> str:
    """The outermost module that is wanted, ''."""
    found = re.match(r"ModuleNotFoundError: No module named '(\w+)", error)
    return found[1] if found else ""


def errors(
    found: Collection[Failing], every: Collection[Failing], of_app: Collection[str]
) -> dict[str, Failing]:
    """{name: the first} of those without which a requirement is of no use, and of `every` module
    that the app imports. `found`: `failing`'s. `of_app`: modules that the app imports."""
    known, told = {each.module for each in every}, {each.module for each in found}
    sure = {each.module for each in every if each.module in of_app} - set_up(every, of_app).keys()
    wanted = [each for each in found if each.is_main or each.module in sure]
    wanted = [each for each in wanted if each.module in known]
    wanted += [each for each in every if each.module in sure and each.module not in told]
    return dict(sorted({each.name: each for each in reversed(wanted)}.items()))


def set_up(every: Collection[Failing], of_app: Collection[str]) -> dict[str, Failing]:
    """{module: of those that the app imports} that want what the app's code may have done before
    it: each is imported alone here."""
    return {
        each.module: each for each in every if each.module in of_app and causes.is_unset(each.error)
    }


def warnings(
    found: Collection[Failing], every: Collection[Failing], of_app: Collection[str]
) -> list[str]:
    """Of the others. Of libraries and of what did not come to an end others speak."""
    wanting = set_up(every, of_app)
    said = [
        f"`import {each.module}` fails when nothing is set up before ({each.owner}), and the app "
        f"imports it: {each.error}"
        for each in wanting.values()
    ]
    said += [
        f"`import {each.module}` fails, and did before pruning ({each.owner}): {each.error}"
        for each in found
        if causes.is_of_bytes(each.error) and not causes.is_library(each.error)
        if each.module not in wanting
    ]
    return few(said, "module")


def memory(proofs: Mapping[str, Proof], direct: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """{direct requirement: MB that importing its largest module takes}, the Python around it not
    counted."""
    taken = {
        name: [proofs[name].after.get("memory", {}).get(each, 0) for each in direct[name]]
        for name in direct.keys() & proofs.keys()
    }
    return {name: max(each, default=0) >> 20 for name, each in sorted(taken.items())}


def without_room(needed: Mapping[str, int], memory_size: int, whose: str) -> list[str]:
    """Sentences on those that need more than this (MB). `whose`: functions', as a clause."""
    said = [
        f"importing {name} takes {taken} MB of memory, and {whose} {memory_size} MB "
        "(lambda_memory_size): Lambda ends a function that imports it (Runtime.OutOfMemory)"
        for name, taken in needed.items()
        if taken > memory_size
    ]
    return few(said, "package")
