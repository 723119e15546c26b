"""Which modules go into the layer as bytecode alone (`bytecode = "only"`), and whose source stays.

A distribution keeps all its sources where its code reads sources, where it imports one that reads
those of its callers (typeguard, icontract, varname), where it looks for modules as files, and where
its licence asks for them. Those of a folder stay whose `__init__` alone looks for
modules there. A single one stays that is no module, that lies among templates or data, that code of
its package names, or that `keep` names. Beside a type checker, which reads whatever is imported,
every source stays.
"""

from collections.abc import Collection, Iterator, Mapping, Set
from itertools import chain

from ...util import modules
from ..installed import Installed, InstalledDistribution
from .globs import Match
from .patterns import DATA, ends, ends_of
from .plan import Sourceless

# docker/module_references.py's words for code that reads sources, and for type checkers.
READS, CHECKS, CALLERS, BY_NAME, HERE = "source", "stubs", "callers", "by-name", "here"
EVERY = "every package"
ANY = {".py", "*.py"}  # ends of names that say nothing of the module
# packages_distributions() of this Python, without top_level.txt, counts what ends in `.py` alone.
INFERS = "3.11"
ASKS = {"executing"}  # reads for icecream, logfire and others the sources of their callers
# These read the source of a function that they are handed: np.source(), gone in numpy 2, for a
# person at a prompt; joblib.Memory, which does without where there is none. And cffi's stand-in for
# `imp`, which is asked for compiled modules alone.
OF_OTHERS = {
    "numpy/lib/utils.py", "numpy/lib/_utils_impl.py", "joblib/func_inspect.py",
    "cffi/_imp_emulation.py",
}  # fmt: skip
OF_ITSELF = {"jinja2/loaders.py"}  # looks for modules that it compiled
# These read the sources of code that calls them for lines of a traceback, a warning or a page, and
# do without where there are none; pydantic does so where it is asked to (code_words.py).
WITHOUT = (
    *OF_OTHERS, "IPython/", "_pytest/", "anyio/", "catalogue/", "click_repl/",
    "django/views/debug.py", "eventlet/debug", "fastapi/", "langsmith/", "numba/", "onnxruntime/",
    "pkg_resources/", "pydantic/", "rich/", "setuptools/", "sympy/", "traitlets/", "twisted/",
    "werkzeug/",
)  # fmt: skip


def choose(tree: Installed, stay: Collection[str], keep: Match, python: str = "") -> Sourceless:
    """`stay`: the layer's files, sources included. `python`: that will read them."""
    there = set(stay)
    if reader := next(_type_checkers(tree, there), ""):
        return Sourceless(only=frozenset(), why={EVERY: f"a type checker reads them ({reader})"})
    only: set[str] = set()
    why: dict[str, str] = {}
    handed, outermost = _readers_of_callers(tree, there), _outermost_named(tree, there)
    lookers = _lookers(tree, there)
    for each in tree.distributions:
        reasons = chain(_reasons(each, there, handed), _shown_to(each, there, lookers))
        if reason := next(reasons, ""):
            why[each.name] = reason
            continue
        named, folders = _named(each, there), tuple(_listed_folders(each, there))
        mine = {
            path
            for path in (each.files.keys() & there) - outermost
            if _can_go(path, there, named) and not path.startswith(folders)
        }
        only |= mine - _inferred_from(each, there, mine) if python == INFERS else mine
    return Sourceless(only=frozenset(path for path in only if not keep(path)), why=why)


def _inferred_from(
    found: InstalledDistribution, there: Collection[str], only: Collection[str]
) -> set[str]:
    """A small source of each outermost name that has no other one."""
    if f"{found.folder}/top_level.txt" in there:
        return set()
    sources = [path for path in found.files.keys() & there if path.endswith(".py")]
    small: dict[str, str] = {}
    for path in sorted(sources, key=lambda path: (path in only, found.files[path][0], path)):
        small.setdefault(path.split("/")[0], path)
    return {*small.values()}


def _type_checkers(tree: Installed, there: Collection[str]) -> Iterator[str]:
    for each in tree.distributions:
        yield from (
            path
            for path, (_, _, _, lists, _) in each.modules.items()
            if CHECKS in lists and path in there
        )


