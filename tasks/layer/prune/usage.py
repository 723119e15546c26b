"""What a rule would take and something in the tree uses: the looks that spare it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from ..installed import Installed
from .patterns import (
    CODE,
    COMPILER,
    DOCUMENTATION,
    HEADERS,
    HELPER,
    PAGES,
    SOURCES,
    TESTS,
    ends,
    is_data,
)
from .references import APP, NOTE, Gone, References, chain, may_be
from .rules import FOLDERS, Spare

COMPILED_FROM = (".c", ".cc", ".cpp", ".cxx", ".f90")
MADE_FROM = {".pyi": (".py",), ".pyc": (".py",), ".proto": ("_pb2.py",)}
IMPORTABLE = (".py", ".so")


class Usage:
    """Answers for one tree."""

    def __init__(self, tree: Installed, app: Sequence[str] = ()) -> None:
        self._paths = tree.sizes
        reads = [each.partition(":")[::2] for each in app if ":" in each]
        self._code = References(tree, reads)
        self._programs = {path for each in tree.distributions for path in each.programs}
        self._large = {
            path
            for each in tree.distributions
            for path, text in each.licenses.items()
            if text is None
        }
        targets = [name for each in tree.distributions for name in each.targets]
        self._called = {*app}
        names = (each for each in app if ":" not in each)
        asked = (each for each in (*targets, *names) if may_be(each, tree.places))
        self._targets = {part for each in asked for part in chain(each)}
        self._libraries = {
            path[: -len(name)] + name.split(".")[0]
            for path in self._paths
            if ".so" in (name := path.rpartition("/")[2])
        }
        self._packages = {path.rpartition("/")[0] for path in self._paths if path.endswith(".py")}
        self._compiled = {path.rpartition("/")[0] for path in self._libraries}
        sources = {path.rpartition("/")[0] for path in self._paths if path.endswith(COMPILED_FROM)}
        self._uncompiled = sources - self._compiled
        self._owners = tree.owners
        self._built = {self._owners[path] for path in self._paths if ".so" in path}
        self._compiling = {
            self._owners[path]
            for path in self._paths
            if COMPILER.fullmatch(path.rpartition("/")[2])
        }
        self._node = {path[:-13] for path in self._paths if path.endswith("/package.json")}
        self._within: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            folder = path.rpartition("/")[0]
            while folder:
                outer, _, name = folder.rpartition("/")
                if name in FOLDERS:
                    self._within[folder].append(path)
                folder = outer

    def spares(self, look: Spare, path: str, matched: str, gone: Gone) -> bool:
        """Does this look save `path`, of which the rule's glob named the part `matched`?
        `gone`: is that module about to be removed too?"""
        return _LOOKS[look](self, path, matched, gone)

    # ---- of folders, and of modules that a glob names ----------------------------------------

    def imported(self, path: str, matched: str, gone: Gone) -> bool:
        if matched == path and not path.endswith(IMPORTABLE):
            return False
        name = _dotted(matched)
        return name in self._targets or self._code.is_imported(name, matched, gone)

    def plugins(self, path: str, matched: str, gone: Gone) -> bool:
        around, *above = _parents(matched) or [""]
        if matched == path or not around:
            return False
        further_down = f"modules of {around.rpartition('/')[2]}"
        return self._code.lists("modules", [around], gone) or any(
            self._code.lists(kind, above, gone) for kind in ("walks", further_down)
        )

    def suite(self, path: str, matched: str, gone: Gone) -> bool:
        """Nobody reads what is empty, or lies beside packages, packed by mistake."""
        if matched == path or "/" not in matched:
            return False
        inside = self._within[matched]
        filled = [each for each in inside if self._paths[each]]
        names = [each.rpartition("/")[2] for each in filled]
        read = self._code.lists("files", _parents(matched), gone)
        if matched.endswith("/docs"):
            usual = (
                all(map(DOCUMENTATION.fullmatch, names))
                and f"{matched}/__init__.py" not in inside
                and matched.rpartition("/")[0] in self._packages
            )
            return bool(filled) and (not usual or read)
        tested = any(TESTS.fullmatch(each.rpartition("/")[2]) for each in inside)
        if tested or not filled:
            return False
        alone = {*names} == {"__init__.py"} and not self._code.runs(f"{matched}/__init__.py")
        return read or not (alone or self._code.are_tests(inside))

    # ---- of files ----------------------------------------------------------------------------

    def shown(self, path: str, matched: str, gone: Gone) -> bool:
        """Of a folder whose helpers a documentation imports all but the tests."""
        is_test = TESTS.fullmatch(path.rpartition("/")[2])
        return not (is_test or matched == path) and self._code.is_shown(
            _dotted(matched), matched, gone
        )

    def data(self, path: str, matched: str, gone: Gone) -> bool:
        """Also what a package of Node's holds, whose code nobody reads here. Headers lie in
        `include`, a stub beside its module anywhere."""
        around = _parents(matched)
        if not self._node.isdisjoint(around):
            return True
        stub = path.endswith(".pyi")
        usual = "include" if path.endswith(HEADERS) else ""
        folders = (each for each in matched.split("/")[1:-1] if each != usual)
        return any(is_data(each, made_from=stub) for each in folders)

    def into(self, path: str, matched: str, gone: Gone) -> bool:
        """Of data: `tests/x.csv` is named by that path, all in `tests/data` by that one. Of tests
        themselves only a file that is named whole."""
        around = reversed(_parents(path))
        folder = matched if matched != path else next(filter(_is_folder, around), "")
        inside = path[len(folder.rpartition("/")[0]) + 1 :]
        code = not folder.endswith("docs") and bool(CODE.fullmatch(inside))
        for part in self._code.paths_into(folder, gone) if folder else ():
            begins = part.endswith("*") and inside.startswith(part[:-1])
            if inside == part or (not code and (begins or inside.startswith(f"{part}/"))):
                return True
        return False

    def named(self, path: str, matched: str, gone: Gone) -> bool:
        return self._is_quoted([path.rpartition("/")[2]], path, matched, gone)

    def key(self, path: str, matched: str, gone: Gone) -> bool:
        """Or a certificate: a suffix tells no key. What helps tests, as tornado.testing, may do
        without."""
        return self.into(path, matched, lambda each: self._helps_tests(each) or gone(each))

    def _helps_tests(self, module: str) -> bool:
        return bool(HELPER.search(module)) or self._code.are_tests([module])

    def listed(self, path: str, matched: str, gone: Gone) -> bool:
        """By any end of its name, the suffix included."""
        name = path.rpartition("/")[2]
        return matched == path and self._is_quoted(ends(name), path, matched, gone)

    def folder(self, path: str, matched: str, gone: Gone) -> bool:
        """Of pages by code anywhere around them. Of definitions, and of headers beside sources that
        stay, by code near by."""
        around = _parents(path)
        if matched == path and path.endswith(".md"):
            return self._code.lists("files", around, gone) or self._code.lists_from_outside(
                path, gone
            )
        beside = path.endswith(HEADERS) and around[:1] and around[0] in self._uncompiled
        if matched != path or not (beside or path.endswith(".proto")):
            return False
        return self._code.lists("files", around[:2], lambda each: _is_made(each) or gone(each))

    def reader(self, path: str, matched: str, gone: Gone) -> bool:
        if path.endswith(".proto"):
            return self._code.lists("protos", None, gone)
        is_stub = path.endswith(".pyi") or matched.endswith("-stubs")
        return is_stub and self._code.lists("stubs", None, gone)

    def only_form(self, path: str, matched: str, gone: Gone) -> bool:
        folder, suffix = path.rpartition("/")[0], _suffix(path)
        compiled = folder.rpartition("/")[2] == "__pycache__"
        if matched != path or compiled or suffix not in MADE_FROM:
            return False
        stem = path.removesuffix(suffix).replace("-", "_")
        made = any(f"{stem}{each}" in self._paths for each in MADE_FROM[suffix])
        return not made and (suffix != ".pyi" or stem not in self._libraries)

    def no_library(self, path: str, matched: str, gone: Gone) -> bool:
        """Sources of no library beside them. Headers of a package that has none at all."""
        if matched != path or not path.endswith((*HEADERS, *SOURCES)):
            return False
        beside = path.endswith(COMPILED_FROM) and path.rpartition("/")[0] in self._uncompiled
        return beside or self._owners[path] not in self._built

    def compiler(self, path: str, matched: str, gone: Gone) -> bool:
        """Its native code names what it reads: nobody sees that."""
        read = path.endswith((*HEADERS, *SOURCES))
        return matched == path and read and self._owners[path] in self._compiling

    def lazy(self, path: str, matched: str, gone: Gone) -> bool:
        said = self._code.modules.get(f"{path.removesuffix(_suffix(path))}.py")
        return said is not None and said[2]

    def large(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._large

    def called(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._called or any(
            not gone(each) for each in self._code.calling.get(path, ())
        )

    def content(self, path: str, matched: str, gone: Gone) -> bool:
        name = path.rpartition("/")[2].removesuffix(_suffix(path))
        return matched == path and not PAGES.fullmatch(name)

    def asked(self, path: str, matched: str, gone: Gone) -> bool:
        note = f"{NOTE}{path.rpartition('/')[2]}"
        return note in self._called or self._code.asks(note, gone)

    def program(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._programs

    def _is_quoted(self, names: Iterable[str], path: str, matched: str, gone: Gone) -> bool:
        inside = matched != path
        if path.endswith(IMPORTABLE) or (inside and _says_nothing(path)):
            return False
        around = f"{matched.rpartition('/')[0]}/" if inside else ""
        return any(
            each.startswith(around) and not gone(each) and self._is_told(each, path, matched)
            for name in names
            for each in self._code.quoting(name, path)
        )

    def _is_told(self, module: str, path: str, matched: str) -> bool:
        """Not by the tests around it, nor by what was generated from a definition."""
        if path.endswith(".proto"):
            of_package = self._owners.get(module) == self._owners[path]
            return not _is_made(module) and (
                of_package or module.endswith(APP) or self._code.reads(module, path.split("/")[0])
            )
        return not module.startswith(f"{matched}/")


_LOOKS = {
    Spare.IMPORTED: Usage.imported,
    Spare.SHOWN: Usage.shown,
    Spare.PLUGINS: Usage.plugins,
    Spare.SUITE: Usage.suite,
    Spare.DATA: Usage.data,
    Spare.NAMED: Usage.named,
    Spare.INTO: Usage.into,
    Spare.KEY: Usage.key,
    Spare.LISTED: Usage.listed,
    Spare.FOLDER: Usage.folder,
    Spare.ONLY_FORM: Usage.only_form,
    Spare.READER: Usage.reader,
    Spare.NO_LIBRARY: Usage.no_library,
    Spare.COMPILER: Usage.compiler,
    Spare.LAZY: Usage.lazy,
    Spare.LARGE: Usage.large,
    Spare.CALLED: Usage.called,
    Spare.PROGRAM: Usage.program,
    Spare.ASKED: Usage.asked,
    Spare.CONTENT: Usage.content,
}


@cache
def _dotted(path: str) -> str:
    """numpy/core/_simd.cpython-312-x86_64-linux-gnu.so → numpy.core._simd. A/tests → a.tests"""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.split('.')[0]}".replace("/", ".")


def _suffix(path: str) -> str:
    """As pathlib's, which takes ten times as long."""
    name = path.rpartition("/")[2]
    place = name.rfind(".")
    return name[place:] if 0 < place < len(name) - 1 else ""


def _is_made(module: str) -> bool:
    """Generated from a definition?"""
    return module.endswith(("_pb2.py", "_pb2_grpc.py"))


def _says_nothing(path: str) -> bool:
    """Is its name one that tests are left out by, or that any folder has?"""
    return bool(CODE.fullmatch(path)) or path.rpartition("/")[2].startswith(".")


def _parents(path: str) -> list[str]:
    """a/b/c → a/b, a"""
    found = []
    while path := path.rpartition("/")[0]:
        found.append(path)
    return found


def _is_folder(path: str) -> bool:
    return path.rpartition("/")[2] in FOLDERS
