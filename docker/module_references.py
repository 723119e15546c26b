"""What the text of a module says of others and of files (for inspect_installed.py). Standard
library only.

Read with regular expressions, not a parser: what is seen too much only keeps a file too many. They
begin with a literal word, which the engine finds fifty times faster than a line's beginning.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

Said = tuple[list[str], list[str], bool, list[str], list[str]]

_FROM = re.compile(r"from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|.*)")
_IMPORT = re.compile(r"import[ \t]+([\w., \t]+)")
_FILE = re.compile(r"\S*\.\w+")  # README.md, *.md, .md
# Words of code that reads what it cannot name: modules of a package, files of a folder. A third
# kind, "source": that of modules.
_LISTING = {
    "modules": ("iter_modules", "walk_packages"),
    "files": (
        "iterdir", "listdir", "scandir", "glob(", "import glob", "os.walk", ".walk(", "resources",
    ),
}  # fmt: skip
_READERS = {"getsource", "getsourcelines", "getsourcefile", "findsource"}
_LINES = {"getline", "getlines"}
_COMPILERS = {"jit", "njit", "vectorize", "guvectorize", "generated_jit", "stencil", "cfunc"}
_OPENERS = {"open", "open_code", "run_path"}
_PATHS = {"read_text", "read_bytes", "open"}
_SUSPECT = ("getsource", "findsource", "linecache", "get_source", "__file__", "jit", "vectorize")
_SOURCE = re.compile(
    r"getsource|findsource|linecache|get_source|(?:open|open_code|run_path|Path)\(\s*__file__\s*[,)]"
    r"|cache\s*=\s*(?!False)"
)
_DOTTED = re.compile(r"(?:\w+\.)+\w+")  # one that import_module may mean: "botocore.docs.service"


def module(path: str, text: str) -> Said:
    """What the module at `path` says: (imports, quoted file names, lazy, what it lists, those of
    the imports that happen as soon as it is imported)."""
    lazy = "attach_stub" in text
    files = sorted(quoted(text))
    all_, first = set(filter(_DOTTED.fullmatch, files)), set()
    for names, start in _imports(path, text):
        all_ |= names
        if names and _runs_at_once(text, start):
            first |= names
    lists = [kind for kind, words in _LISTING.items() if any(word in text for word in words)]
    lists += ["source"] * reads_source(text)
    return sorted(all_), files, lazy, lists, sorted(first)


def reads_source(text: str) -> bool:
    """Does it read the source of modules, or is it a cache of numba's, which dates by them? Few
    modules have such words; those are parsed, since most words are of doctests."""
    if not any(word in text for word in _SUSPECT) or not _SOURCE.search(text):
        return False
    try:
        return any(map(_is_reader, ast.walk(ast.parse(text))))
    except (SyntaxError, ValueError, RecursionError):
        return True


def _is_reader(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = _READERS | (_LINES if node.module == "linecache" else set())
        return any(each.name in names for each in node.names)
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Attribute) and node.attr in _READERS
    name = _last(node.func)
    if name in _LINES:
        return _last(getattr(node.func, "value", node)) == "linecache"
    if name == "get_source":  # a loader's (PEP 302); a template's has more arguments
        return len(node.args) + len(node.keywords) == 1
    if name in _COMPILERS:
        return any(each.arg == "cache" and not _is_false(each.value) for each in node.keywords)
    of_path = getattr(getattr(node.func, "value", None), "args", ())  # Path(__file__).read_text()
    opened = [*node.args, *of_path] if name in _OPENERS else of_path if name in _PATHS else ()
    return any(map(_is_own_file, opened))


def _last(node: ast.AST) -> str:
    """open, io.open → open"""
    return getattr(node, "attr", "") or getattr(node, "id", "")


def _is_own_file(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "__file__"


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def quoted(text: str) -> set[str]:
    """File names between two quotes. By splitting, which is twice as fast as one pattern."""
    pieces = text.replace("'", '"').split('"')
    found, closed = set(), 0  # which piece the last one found ends before
    for number in [number for number, piece in enumerate(pieces) if "." in piece]:
        if closed < number < len(pieces) - 1 and _FILE.fullmatch(pieces[number]):
            found.add(pieces[number])
            closed = number + 1
    return found


def _imports(path: str, text: str) -> Iterator[tuple[set[str], int]]:
    """(names, where the statement stands)"""
    package = PurePosixPath(path).parent.parts
    for match in _statements(_IMPORT, text):
        yield set(re.findall(r"[\w.]+", match[1])), match.start()
    for match in _statements(_FROM, text):
        yield set(_from(package, match)), match.start()


def _from(package: tuple[str, ...], match: "re.Match[str]") -> Iterator[str]:
    name = match[1].lstrip(".")
    dots = len(match[1]) - len(name)
    base = [*package[: len(package) - dots + 1], *filter(None, [name])] if dots else [name]
    yield ".".join(base)
    yield from (".".join([*base, part]) for part in re.findall(r"\w+", match[2]))


def _runs_at_once(text: str, start: int) -> bool:
    """Is what stands there in no function?"""
    begin = text.rfind("\n", 0, start) + 1
    indent = len(text[begin:start]) - len(text[begin:start].lstrip())
    while indent and begin > 0:
        end, begin = begin - 1, text.rfind("\n", 0, begin - 1) + 1
        line = text[begin:end]
        stripped = line.lstrip()
        if not stripped or len(line) - len(stripped) >= indent:
            continue
        if stripped.startswith(("def ", "async def ")):
            return False
        closes = stripped.startswith(")")  # a definition over several lines
        indent = len(line) - len(stripped) + closes
    return True


def _statements(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches where a statement can begin: not in the middle of a sentence or a doctest."""
    for match in pattern.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].rstrip()
        if not before or before.endswith((":", ";")):
            yield match
