"""What the text of a module says of folders that a prune rule may take: tests, docs (for
module_references.py). Standard library only."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from code_text import is_code

# As a word or in a path: "tests", "a/tests", "tests/data", join(here, "tests", "x.crt").
# {what is quick to miss: (the folder)(the path in it)(it goes on)}
_NAMED = {
    quick: re.compile(
        rf"""({name})(?:(?:["'][\s,/)]+["']|/)([^"'\s]{{1,255}})["'](\s*[+%])?|["'])"""
    )
    for quick, name in (("test", "tests?"), ("SelfTest", "SelfTest"), ("docs", "docs"))
}
_LEAD = re.compile(r"""([\w-]+)(?:["'][\s,/)]+["']|/)\Z""")  # what it lies in: "a", "tests"
_UNKNOWN = re.compile(r"[{%*?\[]")  # begins what is put in at run time
_PATH = re.compile(r"(?:[/+:]|(?<![=!<>])=|[\w\])]\(|\b(?:return|else|or))\s*[rfbu]?\Z")
_ALL = re.compile(r"__all__\s*(?:\+?=|\.extend\(|\.append\()([^\])]*)")
_IMPORTS = ("import_module", "__import__(", "find_spec(", "resolve_name(", "resources", "get_data(")
# "a.tests." + name, f"a.tests.{name}"; and "a." + name, beside a word "tests".
_BEGUN = {
    quick: re.compile(rf"\.{name}(?:\.\w+)*\.[{{%\"']")
    for quick, name in (("test", "tests?"), ("SelfTest", "SelfTest"), ("docs", "docs"))
}
_AROUND = re.compile(r"[\"']((?:\w+\.)*\w+)\Z")
# ".tests.suite", f"{__name__}.tests.suite", "%s.tests": of the package that says it.
_RELATIVE = re.compile(r"(?:.*[}\])]|.*%s)?(\.+)(\w+(?:\.\w+)*)")
# Of a table of what is loaded late: "tests.client", and no file.
_INSIDE = re.compile(
    r"(?:tests?|SelfTest|docs)(?:\.\w+)*\.(?!(?:py|txt|html?|json|md|rst|csv|xml|zip|com|org|io)\b)\w+"
)
_SEGMENT = re.compile(r"(?:.*\.)?(?:tests?|SelfTest|docs|conftest)(?:\..*)?")
_SHOWN = re.compile(r">>> *(?:from|import) +([\w.]*\b(?:tests?|SelfTest)\b[\w.]*)")


# Of an index: a path into such a folder, and no address.
_LISTED = re.compile(r"(?:tests?|SelfTest|docs)/[^\s\"'<>,\[\]{}]+")
_BETWEEN = re.compile(r"[\s\"'<>,\[\]{}]")
# And modules: "acme.test.fake", "acme.docs:App".
_IN_INDEX = re.compile(r"\.(?:tests?|SelfTest|docs|conftest)\b(?:\.\w+)*(?!\.\*)\b")
# These tell tools of its developers what its tests are. pandas ships one.
_OF_TOOLS = {"pyproject.toml", "setup.cfg", "tox.ini", "mypy.ini", "pytest.ini"}
_NO_NAME = re.compile(r"[^\w.]")
_PACKAGE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
# join(root, "bin", "run"), "/opt/python/bin/run"
_BIN = re.compile(r"""bin(?:/|["'][\s,/)]+["'])([\w.-]+)["']""")
_LEADING = re.compile(r"""["']([^"'\s]*/)?\Z""")
_OF_SYSTEM = ("/", "/usr/", "/usr/local/", "/var/lang/", "/opt/")


Said = tuple[set[str], set[str]]


def said(path: str, text: str, quoted: Collection[str]) -> Said:
    """(modules, files) beside those that it says plainly. Names that its examples import begin with
    `>>> `, and are among the files."""
    there = [quick for quick in _NAMED if quick in text]
    found = [match for quick in there for match in _NAMED[quick].finditer(text)]
    folders = [
        each for each in found if text[each.start() - 1] in "\"'/" and is_code(text, each.start())
    ]
    if not folders and "test" not in there:
        return set(), set()
    return imports(path, text, quoted, folders), {*into(text, folders), *shown(text)}


def holds(path: str) -> bool:
    """Does it lie in such a folder?"""
    return _LISTED.search(path) is not None


