"""Words of code that reads what it cannot name (for module_references.py). Standard library only.

Kinds: "modules" of its package, "walks" those of packages below, too. "modules of x" where it may
be those of a package `x` further down. "files" of a folder,
"others" those of a package that it imports. "here" where it may say its own place to somebody.
"source" of modules, "callers" that of functions it is handed. "by-name" those beside it whose file
names it puts together. "packages" where it asks which folders are some. "stubs", those of any
package. "lazy" where it reads its own.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Set

LONG = 1000  # characters of a line that somebody wrote
Words = Mapping[str, tuple[str, ...]]

# {a kind: {a word that is quick to miss: words that have it}}.
_LISTING: Mapping[str, Words] = {
    "modules": {"pkgutil": ("iter_modules", "walk_packages"), "TestLoader": (".discover(",)},
    "walks": {"pkgutil": ("walk_packages",), "TestLoader": (".discover(",)},
    "files": {
        "dir": ("iterdir", "listdir", "scandir"), "glob": ("glob(", "import glob"),
        "walk": ("os.walk", ".walk("), "source": ("resources",), "copytree": ("copytree",),
    },
    "here": {"__file__": ("__file__",), "__path__": ("__path__",)},
    "others": {
        "__file__": (".__file__",), "__path__": (".__path__",), "source": ("resources",),
        "pkgutil": ("get_data(",), ".origin": (".origin",),
    },
}  # fmt: skip
# The same of code that reads its own source, or has it read.
_READS_OWN: Words = {
    "__file__": ("open(__file__", "open( __file__", "open_code(__file__", "run_path(__file__",
                 "Path(__file__).read_", "Path(__file__).open", "__file__[:", "__file__.replace(",
                 "__file__.removesuffix(", "__file__.rstrip(", "__file__.split(", "__file__ + ",
                 "__file__+", "__file__)[:", "__file__).replace(", "__file__.endswith(",
                 "__file__).name", "__file__).suffix", "copy(__file__", "copy2(__file__",
                 "copyfile(__file__", "addPyFile(__file__", ".write(__file__", ".add(__file__",
                 "upload_file(__file__", "put(__file__"),
    "numba": ("cache=True", "cache = True"),
    "use_attribute_docstrings": ("use_attribute_docstrings",),  # pydantic's
    "TestLoader": (".discover(",),  # which looks for test_*.py
    "pytest": ("register_assert_rewrite",), "inspect": ("getcomments(",), "zipfile": ("writepy(",),
}  # fmt: skip
_READS_LINES: Words = {
    "linecache": ("linecache.getline", "from linecache import"),
    "source": ("def source_to_code(",),  # it changes modules as they are imported
}
_QUICK = (
    "pkgutil", "TestLoader", "dir", "glob", "walk", "source", "copytree", "linecache", "__file__",
    "numba", "use_attribute_docstrings",
    "co_filename", ".origin", "getfile", "stub", "__path__",
)  # fmt: skip
# The line that called: stack()[1].code_context[0], extract_stack()[-2].line, and what they give.
_LINE = re.compile(
    r"code_context\)?(?:\[|\s*$)|stack\(\)\[-?\d\]\[4\]"
    r"|extract_stack\([^)]*\)\[[^\]]+\](?:\.line\b|\[3\])"
    r"|(?:\w+, *){3}[^_\W]\w*\)? *= *(?:\w+\.)?extract_stack\("
)
_STACK = ("code_context", "extract_stack", "stack()[")
# A loader of one's own, which changes modules as they are imported.
_LOADER = re.compile(r"^class \w+\([^)\n]*\bSource(?:File)?Loader\b", re.MULTILINE)
# What fails on a file that is not there.
_LOOKED_AT = r"\b(?:getmtime|getsize|l?stat|exists|isfile|samefile)\([\w.\[\]]*"
_OPENED_BY_NAME = r"\b(?:open|open_code|parse|run_path)\("
# Its folder, copied or packed.
_TAKES_FOLDER = ("make_archive(", "copytree(")
_PACKS = (".write(", ".add(", ".writestr(")
_PLACE = re.compile(r"\s*(\w+)\s*=[^=](?:[^\n]*[^\n\w.])?__(?:file|path)__[^\n]*")
# What these say is rare: only code that imports them is searched.
_IMPORTED = ("pytest", "inspect", "zipfile", "tarfile", "shutil", "traceback")
_LOADERS = {"importlib", "importlib.abc", "importlib.machinery"}
_METADATA = {"importlib", "importlib.metadata", "importlib_metadata", "pkg_resources"}
_WORD = re.compile(r"[\"'](\w+)[\"']")
# Of a dist-info: read_text("WHEEL"), get_metadata("PKG-INFO"); its description.
_NOTE = re.compile(r"(?:read_text|_metadata(?:_lines)?)\(\s*[\"']([A-Z]+|[\w-]+\.\w+)[\"']")
_DESCRIPTION = re.compile(
    r"(?:\[|get(?:_all)?\()\s*[\"']Description[\"']|\.json\[[\"']description[\"']|\.get_payload\("
)
# getsource(f), open(getsourcefile(f)), loader.get_source(name). A template's loader has a
# get_source, too, of more arguments.
_SOURCE = re.compile(r"source(lines|file)?\((\s*[\"']?[\w.]*[\"']?\s*\))?")
# The file of a module, opened: tokenize.open(z.__file__), Path(spec.origin).read_text().
_MODULES_FILE = {
    "__file__": re.compile(r"__file__[),]"), ".origin": re.compile(r"\.origin[),]"),
    "co_filename": re.compile(r"co_filename[),]"), "getfile": re.compile(r"getfile\(\w+\)[),]"),
}  # fmt: skip
_OPENS = re.compile(
    r"(?:\b(open|open_code|parse|run_path|get_data)|\bPath)\((?:(?:[\w.]+\.)?Path\(|str\()?"
    r"[\w.\[\]\"']*\Z"
)
_READS = re.compile(r"\.(?:read_|open\()")
# Its package's file, read; the name of a class's file, cut; its own, changed.
_INIT = re.compile(r"__init__\.py[\"']\)")
_CUT = re.compile(r"getfile\([^\n]{1,80}?\)(?:\[:-|\.(?:replace|removesuffix|rstrip|rsplit)\()")
_CHANGED = re.compile(r"sub\([^\n]{1,80}?__file__\)")
# path = os.path.abspath(__file__), path = inspect.getfile(module): and then open(path)
_KEPT = re.compile(
    r"\s*(\w+)\s*=\s*(?:(?![\w.]*dirname)[\w.]+\()*"
    r"(?:[\w.\[\]]*__file__|(?:[\w.]|\([\"'\w.]*\))*\.origin|[\w.]*co_filename|[\w.]*\bget(?:source)?file\([\w.]*)"
    r"\)*(?:\.\w+\(\))*\s*"
)
_PLACES = {"__file__", ".origin", "co_filename", "getfile", "getsourcefile"}
# A module's file, put together: n + ".py", f"{n}.py", "%s.py", with_suffix(".py"), r"(\w+)\.py$"
_BY_NAME = re.compile(r"\.py(?:\$|\\[bZ])?[\"']")
_OPENED = re.compile(
    r"\bopen\(|\.read_|\.open\(|run_path\(|spec_from_file|SourceFileLoader|execfile"
)
_ASKED = re.compile(r"exists\(|is_?file\(")
_WRITTEN = re.compile(r"[\"'][wax]b?[\"']|\.write_")
_PUT = re.compile(r"(?:\+\s*[rf]?[\"']|[}*?\])]|%s|with_suffix\([\"']|[+*)\]]\\)\Z")


def kinds(text: str, imports: Collection[str], files: Collection[str]) -> list[str]:
    """`imports`, `files`: what it says plainly, which rules out most of what is rare."""
    there = {quick for quick in _QUICK if quick in text} | {*_IMPORTED}.intersection(imports)
    there |= {"getsourcefile"} if "source" in there and "getsourcefile" in text else set()
    sources = {name.rpartition("/")[2] for name in files if name.endswith(".py")}
    found = [kind for kind, words in _LISTING.items() if any(_having(words, text, there))]
    callers = _reads_callers(text, there) or (
        not _LOADERS.isdisjoint(imports) and bool(_LOADER.search(text))
    )
    own = callers or _reads_own(text, there, sources) or _takes_folder(text, there)
    found += ["source"] * own + ["callers"] * callers
    found += ["packages"] * ("__init__.py" in sources and _has_line(_INIT, _ASKED, text))
    beside = "files" in found or ("__file__" in there and "(__file__" in text)
    found += ["by-name"] * bool((beside or sources) and _puts_together(text, beside=beside))
    if "modules" in found:
        found += [f"modules of {word}" for word in sorted(_packages(text, imports))]
    if "stub" in there:
        found += ["lazy"] * ("attach_stub" in text)
        found += ["stubs"] * (_is_said("-stubs", text) and _is_said(".pyi", text))
    return found


def _packages(text: str, imports: Collection[str]) -> set[str]:
    """Names that it imports or quotes: iter_modules(commands.__path__), iter_modules([here /
    "commands"])."""
    return {name.rpartition(".")[2] for name in imports} | {*_WORD.findall(text)}


def notes(text: str, imports: Collection[str]) -> set[str]:
    """Files of a dist-info that it asks for, which pruning takes or cuts down."""
    if _METADATA.isdisjoint(imports) or "metadata" not in text:
        return set()
    found = {each[1] for each in _NOTE.finditer(text)}
    found |= {"METADATA"} if _DESCRIPTION.search(text) else set()
    return {f"*.dist-info/{name}" for name in found}


def is_code(text: str, start: int) -> bool:
    """Not a comment or a doctest."""
    begin = text.rfind("\n", 0, start) + 1
    return not text[begin:start].lstrip().startswith(("#", ">>>", "..."))


def _having(words: Words, text: str, there: Collection[str]) -> Iterator[str]:
    likely = (each for quick, found in words.items() if quick in there for each in found)
    return (each for each in likely if each in text)


def _says(words: Words, text: str, there: Collection[str]) -> bool:
    found = _having(words, text, there)
    return any(_is_said(each, text) for each in found)


def _is_said(word: str, text: str) -> bool:
    return any(is_code(text, start) for start in _occurrences(word, text))


def _occurrences(word: str, text: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _reads_callers(text: str, there: Set[str]) -> bool:
    return (
        _says(_READS_LINES, text, there)
        or ("source" in there and _asks_for_source(text))
        or ("getfile" in there and bool(_CUT.search(text)))
        or (not there.isdisjoint(("inspect", "traceback")) and _asks_for_line(text))
    )


def _reads_own(text: str, there: Set[str], sources: Collection[str]) -> bool:
    return (
        _says(_READS_OWN, text, there)
        or _opens_modules(text, there)
        or ("__init__.py" in sources and _has_line(_INIT, _OPENED, text))
        or _opens_later(text, _PLACES & there)
        or ("co_filename" in there and _looks_at_callers_file(text))
        or ("__file__" in there and _compares(text))
    )


def _takes_folder(text: str, there: Set[str]) -> bool:
    """Into an archive, or another folder?"""
    places = there & {"__file__", "__path__"}
    packs = not there.isdisjoint(("zipfile", "tarfile")) and _having_any(_PACKS, text)
    if not places or not (packs or ("shutil" in there and _having_any(_TAKES_FOLDER, text))):
        return False
    lines = (line for word in places for line in _lines_with(word, text))
    names = "|".join(
        {
            r"(?<!\.)__(?:file|path)__",
            *(found[1] for line in lines if (found := _PLACE.fullmatch(line))),
        }
    )
    words = "rglob|walk|glob|listdir|scandir|copytree|make_archive"
    return bool(
        re.search(
            rf"\b(?:{words})\([^\n]*\b(?:{names})\b"
            rf"|\b(?:{names})\b\)?[\w.()]*\.(?:rglob|walk|glob|iterdir)\(",
            text,
        )
    )


def _having_any(words: Collection[str], text: str) -> bool:
    return any(each in text for each in words)


def _asks_for_line(text: str) -> bool:
    return any(_LINE.search(line) for word in _STACK for line in _lines_with(word, text))


def _looks_at_callers_file(text: str) -> bool:
    names = {"co_filename", *_names_of("co_filename", text)}
    return bool(re.search(rf"{_LOOKED_AT}(?:{'|'.join(names)})\)", text))


def _compares(text: str) -> bool:
    """Its own file, with where other code comes from: f_code.co_filename == __file__."""
    if "co_filename" not in text and ".filename" not in text:
        return False
    own = "|".join({"__file__", *_names_of("__file__", text)})
    others = "|".join({"co_filename", "filename", *_names_of("co_filename", text)})
    is_ = r"\)*\s*(?:[!=]=|(?:not\s+)?in\b)\s*\(?(?:[\w.]+\()*(?:[\w.]+\.)?"
    return bool(re.search(rf"\b(?:{own}){is_}(?:{others})\b|\b(?:{others}){is_}(?:{own})\b", text))


def _names_of(word: str, text: str) -> set[str]:
    """Variables that hold it."""
    return {found[1] for line in _lines_with(word, text) if (found := _KEPT.fullmatch(line))}


def _asks_for_source(text: str) -> bool:
    return any(
        _is_reader(text[max(0, each.start() - 20) : each.start()], each)
        and is_code(text, each.start())
        for each in _SOURCE.finditer(text)
    )


def _is_reader(before: str, found: re.Match[str]) -> bool:
    if found[1] == "file":
        return before.endswith(("open(inspect.get", "open(get"))
    if before.endswith("get_"):
        return bool(found[2] and (found[2].strip(" )\n") or "loader" in before))
    return before.endswith(("get", "find", "open_py_"))


def _opens_modules(text: str, there: Collection[str]) -> bool:
    patterns = (pattern for quick, pattern in _MODULES_FILE.items() if quick in there)
    found = (each for pattern in patterns for each in pattern.finditer(text))
    return any(_opens(text, each) and is_code(text, each.start()) for each in found)


def _opens(text: str, found: re.Match[str]) -> bool:
    before = _OPENS.search(text, text.rfind("\n", 0, found.start()) + 1, found.start())
    return bool(before and (before[1] or _READS.match(text, found.end())))


def _opens_later(text: str, there: Collection[str]) -> bool:
    """By another name, or one that is made of its own."""
    names = {name for word in there for name in _names_of(word, text)}
    return ("__file__" in there and bool(_CHANGED.search(text))) or any(
        re.search(rf"{_OPENED_BY_NAME}{each}[,)]|\b{each}\.(?:read_|open\()", text)
        for each in names
    )


def _lines_with(word: str, text: str) -> Iterator[str]:
    return (_line(text, start) for start in _occurrences(word, text) if is_code(text, start))


def _line(text: str, place: int) -> str:
    end = text.find("\n", place)
    return text[text.rfind("\n", 0, place) + 1 : end if end >= 0 else len(text)][:LONG]


def _puts_together(text: str, *, beside: bool) -> bool:
    """`beside`: the code looks at files around it. Else it must read the file there and then."""
    return any(
        _PUT.search(text, max(0, each.start() - 20), each.start())
        and is_code(text, each.start())
        and (beside or _is_read(_line(text, each.start())))
        for each in _BY_NAME.finditer(text)
    )


def _has_line(word: re.Pattern[str], beside: re.Pattern[str], text: str) -> bool:
    lines = (_line(text, each.start()) for each in word.finditer(text))
    return any(
        beside.search(line) and not _WRITTEN.search(line) and not line.lstrip().startswith("#")
        for line in lines
    )


def _is_read(line: str) -> bool:
    return bool(_OPENED.search(line) or _ASKED.search(line)) and not _WRITTEN.search(line)
