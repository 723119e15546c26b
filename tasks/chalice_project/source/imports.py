"""What the app's own code and its check import, and programs that they call by their paths: pruning
leaves them in the layer, and they have to work there."""

import ast
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from ...settings.paths import CHALICE_CONFIG
from ...util import modules as dotted
from ..app_file_names import APP, LIBRARY, VENDOR
from . import package_files
from .package_files import name_of

CODE = (f"{APP}", f"{LIBRARY}/**/*.py")
PACKED = (*CODE, f"{VENDOR}/**/*.py")
# Where AWS_LAMBDA_EXEC_WRAPPER stands, and scripts that it may name.
SCRIPTS = (
    f"{CHALICE_CONFIG}", f"{APP}", f"{LIBRARY}/**/*", f"{VENDOR}/*", f"{VENDOR}/bin/*",
)  # fmt: skip
LARGE = 100_000  # bytes; no script has as many
_PROGRAM = re.compile(rb"([^\s\"'=:]*)\b(bin/[\w.-]*\w)")
# What is looked up in distributions' metadata, beside headers: a description, files of it.
_LOOKED_UP = re.compile(rb"[\"'](?:WHEEL|INSTALLER|direct_url\.json)[\"']")
_DESCRIPTION = re.compile(rb"[\"'][Dd]escription[\"']|get_payload")
_BETWEEN = re.compile(r"[\s,;]+")
_NO_MODULE = {
    "com", "org", "net", "io", "dev", "internal", "local", "localhost",
    "csv", "html", "json", "log", "md", "pem", "toml", "txt", "xml", "yaml", "yml", "zip",
}  # fmt: skip
_OF_SYSTEM = (b"usr/", b"local/", b"lang/", b"#!/")  # before bin/: not the layer's


def of_app_and_programs(
    root: Path, segments: Collection[str], check: str = "", suffixes: Sequence[str] = ()
) -> list[str]:
    """`of_app`, `bin/NAME` of each program that a file of the app or its check names, and
    `*.dist-info/NAME` of what it looks up there. `package:path` of files of packages with such a
    suffix, or in a folder of such a name (package_files.py). `check`: a script, or a module of the
    layer."""
    script = [root / check] if check.endswith(".py") else []
    files = {*script, *(path for pattern in SCRIPTS for path in root.glob(pattern))}
    texts = [_small(path) for path in files]
    found = {name for text in texts for name in (*_programs(text), *_looked_up(text))}
    code = {*script, *(path for pattern in PACKED for path in root.glob(pattern))}
    for path in code:
        with suppress(OSError):
            found |= package_files.named(path.read_bytes(), tuple(segments), tuple(suffixes))
    return sorted({*found, *of_app(root, segments, script), *_with([check], segments)})


def _small(path: Path) -> bytes:
    """Its content, or nothing where it is no script."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= LARGE else b""
    except OSError:
        return b""


def _looked_up(text: bytes) -> Iterator[str]:
    if b"metadata" in text and (b"importlib" in text or b"pkg_resources" in text):
        yield from (f"*.dist-info/{each[1:-1].decode()}" for each in _LOOKED_UP.findall(text))
        yield from ["*.dist-info/METADATA"] if _DESCRIPTION.search(text) else []


def _programs(text: bytes) -> Iterator[str]:
    for before, name in _PROGRAM.findall(text):
        if before != b"/" and not before.endswith(_OF_SYSTEM):
            yield name.decode()


def of_app(root: Path, segments: Collection[str], more: Iterable[Path] = ()) -> list[str]:
    """Modules whose dotted names have one of these segments, sorted. A file that is no Python
    names none: Chalice says what is wrong with it. `more`: files beside the app's."""
    texts = _with_words(root, PACKED, segments, more)
    found = {name for text in texts for name in _names(text)}
    return sorted(_with({*found, *_configured(root / CHALICE_CONFIG)}, segments))


