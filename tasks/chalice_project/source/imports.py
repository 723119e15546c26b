"""What the app's own code imports, and programs that it calls by their paths, so that pruning
leaves them in the layer."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

CODE = ("app.py", "chalicelib/**/*.py")
# Where AWS_LAMBDA_EXEC_WRAPPER stands, and scripts that it may name.
SCRIPTS = (".chalice/config.json", "app.py", "chalicelib/**/*", "vendor/*", "vendor/bin/*")
LARGE = 100_000  # bytes; no script has as many
_PROGRAM = re.compile(rb"([^\s\"'=:]*)\b(bin/[\w.-]*\w)")
_OF_SYSTEM = (b"usr/", b"local/", b"lang/", b"#!/")  # before bin/: not the layer's


def of_app_and_programs(root: Path, segments: Collection[str]) -> list[str]:
    """`of_app`, and `bin/NAME` of each program that a file of the app names."""
    files = {path for pattern in SCRIPTS for path in root.glob(pattern)}
    return sorted({*of_app(root, segments), *(name for path in files for name in _programs(path))})


def _programs(path: Path) -> Iterator[str]:
    try:
        small = path.is_file() and path.stat().st_size <= LARGE
        text = path.read_bytes() if small else b""
    except OSError:
        return
    for before, name in _PROGRAM.findall(text):
        if before != b"/" and not before.endswith(_OF_SYSTEM):
            yield name.decode()


def of_app(root: Path, segments: Collection[str]) -> list[str]:
    """Modules whose dotted names have one of these segments, sorted. A file that is no Python
    names none: Chalice says what is wrong with it."""
    files = sorted({path for pattern in CODE for path in root.glob(pattern)})
    found = {name for path in files for name in _imported(path, segments)}
    return sorted(name for name in found if not {*segments}.isdisjoint(name.split(".")))


def _imported(path: Path, segments: Collection[str]) -> Iterator[str]:
    try:
        text = path.read_bytes()
        if not any(each.encode() in text for each in segments):
            return  # each command asks: most files need not be parsed
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [node.value] if _is_dotted(node.value) else []  # import_module's


def _is_dotted(text: str) -> bool:
    return "." in text and all(map(str.isidentifier, text.split(".")))
