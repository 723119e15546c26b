"""The app's modules, from app.py along its imports, and what a name in one of them stands for."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...util import input_files
from ...util.errors import InputError
from ..app_file_names import APP, LIBRARY

DEEPEST = 50  # imports of one name, each from the module before
# What a name stands for: (module, name in it); of a module itself the name is ''.
Place = tuple[str, str]


@dataclass(frozen=True)
class Module:
    """`name`: dotted, as the app imports it."""

    name: str
    path: Path
    tree: ast.Module

    @cached_property
    def package(self) -> list[str]:
        """What a relative import starts from."""
        parts = self.name.split(".")
        return parts if self.path.name == "__init__.py" else parts[:-1]

    @cached_property
    def imports(self) -> dict[str, Place]:
        """{name here: what it was imported as}. `*` has its own: `stars`."""
        found: dict[str, Place] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    outer = each.name.partition(".")[0]
                    found[each.asname or outer] = (each.name if each.asname else outer, "")
            elif isinstance(node, ast.ImportFrom):
                source = self._source(node)
                found |= {each.asname or each.name: (source, each.name) for each in node.names}
        return found

    @cached_property
    def stars(self) -> list[str]:
        """Modules of which it imports all."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        return [self._source(node) for node in nodes if node.names[0].name == "*"]

    @cached_property
    def mentioned(self) -> list[str]:
        """Dotted names that may be modules."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Import)]
        plain = [each.name for node in nodes for each in node.names]
        places = self.imports.values()
        return [*plain, *self.stars, *(".".join(filter(None, place)) for place in places)]

    @cached_property
    def values(self) -> dict[str, ast.expr]:
        """{name: what is assigned to it}, anywhere in the module. The last one counts."""
        found: dict[str, ast.expr] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                names = [each.id for each in node.targets if isinstance(each, ast.Name)]
                found |= dict.fromkeys(names, node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found |= {node.target.id: node.value} if node.value else {}
        return found

    @cached_property
    def bases(self) -> dict[str, list[ast.expr]]:
        """{class: what it is derived from}"""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        return {node.name: node.bases for node in nodes}

    def _source(self, node: ast.ImportFrom) -> str:
        outer = self.package[: len(self.package) + 1 - node.level] if node.level else []
        return ".".join([*outer, *filter(None, [node.module])])


@dataclass(frozen=True)
class Modules:
    """{dotted name: module}, app.py's first."""

    found: Mapping[str, Module] = field(default_factory=dict)

    @property
    def use_chalice(self) -> bool:
        mentioned = (name for module in self.found.values() for name in module.mentioned)
        return any(name.partition(".")[0] == "chalice" for name in mentioned)

    def imported(self) -> set[str]:
        """The outermost names of all that is imported."""
        mentioned = (name for module in self.found.values() for name in module.mentioned)
        return {name.partition(".")[0] for name in mentioned} - {""}

    def place(self, module: Module, node: ast.expr | str, depth: int = 0) -> Place:
        """Where what a name (`bp`, `orders.bp`) means in this module is made. ('', '') where that
        cannot be told."""
        if depth > DEEPEST:
            return "", ""
        if isinstance(node, ast.Attribute):
            return self._member(self.place(module, node.value, depth + 1), node.attr, depth)
        name = node.id if isinstance(node, ast.Name) else node
        return self._name(module, name, depth) if isinstance(name, str) else ("", "")

    def _name(self, module: Module, name: str, depth: int) -> Place:
        if name in module.imports and name not in module.values:
            source, inside = module.imports[name]
            return self._member((source, ""), inside, depth) if inside else (source, "")
        if isinstance(alias := module.values.get(name), ast.Name | ast.Attribute):
            return self.place(module, alias, depth + 1)
        if name not in module.values and name not in module.bases:
            for star in module.stars:
                if star in self.found and name in self.found[star].values:
                    return self.place(self.found[star], name, depth + 1)
        return module.name, name

    def _member(self, owner: Place, name: str, depth: int) -> Place:
        source, inside = owner
        if inside or not source:
            return "", ""
        if f"{source}.{name}" in self.found:
            return f"{source}.{name}", ""
        if source in self.found:
            return self.place(self.found[source], name, depth + 1)
        return source, name

    def kind(self, place: Place, depth: int = 0) -> str:
        """`Chalice` or `Blueprint`, of an object that is made of one. '' for anything else."""
        module = self.found.get(place[0])
        made = module.values.get(place[1]) if module else None
        if module is None or not isinstance(made, ast.Call):
            return ""
        return self._class(self.place(module, made.func), depth)

    def _class(self, place: Place, depth: int) -> str:
        if place[0].partition(".")[0] == "chalice" and place[1] in ("Chalice", "Blueprint"):
            return place[1]
        module = self.found.get(place[0])
        bases = module.bases.get(place[1], []) if module and depth < DEEPEST else []
        kinds = [self._class(self.place(module, base), depth + 1) for base in bases if module]
        return next(filter(None, kinds), "")

    def text(self, module: Module, node: ast.expr | None) -> str | None:
        """The text that an expression comes to: written out, a constant of some module, parts that
        are added. None for what only running it would say."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name | ast.Attribute):
            home, name = self.place(module, node)
            there = self.found.get(home)
            value = there.values.get(name) if there else None
            known = not isinstance(value, ast.Name | ast.Attribute)
            return self.text(there, value) if there and value and known else None
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [node.left, node.right]
        elif isinstance(node, ast.JoinedStr):
            parts = [x.value if isinstance(x, ast.FormattedValue) else x for x in node.values]
        texts = [self.text(module, part) for part in parts]
        known_texts = [text for text in texts if text is not None]
        return "".join(known_texts) if parts and len(texts) == len(known_texts) else None

    def value(self, module: Module, node: ast.expr | None, depth: int = 0) -> Any:
        """The text, number, list or table that an expression comes to. None for what only running
        it would say."""
        if (text := self.text(module, node)) is not None or depth > DEEPEST:
            return text
        if isinstance(node, ast.Name | ast.Attribute):
            home, name = self.place(module, node)
            there = self.found.get(home)
            return self.value(there, there.values.get(name), depth + 1) if there else None
        if isinstance(node, ast.Dict):
            pairs = [(self.value(module, key), each) for key, each in zip(node.keys, node.values)]  # noqa: B905 - of one length
            return {key: self.value(module, each, depth + 1) for key, each in pairs}
        if isinstance(node, ast.List | ast.Tuple):
            return [self.value(module, each, depth + 1) for each in node.elts]
        return node.value if isinstance(node, ast.Constant) else None


def read_modules(root: Path) -> Modules:
    """app.py, what it reaches by its imports, and all of chalicelib/, which Chalice packs.
    FileNotFoundError without app.py. InputError for a file that is no Python."""
    found: dict[str, Module] = {}
    library = sorted((root / LIBRARY).rglob("*.py"))
    waiting = [(APP.stem, root / APP), *((_dotted(path, root), path) for path in library)]
    while waiting:
        name, path = waiting.pop(0)
        if name in found:
            continue
        found[name] = module = Module(name=name, path=path, tree=_parsed(path))
        waiting += [each for dotted in module.mentioned for each in _files(root, dotted)]
    return Modules(found=found)


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _files(root: Path, dotted: str) -> Iterator[tuple[str, Path]]:
    """Of a dotted name and the packages around it, those that are files below the app's folder."""
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if all(parts[:end]) and path.is_file():
                yield ".".join(parts[:end]), path


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(input_files.read(path), filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"{path} is not Python: {error}", fix=f"correct {path}, then run the command again"
        ) from None
