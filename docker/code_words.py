"""Words of code that reads what it cannot name (for module_references.py). Standard library only.

Kinds: "modules" of its package, "walks" those of packages below, too. "modules of x" where it may
be those of a package `x` further down. "files" of a folder, "others" those of a package that it
imports. "here" where it may say its own place to somebody. "source" of modules, "callers" that of
functions it is handed. "by-name" those beside it whose file names it puts together. "packages"
where it asks which folders are some. "stubs", those of any package. "lazy" where it reads its own.
"""

import re
from collections.abc import Collection, Mapping

import byte_search
import source_words
from code_text import WRITTEN, Words, has_line, having, is_code, is_said, line_at
from source_words import INIT, OPENED

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
        "pkgutil": ("get_data(",), ".origin": (".origin",), "jinja2": ("PackageLoader(",),
        "pkg_resources": ("resource_",), "importlib.util": ("find_spec(",),
    },
}  # fmt: skip
_QUICK = (
    "pkgutil", "TestLoader", "dir", "glob", "walk", "source", "copytree", "linecache", "__file__",
    "numba", "use_attribute_docstrings",
    "co_filename", ".origin", "getfile", "stub", "__path__",
)  # fmt: skip
_QUICK_BYTES = [each.encode() for each in _QUICK]
# What these say is rare: only code that imports them is searched.
_IMPORTED = (
    "pytest", "inspect", "zipfile", "tarfile", "shutil", "traceback", "jinja2", "pkg_resources",
    "importlib.util",
)  # fmt: skip
_METADATA = {"importlib", "importlib.metadata", "importlib_metadata", "pkg_resources"}
_WORD = re.compile(r"[\"'](\w+)[\"']")
# Of a dist-info: read_text("WHEEL"), get_metadata("PKG-INFO"); its description.
_NOTE = re.compile(r"(?:read_text|_metadata(?:_lines)?)\(\s*[\"']([A-Z]+|[\w-]+\.\w+)[\"']")
_DESCRIPTION = re.compile(
    r"(?:\[|get(?:_all)?\()\s*[\"']Description[\"']|\.json\[[\"']description[\"']|\.get_payload\("
)
# A module's file, put together: n + ".py", f"{n}.py", "%s.py", with_suffix(".py"), r"(\w+)\.py$"
_BY_NAME = re.compile(r"\.py(?:\$|\\[bZ])?[\"']")
# What the names of sources end with: it looks for modules with no other word (pysnmp's MIBs).
_ENDINGS = ("SOURCE_SUFFIXES", "BYTECODE_SUFFIXES", "all_suffixes(", "PY_SOURCE")
_MACHINERY = {"importlib", "importlib.machinery", "imp"}
_RUN = re.compile(r"\brun_path\(\s*[a-z_]\w*[,)]")  # a file that it is told
_ASKED = re.compile(r"exists\(|is_?file\(")
_PUT = re.compile(r"(?:\+\s*[rf]?[\"']|[}*?\])]|%s|with_suffix\([\"']|[+*)\]][\w-]*\\)\Z")


def kinds(text: str, imports: Collection[str], files: Collection[str]) -> list[str]:
    """`imports`, `files`: what it says plainly, which rules out most of what is rare."""
    quick = byte_search.words_in(text.encode(errors="replace"), _QUICK_BYTES)
    there = {each.decode() for each in quick} | {*_IMPORTED}.intersection(imports)
    there |= {"getsourcefile"} if "source" in there and "getsourcefile" in text else set()
    sources = {name.rpartition("/")[2] for name in files if name.endswith(".py")}
    found = [kind for kind, words in _LISTING.items() if any(having(words, text, there))]
    callers = source_words.reads_callers(text, there, imports)
    own = callers or source_words.reads_own(text, there, sources)
    found += ["source"] * own + ["callers"] * callers
    found += ["packages"] * ("__init__.py" in sources and has_line(INIT, _ASKED, text))
    beside = "files" in found or ("__file__" in there and "(__file__" in text)
    by_name = (beside or sources) and _puts_together(text, beside=beside)
    found += ["by-name"] * bool(by_name or _looks_by_ending(text, imports, beside=beside))
    if "modules" in found:
        found += [f"modules of {word}" for word in sorted(_packages(text, imports))]
    if "stub" in there:
        found += ["lazy"] * ("attach_stub" in text)
        found += ["stubs"] * (is_said("-stubs", text) and is_said(".pyi", text))
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


def _puts_together(text: str, *, beside: bool) -> bool:
    """`beside`: the code looks at files around it. Else it must read the file there and then."""
    return any(
        _PUT.search(text, max(0, each.start() - 20), each.start())
        and is_code(text, each.start())
        and (beside or _is_read(line_at(text, each.start())))
        for each in _BY_NAME.finditer(text)
    )


def _looks_by_ending(text: str, imports: Collection[str], *, beside: bool) -> bool:
    """Or runs files that it is told."""
    if not _MACHINERY.isdisjoint(imports) and any(is_said(each, text) for each in _ENDINGS):
        return True
    return beside and "runpy" in imports and has_line(_RUN, _RUN, text)


def _is_read(line: str) -> bool:
    return bool(OPENED.search(line) or _ASKED.search(line)) and not WRITTEN.search(line)
