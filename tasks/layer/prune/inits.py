"""What an `__init__` does beside declaring a namespace."""

import ast
from collections.abc import Iterator


def code_of(text: str) -> str:
    """What runs of a package's `__init__`, as ast.dump writes it: no comments, no docstring, and
    nothing where it declares a namespace alone."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return text
    body = body[_is_text(body[0]) :] if body else body
    return "" if all(map(_declares, body)) else ast.dump(ast.Module(body, []))


def declares(text: str) -> bool:
    """A namespace, whatever else it does?"""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return False
    kinds = (ast.Assign, ast.Expr, ast.Try)
    return any(isinstance(each, kinds) and _declares(each) for each in body)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _declares(statement: ast.stmt) -> bool:
    """A part of declaring a namespace, as pkgutil and setuptools want it?"""
    if isinstance(statement, ast.Try):
        inside = [*statement.body, *(each for part in statement.handlers for each in part.body)]
        return all(map(_declares, [*inside, *statement.orelse, *statement.finalbody]))
    if isinstance(statement, ast.Import):
        return {each.name for each in statement.names} <= {"pkgutil", "pkg_resources"}
    if isinstance(statement, ast.ImportFrom):
        return statement.module in {"pkgutil", "pkg_resources", "__future__"}
    if isinstance(statement, ast.Assign):
        targets = {each.id for each in statement.targets if isinstance(each, ast.Name)}
        return targets == {"__path__"} and "extend_path" in _names(statement.value)
    if isinstance(statement, ast.Expr):
        return "declare_namespace" in _names(statement.value)
    return isinstance(statement, ast.Pass)


def _names(value: ast.expr) -> set[str]:
    return set(_called(value))


def _called(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
