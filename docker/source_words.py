"""Words of code that reads sources: its own, or those of code that calls it (for code_words.py).
Standard library only."""

import re
from collections.abc import Collection, Set

from code_text import Words, has_line, having_any, is_code, lines_with, says

# {a word that is quick to miss: words} of code that reads its own source, or has it read.
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
# Its package's file, read.
INIT = re.compile(r"__init__\.py[\"']\)")
OPENED = re.compile(
    r"\bopen\(|\.read_|\.open\(|run_path\(|spec_from_file|SourceFileLoader|execfile"
)
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
_LOADERS = {"importlib", "importlib.abc", "importlib.machinery"}
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
_CUT = re.compile(r"getfile\([^\n]{1,80}?\)(?:\[:-|\.(?:replace|removesuffix|rstrip|rsplit)\()")
_CHANGED = re.compile(r"sub\([^\n]{1,80}?__file__\)")
# path = os.path.abspath(__file__), path = inspect.getfile(module): and then open(path)
_KEPT = re.compile(
    r"\s*(\w+)\s*=\s*(?:(?![\w.]*dirname)[\w.]+\()*"
    r"(?:[\w.\[\]]*__file__|(?:[\w.]|\([\"'\w.]*\))*\.origin|[\w.]*co_filename|[\w.]*\bget(?:source)?file\([\w.]*)"
    r"\)*(?:\.\w+\(\))*\s*"
)
_PLACES = {"__file__", ".origin", "co_filename", "getfile", "getsourcefile"}


def reads_callers(text: str, there: Set[str], imports: Collection[str]) -> bool:
    """Of code that imports it: its sources, or its modules as they are imported."""
    return (
        says(_READS_LINES, text, there)
        or ("source" in there and _asks_for_source(text))
        or ("getfile" in there and bool(_CUT.search(text)))
        or (not there.isdisjoint(("inspect", "traceback")) and _asks_for_line(text))
        or (not _LOADERS.isdisjoint(imports) and bool(_LOADER.search(text)))
    )


def reads_own(text: str, there: Set[str], sources: Collection[str]) -> bool:
    """`sources`: names of such files that it quotes."""
    return (
        says(_READS_OWN, text, there)
        or _opens_modules(text, there)
        or ("__init__.py" in sources and has_line(INIT, OPENED, text))
        or _opens_later(text, _PLACES & there)
        or ("co_filename" in there and _looks_at_callers_file(text))
        or ("__file__" in there and _compares(text))
        or _takes_folder(text, there)
    )


def _takes_folder(text: str, there: Set[str]) -> bool:
    """Into an archive, or another folder?"""
    places = there & {"__file__", "__path__"}
    packs = not there.isdisjoint(("zipfile", "tarfile")) and having_any(_PACKS, text)
    if not places or not (packs or ("shutil" in there and having_any(_TAKES_FOLDER, text))):
        return False
    lines = (line for word in places for line in lines_with(word, text))
    names = "|".join(
        {
            r"(?<!\.)__(?:file|path)__",
            *(found[1] for line in lines if (found := _PLACE.fullmatch(line))),
        }
    )
    words = "rglob|walk|glob|listdir|scandir|copytree|make_archive"
    return bool(
        re.search(
            rf"\b(?:{words})\([^\n]{{,200}}\b(?:{names})\b"
            rf"|\b(?:{names})\b\)?[\w.()]{{,80}}\.(?:rglob|walk|glob|iterdir)\(",
            text,
        )
    )


def _asks_for_line(text: str) -> bool:
    return any(_LINE.search(line) for word in _STACK for line in lines_with(word, text))


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
    return {found[1] for line in lines_with(word, text) if (found := _KEPT.fullmatch(line))}


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
