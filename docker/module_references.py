"""What the text of a module says of others and of files (for inspect_installed.py). Standard
library only.

Read with regular expressions, not a parser: what is seen too much only keeps a file too many. They
begin with a literal word, which the engine finds fifty times faster than a line's beginning.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import code_words
import folder_references

Said = tuple[list[str], list[str], bool, list[str], list[str]]

_SPACE = r"[ \t]+(?:\\\n[ \t]*)?"  # a line may go on
_REST = r"[^;\n\\]*(?:\\\n?[^;\n\\]*)*"
_LIST = r"\([^)#]{,20000}(?:#[^\n]*\n[^)#]{,20000}){,2000}\)"
_FROM = re.compile(
    rf"from(?:{_SPACE}|(?=\.))([\w.]+)(?:{_SPACE}|(?<=\.))import(?:{_SPACE}|(?=\())({_LIST}|{_REST})"
)
_IMPORT = re.compile(rf"import{_SPACE}([\w., \t]+(?:\\\n[\w., \t]+)*)")
_STUB = re.compile(r"__file__\s*\+\s*[\"']i[\"']")
_NAME, _PART = re.compile(r"[\w.]+"), re.compile(r"\w+")
_FILE = re.compile(r"\S*\.\w+(?::\w+)?")  # README.md, *.md, .md; a.b:app
# files("acme_data"), import_module("examples"): a package that is named alone.
_WORD = re.compile(r"\(\s*[\"'](\w+)[\"']")
_IMPORTERS = ("importlib", "pkgutil", "pkg_resources", "jinja2")
_TAKES_PACKAGE = (
    "files", "get_data", "find_spec", "import_module", "PackageLoader", "contents", "path",
    "_text", "_binary", "_string", "_stream", "_filename", "is_resource",
)  # fmt: skip
_DOTTED = re.compile(r"(?:\w+\.)+\w+")  # one that import_module may mean: "botocore.docs.service"


def module(path: str, text: str) -> Said:
    """What the module at `path` says: (imports, quoted file names, lazy, what it lists, those of
    the imports that happen as soon as it is imported). Names that its examples import begin with
    `>>> `, files of a dist-info with `*.dist-info/`: both lie among the files."""
    files = quoted(text)
    all_ = set(filter(_DOTTED.fullmatch, (each.partition(":")[0] for each in files)))
    first: set[str] = set()
    for names, start in _imports(path, text):
        all_ |= names
        if not names <= first and _runs_at_once(text, start):
            first |= names
    if any(name.startswith(_IMPORTERS) for name in all_):
        all_ |= {*_packages(text)}
    more, named = folder_references.said(path, text, files)
    all_ |= more
    files |= named | code_words.notes(text, all_) | {*folder_references.programs(text)}
    kinds = code_words.kinds(text, all_, files)
    lazy = "lazy" in kinds
    if lazy:
        kinds.remove("lazy")
    if "source" in kinds and _STUB.search(text):
        files.add(".pyi")
    if any(each.endswith("_protoc_compiler") for each in all_):
        kinds.append("protos")
    return sorted(all_), sorted(files), lazy, kinds, sorted(first)


def quoted(text: str) -> set[str]:
    """File names between two quotes. By splitting, which is twice as fast as one pattern."""
    pieces = text.replace("'", '"').split('"')
    found, closed = set(), 0  # which piece the last one found ends before
    for number in [number for number, piece in enumerate(pieces) if "." in piece]:
        if closed < number < len(pieces) - 1 and _FILE.fullmatch(pieces[number]):
            found.add(pieces[number])
            closed = number + 1
    return found


def _packages(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        if text.endswith(_TAKES_PACKAGE, max(0, match.start() - 20), match.start()):
            yield match[1]


def _imports(path: str, text: str) -> Iterator[tuple[set[str], int]]:
    """(names, where the statement stands)"""
    package = PurePosixPath(path).parent.parts
    for match in _statements(_IMPORT, text):
        yield set(_NAME.findall(match[1])), match.start()
    for match in _statements(_FROM, text):
        base = _base(package, match[1])
        yield {base, *(f"{base}.{part}" for part in _PART.findall(match[2]))}, match.start()


def _base(package: tuple[str, ...], said: str) -> str:
    """a.b of `from .b`, said in a."""
    name = said.lstrip(".")
    if not (dots := len(said) - len(name)):
        return name
    return ".".join([*package[: len(package) - dots + 1], *filter(None, [name])])


def _runs_at_once(text: str, start: int) -> bool:
    """Is what stands there in no function?"""
    begin = text.rfind("\n", 0, start) + 1
    if begin == start:
        return True
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
        if text[match.start() - 1] == "\n":
            yield match
            continue
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].rstrip()
        if not before or before.endswith((":", ";", '"', "'", "\\n")):  # exec("import a")
            yield match
