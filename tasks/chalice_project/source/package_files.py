"""Files of packages that the app's code reads: a package of data has no code that names them."""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache

LISTS = "*"  # in place of a path: the app lists the package's files
# importlib.resources', pkg_resources': these are handed a package.
_OPENERS = {"files", "contents", "resource_listdir"}
_TAKE_PACKAGE = {
    *_OPENERS, "get_data", "find_spec", "import_module", "PackageLoader", "path", "is_resource",
    "open_text", "open_binary", "read_text", "read_binary", "resource_string", "resource_stream",
    "resource_filename",
}  # fmt: skip
_LISTING = {
    "contents", "glob", "iterdir", "listdir", "resource_listdir", "rglob", "scandir", "walk",
}  # fmt: skip
_PATH = re.compile(r"[^\s:@]{1,255}")  # no address, no text for people
_Piece = str | ast.AST


@cache  # each step of a command asks
def named(text: bytes, segments: tuple[str, ...], suffixes: tuple[str, ...]) -> frozenset[str]:
    """`package:path` of each file that this module may mean: one with such a suffix, or in a folder
    of such a name. `*` stands for what is put in at run time. Of all packages that it imports or
    hands to a call that reads of packages."""
    if not _words(segments, suffixes).search(text):
        return frozenset()
    try:
        nodes = [*ast.walk(tree := ast.parse(text))]
        paths = {path for each in _texts(tree) if (path := _judged(each, segments, suffixes))}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    imported = dict(_imported(nodes))
    tops = {*imported.values(), *_handed(nodes, _TAKE_PACKAGE, imported)} - sys.stdlib_module_names
    lists = not _LISTING.isdisjoint(_called(nodes))
    listed = {*_handed(nodes, _OPENERS, imported)} if lists else set()
    return frozenset(
        {f"{top}:{path}" for top in tops for path in paths} | {f"{top}:{LISTS}" for top in listed}
    )


@cache
def _words(segments: tuple[str, ...], suffixes: tuple[str, ...]) -> re.Pattern[bytes]:
    """What a file has that names one, or lists some."""
    ends = "|".join(map(re.escape, suffixes))
    folders = "|".join(map(re.escape, segments))
    calls = "|".join(_OPENERS)
    return re.compile(rf"(?:{ends})[\"']|[\"'/](?:{folders})[\"'/]|\b(?:{calls})\(".encode())


def _judged(text: str, segments: Collection[str], suffixes: tuple[str, ...]) -> str:
    """The path as a rule may judge it, '' where none does. An absolute one is the system's."""
    if not _PATH.fullmatch(text) or text.startswith("/"):
        return ""
    path = text.removeprefix("*/").removeprefix("./")
    folders = path.split("/")
    if {*segments}.isdisjoint(folders[:-1]):
        whole = folders[-1] in segments and text.startswith("*/")  # files("a") / "tests"
        return f"{path}/*" if whole else (path if path.endswith(suffixes) else "")
    known, hole, _ = path.partition("*")
    return known + hole


def _texts(tree: ast.AST) -> Iterator[str]:
    """Texts of the code, each as long as it is put together: a / "b" / f"{c}.md" → */b/*.md"""
    left = [tree]
    while left:
        pieces = _pieces(node := left.pop())
        if pieces != [node]:
            yield "".join(each if isinstance(each, str) else "*" for each in pieces)
        for each in pieces:
            left += ast.iter_child_nodes(each) if isinstance(each, ast.AST) else ()


def _pieces(node: ast.AST) -> list[_Piece]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [piece for each in node.values for piece in _pieces(each)]
    if isinstance(node, ast.FormattedValue):
        return [node.value]
    if isinstance(node, ast.BinOp):
        return _of_two(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _of_call(node, node.func)
    return [node]


def _of_two(node: ast.BinOp) -> list[_Piece]:
    if isinstance(node.op, ast.Div):
        return [*_pieces(node.left), "/", *_pieces(node.right)]
    if isinstance(node.op, ast.Add):
        return [*_pieces(node.left), *_pieces(node.right)]
    return _pieces(node.left) if isinstance(node.op, ast.Mod) else [node]


def _of_call(node: ast.Call, function: ast.Attribute) -> list[_Piece]:
    if function.attr == "format":
        return _pieces(function.value)
    if function.attr not in ("join", "joinpath") or not node.args:
        return [node]
    around = _pieces(function.value) if function.attr == "joinpath" else _pieces(node.args[0])
    inside = node.args if function.attr == "joinpath" else node.args[1:]
    return [*around, *(piece for each in inside for piece in ("/", *_pieces(each)))]


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """(name here, outermost name of what it is)"""
    for node in nodes:
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.split(".")[0]
                yield each.asname or top, top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                yield each.asname or each.name, node.module.split(".")[0]


def _handed(
    nodes: Iterable[ast.AST], functions: Collection[str], imported: Mapping[str, str]
) -> Iterator[str]:
    """Outermost names of what is first handed to such calls: files("a.b"), files(a)."""
    for node in nodes:
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in functions:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                said = str(first.value).split(".")[0]
                yield from [said] if said.isidentifier() else []
            elif found := imported.get(_root(first)):
                yield found


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return str(getattr(node, "id", ""))


def _called(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (name_of(node.func) for node in nodes if isinstance(node, ast.Call))


def name_of(node: ast.AST) -> str:
    """x of `x` and of `y.x`."""
    return str(getattr(node, "attr", getattr(node, "id", "")))
