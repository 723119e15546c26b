"""What the text of a module says of others and of files (for inspect_installed.py). Standard
library only.

Read with regular expressions, not a parser: what is seen too much only keeps a file too many. They
begin with a literal word, which the engine finds fifty times faster than a line's beginning.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

Said = tuple[list[str], list[str], bool, list[str], list[str]]

_FROM = re.compile(r"from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|.*)")
_IMPORT = re.compile(r"import[ \t]+([\w., \t]+)")
_FILE = re.compile(r"\S*\.\w+")  # README.md, *.md, .md
# A path into a folder that a prune rule may take: "tests/data", join(here, "tests", "x.crt").
_INTO = {
    "test": re.compile(r"""(test|tests)(?:["'][\s,/)]+["']|/)([^"'\s]+)["']"""),
    "SelfTest": re.compile(r"""(SelfTest)(?:["'][\s,)/]+["']|/)([^"'\s]+)["']"""),
    "docs": re.compile(r"""(docs)(?:["'][\s,/)]+["']|/)([^"'\s]+)["']"""),
}
# Words of code that reads what it cannot name: modules of a package, files of a folder. More kinds:
# "source", that of modules; "stubs" and "protos", those of any package.
# {a kind: {a word that is quick to miss: words that have it}}.
_LISTING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "modules": {"iter_modules": ("iter_modules",), "walk_packages": ("walk_packages",)},
    "files": {
        "dir": ("iterdir", "listdir", "scandir"), "glob": ("glob(", "import glob"),
        "walk": ("os.walk", ".walk("), "resources": ("resources",),
    },
}  # fmt: skip
# {a word that is quick to miss: words of code that reads sources}.
_READS_SOURCE: Mapping[str, tuple[str, ...]] = {
    "source": ("getsource(", "getsourcelines(", "findsource(", "get_source("),
    "getsourcefile": ("open(inspect.getsourcefile", "open_py_source("),
    "linecache": ("linecache.getline", "from linecache import"),
    "__file__": ("open(__file__", "open( __file__", "open_code(__file__", "run_path(__file__",
                 "Path(__file__).read_", "Path(__file__).open"),
    "numba": ("cache=True", "cache = True"),
}  # fmt: skip
_ONE = re.compile(r"\s*[\w.]+\s*\)")
_DOTTED = re.compile(r"(?:\w+\.)+\w+")  # one that import_module may mean: "botocore.docs.service"


def module(path: str, text: str) -> Said:
    """What the module at `path` says: (imports, quoted file names, lazy, what it lists, those of
    the imports that happen as soon as it is imported)."""
    lazy = "attach_stub" in text
    files = sorted(quoted(text) | into(text))
    all_, first = set(filter(_DOTTED.fullmatch, files)), set()
    for names, start in _imports(path, text):
        all_ |= names
        if names and _runs_at_once(text, start):
            first |= names
    lists = [kind for kind, words in _LISTING.items() if any(_having(words, text))]
    lists += ["source"] * reads_source(text)
    lists += ["stubs"] * ("-stubs" in text and ".pyi" in text)
    lists += ["protos"] * ("protoc_compiler" in text)
    return sorted(all_), files, lazy, lists, sorted(first)


def reads_source(text: str) -> bool:
    """Does it read the source of modules, or is it a cache of numba's, which dates by them?"""
    words = _having(_READS_SOURCE, text)
    return any(_is_code(text, start) for each in words for start in _occurrences(each, text))


def _having(words: Mapping[str, tuple[str, ...]], text: str) -> Iterator[str]:
    likely = (each for quick, found in words.items() if quick in text for each in found)
    return (each for each in likely if each in text)


def _occurrences(word: str, text: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        # of what has get_source, a template's loader has more arguments (PEP 302 has one)
        if not word.endswith("get_source(") or _ONE.match(text, start + len(word)):
            yield start
        start = text.find(word, start + 1)


def _is_code(text: str, start: int) -> bool:
    """Not a comment or a doctest."""
    begin = text.rfind("\n", 0, start) + 1
    return not text[begin:start].lstrip().startswith(("#", ">>>", "..."))


def quoted(text: str) -> set[str]:
    """File names between two quotes. By splitting, which is twice as fast as one pattern."""
    pieces = text.replace("'", '"').split('"')
    found, closed = set(), 0  # which piece the last one found ends before
    for number in [number for number, piece in enumerate(pieces) if "." in piece]:
        if closed < number < len(pieces) - 1 and _FILE.fullmatch(pieces[number]):
            found.add(pieces[number])
            closed = number + 1
    return found


def into(text: str) -> set[str]:
    """Paths that begin with a folder's name between two quotes, or within: `tests/data`."""
    likely = (pattern for word, pattern in _INTO.items() if word in text)
    found = (match for pattern in likely for match in pattern.finditer(text))
    return {f"{each[1]}/{each[2]}" for each in found if text[each.start() - 1] in "\"'/"}


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
