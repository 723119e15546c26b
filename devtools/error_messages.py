"""Every error that the code can raise, read from the code itself: class, words, remedy, module."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.util import errors

PACKAGE = Path(__file__).parents[1] / "tasks"
KINDS = {kind.__name__: kind for kind in errors.LayerError.__subclasses__()}
HOLE = "…"  # for what only a run knows
Said = list[tuple[int, ast.expr]]  # (line, what a name is from there on)
Names = Mapping[str, ast.expr]


@dataclass(frozen=True, kw_only=True)
class Message:
    """`kind`: the class's name. `problem`, `fix`: as printed, ‹words› for what a run fills in.
    `module`: relative to the package. `line`: where it is made, from 1."""

    kind: str
    problem: str
    fix: str
    module: str
    line: int


def every(package: Path = PACKAGE) -> list[Message]:
    """In the order of modules and lines."""
    paths = sorted(package.rglob("*.py"))
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    common: dict[str, ast.expr] = {}
    for path, tree in trees.items():
        own = _constants(tree)
        common |= own | {f"{path.stem}.{name}": value for name, value in own.items()}
    return [
        each
        for path, tree in trees.items()
        for each in _of_module(tree, common | _constants(tree), str(path.relative_to(package)))
    ]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    said = _assigned(tree.body).items()
    return {name: values[-1][1] for name, values in said if name.isupper()}


def _of_module(tree: ast.Module, constants: Names, module: str) -> Iterator[Message]:
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            local = _assigned([each for each in ast.walk(scope) if isinstance(each, ast.stmt)])
            for call in ast.walk(scope):
                if isinstance(call, ast.Call) and _called(call) in KINDS:
                    names = {**constants, **_known(local, call.lineno)}
                    yield Message(
                        kind=_called(call),
                        problem=_text(call.args[0], names),
                        fix=_text(_keyword(call, "fix"), names),
                        module=module,
                        line=call.lineno,
                    )


def _known(local: Mapping[str, Said], line: int) -> dict[str, ast.expr]:
    """{name: what it is at that line}: what the line nearest above it says."""
    near = {name: [value for at, value in said if at <= line] for name, said in local.items()}
    return {name: values[-1] for name, values in near.items() if values}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _keyword(call: ast.Call, name: str) -> ast.expr:
    return next(each.value for each in call.keywords if each.arg == name)


def _assigned(statements: list[ast.stmt]) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for each in sorted(statements, key=lambda statement: statement.lineno):
        if isinstance(each, ast.Assign):
            pairs = [pair for target in each.targets for pair in _pair(target, each.value)]
        elif isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name):
            name = each.target.id
            before = found.get(name, [(0, ast.Constant(""))])[-1][1]
            pairs = [(name, ast.BinOp(left=before, op=ast.Add(), right=each.value))]
        else:
            continue
        for name, value in pairs:
            found.setdefault(name, []).append((each.lineno, value))
    return found


def _pair(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return [pair for each in pairs for pair in _pair(*each)]
    return []


def _text(node: ast.expr, names: Names) -> str:
    """The words of an expression, as far as the code says them."""
    return " ".join(_words(node, names).split())


def _words(node: ast.expr, names: Names) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_words(each, names) for each in values)
        case ast.FormattedValue(value=value):
            return _filled(value, names)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _words(left, names) + _words(right, names)
        case ast.IfExp(body=body):
            return _words(body, names)
        case ast.Call(func=ast.Attribute(attr="below"), args=[problem, *_]):
            return _words(problem, names)
        case ast.Name(id=name) if name in names:
            return _words(names[name], {k: v for k, v in names.items() if k != name})
    return _filled(node, names)


def _path(node: ast.expr | None) -> str:
    """A well-known file's name: `Path("…")`."""
    match node:
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Constant(value=str(name))]):
            return name
    return ""


def _filled(node: ast.expr, names: Names) -> str:
    """A value that only a run knows: ‹its name›, or its text where the code has it."""
    match node:
        case ast.Name(id=name) if isinstance(names.get(name), ast.Constant | ast.JoinedStr):
            return _words(node, names)
        case ast.Name(id=name) if _path(names.get(name)):
            return _path(names.get(name))
        case ast.Attribute(value=ast.Name(id=of), attr=name) if _path(names.get(f"{of}.{name}")):
            return _path(names.get(f"{of}.{name}"))
        case ast.Name(id=name):
            return f"‹{name.strip('_').lower().replace('_', ' ')}›"
        case ast.Attribute(attr=name):
            return f"‹{name.lower().replace('_', ' ')}›"
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return f"‹{name}›"
        case ast.Constant(value=value):
            return str(value)
    return HOLE