def _configured(path: Path) -> Iterator[str]:
    """What a variable of a function may name: "acme.test.fake", "acme.tests.a:App, acme.b". No
    file, and no host."""
    with suppress(OSError, ValueError, RecursionError):
        left = [json.loads(path.read_bytes())]
        while left:
            value = left.pop()
            if isinstance(value, str):
                words = (name for word in _BETWEEN.split(value) for name in _in_text(word))
                yield from (name for name in words if name.rpartition(".")[2] not in _NO_MODULE)
            left += value.values() if isinstance(value, dict) else ()
            left += value if isinstance(value, list) else ()


def _with(names: Iterable[str], segments: Collection[str]) -> set[str]:
    return {name for name in names if not {*segments}.isdisjoint(name.split("."))}


def of_these(root: Path, modules: Collection[str], attributes: Collection[str] = ()) -> set[str]:
    """Which of these modules the app cannot do without: no `try` provides for their absence.
    `attributes`: those whose package has something else of that name, which `from a import b`
    gives."""
    trees = map(_parsed, _with_words(root, CODE, modules))
    names = (name for tree in trees for name in _needed(tree, attributes))
    found = {around for name in names for around in dotted.around(name)}
    return found & {*modules}


@cache  # each step of a command asks
def _names(text: bytes) -> frozenset[str]:
    return frozenset(_imported(ast.walk(_parsed(text))))


def _parsed(text: bytes) -> ast.Module:
    """Empty for what is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _with_words(
    root: Path, patterns: Iterable[str], words: Collection[str], more: Iterable[Path] = ()
) -> Iterator[bytes]:
    """Of the app's files those that have one of the words, of a dotted one each part."""
    parts: dict[bytes, list[list[bytes]]] = {}
    for each in words:
        first, *others = each.encode().split(b".")
        parts.setdefault(first, []).append(others)
    for path in sorted({*more, *(path for pattern in patterns for path in root.glob(pattern))}):
        with suppress(OSError):
            text = path.read_bytes()
            there = (others for first, found in parts.items() if first in text for others in found)
            if any(all(each in text for each in others) for others in there):
                yield text


def _needed(tree: ast.Module, attributes: Collection[str]) -> Iterator[str]:
    """Imported for certain: import_module("x") is, a text like "x.y" is not."""
    nodes = [node for node in _unguarded(tree) if not isinstance(node, ast.Constant)]
    yield from _imported(nodes, attributes)
    for node in nodes:
        if isinstance(node, ast.Call) and name_of(node.func) in (
            "import_module",
            "__import__",
        ):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _unguarded(tree: ast.AST) -> Iterator[ast.AST]:
    """All code but what may fail to import, and what only type checkers read."""
    left = [tree]
    while left:
        yield (node := left.pop())
        skipped: list[ast.stmt] = []
        if isinstance(node, (ast.Try, ast.With, ast.If)) and _guards(node):
            skipped = node.body
        left += [each for each in ast.iter_child_nodes(node) if each not in skipped]


def _guards(node: ast.Try | ast.With | ast.If) -> bool:
    """`try: … except ImportError`, `with suppress(ImportError)`, `if TYPE_CHECKING`. Any `try` of
    imports alone."""
    if isinstance(node, ast.If):
        return name_of(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.With):
        caught = [each.context_expr for each in node.items]
    else:
        caught = [each.type for each in node.handlers if each.type]
        if node.handlers and all(isinstance(x, (ast.Import, ast.ImportFrom)) for x in node.body):
            return True
    named = {name_of(each) for expression in caught for each in ast.walk(expression)}
    return not named.isdisjoint(("ImportError", "ModuleNotFoundError"))


def _imported(nodes: Iterable[ast.AST], attributes: Collection[str] = ()) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            names = (f"{node.module}.{each.name}" for each in node.names)
            yield from (name for name in names if name not in attributes)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _in_text(node.value)


def _in_text(text: str) -> Iterator[str]:
    """import_module("a.b"), import_module(f"a.b.{name}"), "a.b:main", exec("import a.b")."""
    name = text.partition(":")[0].strip(".")
    if _is_dotted(name):
        yield name
    elif "import " in text:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            yield from _imported(ast.walk(ast.parse(text)))


def _is_dotted(text: str) -> bool:
    return "." in text and all(map(str.isidentifier, text.split(".")))