def index(path: str, text: str) -> tuple[list[str], list[str]]:
    """Modules of such folders, and paths into them, that an index names. Sorted."""
    of_tools = path.rpartition("/")[2] in _OF_TOOLS
    paths = (_before(text, each.start(), _BETWEEN) + each[0] for each in _LISTED.finditer(text))
    modules = (
        f"{lead}{each[0]}"
        for each in _IN_INDEX.finditer("" if of_tools else text)
        if _PACKAGE.fullmatch(lead := _before(text, each.start(), _NO_NAME))
    )
    return sorted({*modules}), sorted({each for each in paths if "://" not in each})


def _before(text: str, start: int, between: re.Pattern[str]) -> str:
    """What stands before it in the same word."""
    return between.split(text[max(0, start - 300) : start])[-1]


def programs(text: str) -> Iterator[str]:
    """`bin/run` where it calls the layer's by its path."""
    for each in _BIN.finditer(text):
        lead = _LEADING.search(text, max(0, each.start() - 200), each.start())
        if lead and lead[1] not in _OF_SYSTEM:
            yield f"bin/{each[1]}"


def into(text: str, folders: Sequence[re.Match[str]]) -> Iterator[str]:
    """Paths: `tests/data`. `tests/data/*` where the rest is put together, `tests/*` where all is.
    With the folder around it, where that is said: `core/tests/data`."""
    for each in folders:
        lead = _LEAD.search(text, max(0, each.start() - 60), each.start())
        folder = f"{lead[1]}/{each[1]}" if lead else each[1]
        whole = each[2] is None and _is_path(text, each.start() - 1)
        if each[2] is not None:
            yield f"{folder}/{_known(each[2], goes_on=bool(each[3]))}"
        if whole or each[1] == "docs":  # which few packages have, and fewer name in vain
            yield f"{folder}/*"


def _known(path: str, *, goes_on: bool) -> str:
    cut = _UNKNOWN.search(path)
    return f"{path[: cut.start()]}*" if cut else path + "*" * goes_on


def _is_path(text: str, quote: int) -> bool:
    """Is the word that begins there handed to something, and none of a list or a comparison?"""
    if text[quote] == "/":
        return True
    before = text[max(0, quote - 300) : quote].rstrip("rfbu").rstrip()
    if not before.endswith(","):
        return bool(_PATH.search(before))
    depth = 0
    for place in range(len(before) - 1, 0, -1):
        depth += (before[place] in ")]}") - (before[place] in "([{")
        if depth < 0:
            return before[place] == "(" and bool(re.match(r"[\w\])]", before[place - 1]))
    return False


def imports(
    path: str, text: str, quoted: Collection[str], folders: Sequence[re.Match[str]]
) -> set[str]:
    """Names of modules that it puts together, or leaves to `from … import *`."""
    found: set[str] = set()
    package = PurePosixPath(path).parent.parts
    words = {each[1] for each in folders if _is_word(text, each)}
    if any(each in text for each in _IMPORTS):
        relative = (_RELATIVE.fullmatch(name) for name in quoted)
        names = ((len(each[1]) - 1, each[2]) for each in relative if each)
        found |= {
            ".".join([*package[: len(package) - up], name])
            for up, name in names
            if _SEGMENT.fullmatch(name)
        }
        found |= {*begun(text)}
        begins = rf"[\"']{re.escape('.'.join(package))}\.[{{%\"']" if words else ""
        if words and (
            path.endswith("/__init__.py") or "__package__" in text or re.search(begins, text)
        ):
            found |= {".".join([*package, word]) for word in words}
    if path.endswith("/__init__.py") or found:
        found |= {".".join([*package, name]) for name in filter(_INSIDE.fullmatch, quoted)}
    if words and path.endswith("/__init__.py"):
        listed = " ".join(_ALL.findall(text))
        found |= {".".join([*package, each]) for each in words if re.search(rf"\b{each}\b", listed)}
    return found


def begun(text: str) -> Iterator[str]:
    """Packages of a name that is put together behind them."""
    for pattern in (_BEGUN[quick] for quick in _BEGUN if quick in text):
        for each in pattern.finditer(text):
            if around := _AROUND.search(text, max(0, each.start() - 100), each.start()):
                yield f"{around[1]}{each[0][:-2]}"


def _is_word(text: str, found: re.Match[str]) -> bool:
    return text[found.start() - 1] in "\"'" and text[found.end(1)] in "\"'"


def shown(text: str) -> set[str]:
    """Imports of such a folder in the examples of its documentation: `>>> a.tests.b`."""
    return {f">>> {name}" for name in _SHOWN.findall(text)} if ">>>" in text else set()