def _readers_of_callers(tree: Installed, there: Collection[str]) -> dict[str, str]:
    """{outermost package or module: the distribution whose code reads sources it is handed}"""
    return {
        path.split("/")[0].removesuffix(".py"): each.name
        for each in tree.distributions
        for path, (imports, _, _, lists, _) in each.modules.items()
        if (CALLERS in lists or not ASKS.isdisjoint(imports))
        and path in there
        and not any(map(path.startswith, WITHOUT))
    }


def _reasons(
    found: InstalledDistribution, there: Collection[str], handed: Mapping[str, str]
) -> Iterator[str]:
    from ..archive import dist_metadata, licenses

    for path, (imports, quoted, _, lists, _) in found.modules.items():
        if path not in there or path in OF_OTHERS:
            continue
        if READS in lists:
            yield f"its code reads sources ({path})"
        if _looks_for_modules(lists, quoted) and not path.endswith("/__init__.py"):
            yield f"its code looks for modules as files ({path})"
        if readers := {handed.get(name.split(".")[0], "") for name in imports} - {"", found.name}:
            yield f"{min(readers)} reads its sources ({path})"
    package = dist_metadata.parse_metadata(found.texts["METADATA"])
    license_, asks = licenses.named(package, found.licenses.values())
    if asks == licenses.Asks.SOURCE and any(path.endswith(".py") for path in found.files):
        yield f"its licence asks for the source ({license_})"


def _lookers(tree: Installed, there: Set[str]) -> dict[str, str]:
    """{module, or package around it: whose code looks for modules as files}"""
    found: dict[str, str] = {}
    asked = there - OF_ITSELF - OF_OTHERS
    for each in tree.distributions:
        for path, (_, quoted, _, lists, _) in each.modules.items():
            if path in asked and _looks_for_modules(lists, quoted):
                name = modules.dotted(path)
                found |= dict.fromkeys(filter(None, (name, name.rpartition(".")[0])), each.name)
    return found


def _shown_to(
    found: InstalledDistribution, there: Collection[str], lookers: Mapping[str, str]
) -> Iterator[str]:
    """Code that imports what looks for modules, and may name its own folder to it."""
    for path, (imports, _, _, lists, _) in found.modules.items():
        names = {lookers.get(name, "") for name in imports} - {"", found.name}
        if names and HERE in lists and path in there:
            yield f"{min(names)} looks for modules in its folder ({path})"


def _looks_for_modules(lists: Collection[str], quoted: Collection[str]) -> bool:
    return BY_NAME in lists or ("files" in lists and not ANY.isdisjoint(ends_of(quoted)))


def _listed_folders(found: InstalledDistribution, there: Collection[str]) -> Iterator[str]:
    """Where an `__init__` looks for modules."""
    for path, (_, quoted, _, lists, _) in found.modules.items():
        inside, _, file = path.rpartition("/")
        if path in there and file == "__init__.py" and _looks_for_modules(lists, quoted):
            yield f"{inside}/"


def _outermost_named(tree: Installed, there: Collection[str]) -> set[str]:
    """Modules beside packages whose files code of another one names: python-multipart's package
    `multipart` looks for a `multipart.py`."""
    outermost = {path for path in there if path.endswith(".py") and "/" not in path}
    return {
        name
        for each in tree.distributions
        for path, (_, quoted, *_) in each.modules.items()
        if path in there
        for name in outermost.intersection(quoted)
    }


def _named(found: InstalledDistribution, there: Collection[str]) -> set[str]:
    """Ends of names of sources that the code quotes, without folders. Code that quotes
    `__init__.py` looks for packages, where it lists folders or asks for the file."""
    return {
        end
        for path, (_, quoted, _, lists, _) in found.modules.items()
        if path in there
        for end in ends_of(name.rpartition("/")[2] for name in quoted if name.endswith(".py"))
        if _looks(lists) or not end.endswith("__init__.py")
    } - ANY


def _looks(lists: Collection[str]) -> bool:
    return "files" in lists or "packages" in lists


def _can_go(path: str, there: Collection[str], named: Set[str]) -> bool:
    *folders, file = path.split("/")
    is_module = bool(modules.dotted(path) and folders[:1] != ["bin"]) or (
        file == "__main__.py" and bool(folders)
    )
    return (
        is_module
        and path.endswith(".py")
        and named.isdisjoint((file, *ends(file)))
        and f"{path}c" not in there
        and not any(map(DATA.fullmatch, folders[1:]))
    )
