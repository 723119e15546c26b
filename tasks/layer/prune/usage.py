"""What the code that stays in a tree uses of what a rule would take (read by
docker/inspect_installed.py)."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import PurePosixPath

from ..installed import Installed
from .patterns import CODE, DATA, DOCUMENTATION, INTO, TESTS, ends_of
from .rules import FOLDERS, Spare

Gone = Callable[[str], bool]
COMPILED_FROM = (".c", ".cc", ".cpp", ".cxx", ".f90")
MADE_FROM = {".pyi": (".py",), ".pyc": (".py",), ".proto": ("_pb2.py",)}


class Usage:
    """Answers for one tree."""

    def __init__(self, tree: Installed, app: Sequence[str] = ()) -> None:
        self._paths = tree.sizes
        self._programs = {path for each in tree.distributions for path in each.programs}
        self._large = {
            path
            for each in tree.distributions
            for path, text in each.licenses.items()
            if text is None
        }
        self._modules = {
            path: said for each in tree.distributions for path, said in each.modules.items()
        }
        self._importers: dict[str, set[str]] = defaultdict(set)
        self._listing: dict[str, dict[str, list[str]]] = defaultdict(dict)
        self._into: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._quoting: dict[str, list[tuple[str, set[str], set[str]]]] = defaultdict(list)
        for path, (imports, quoted, _, lists, _) in self._modules.items():
            for name in {part for each in imports for part in _chain(each)}:
                self._importers[name].add(path)
            for kind in lists:
                self._listing[kind].setdefault(path.rpartition("/")[0], []).append(path)
            if quoted:
                names = {name.rpartition("/")[2] for name in quoted}
                self._quoting[path.split("/")[0]].append((path, names, ends_of(names)))
            parts = (found[1] for name in quoted if (found := INTO.fullmatch(name)))
            self._into[path.split("/")[0]] += ((path, part) for part in parts)
        targets = [name for each in tree.distributions for name in each.targets]
        self._called = {*app}
        self._targets = {part for each in (*targets, *app) for part in _chain(each)}
        self._libraries = {
            path[: -len(name)] + name.split(".")[0]
            for path in self._paths
            if ".so" in (name := path.rpartition("/")[2])
        }
        self._compiled = {path.rpartition("/")[0] for path in self._libraries}
        self._node = {path[:-13] for path in self._paths if path.endswith("/package.json")}
        self._names: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for path in self._paths:
            folder, _, file = path.rpartition("/")
            while folder:
                outer, _, name = folder.rpartition("/")
                if name in FOLDERS:
                    self._names[folder].append((file, self._paths[path]))
                folder = outer

    def spares(self, look: Spare, path: str, matched: str, gone: Gone) -> bool:
        """Does this look save `path`, of which the rule's glob named the part `matched`?
        `gone`: is that module about to be removed too?"""
        return _LOOKS[look](self, path, matched, gone)

    def imported(self, path: str, matched: str, gone: Gone) -> bool:
        name = _dotted(matched)
        importers = self._importers.get(name, ())
        return name in self._targets or any(
            not each.startswith(f"{matched}/") and not gone(each) for each in importers
        )

    def plugins(self, path: str, matched: str, gone: Gone) -> bool:
        around = matched.rpartition("/")[0]
        return bool(around) and self._lists("modules", [around], gone)

    def suite(self, path: str, matched: str, gone: Gone) -> bool:
        names = self._within(path, matched)
        tested = any(TESTS.fullmatch(name) for name, _ in names)
        return not tested and self._holds(names, CODE, matched, gone)

    def read(self, path: str, matched: str, gone: Gone) -> bool:
        return self._holds(self._within(path, matched), DOCUMENTATION, matched, gone)

    def data(self, path: str, matched: str, gone: Gone) -> bool:
        """Also what a package of Node's holds, whose code nobody reads here."""
        around = {str(each) for each in PurePosixPath(matched).parents}
        named = any(DATA.fullmatch(each) for each in matched.split("/")[1:-1])
        return named or not self._node.isdisjoint(around)

    def named(self, path: str, matched: str, gone: Gone) -> bool:
        wanted = path.rpartition("/")[2]
        quoting = self._quoting[path.split("/")[0]]
        return any(wanted in names and not gone(module) for module, names, _ in quoting)

    def into(self, path: str, matched: str, gone: Gone) -> bool:
        """Of data: `tests/x.csv` is named by that path, all in `tests/data` by that one. By code
        beside the folder or below: another package's `tests/data` is another."""
        around = matched.rpartition("/")[0]
        inside = path[len(around) + 1 :]
        return not CODE.fullmatch(inside) and any(
            f"{inside}/".startswith(f"{part}/")
            and module.startswith(f"{around}/")
            and not module.startswith(f"{matched}/")
            and not gone(module)
            for module, part in self._into[path.split("/")[0]]
        )

    def reader(self, path: str, matched: str, gone: Gone) -> bool:
        kind = "protos" if path.endswith(".proto") else "stubs"
        return self._lists(kind, self._listing[kind], gone)

    def listed(self, path: str, matched: str, gone: Gone) -> bool:
        suffix = PurePosixPath(path).suffix
        quoting = self._quoting[path.split("/")[0]]
        return any(suffix in ends and not gone(module) for module, _, ends in quoting)

    def folder(self, path: str, matched: str, gone: Gone) -> bool:
        return self._is_read(path, gone)

    def only_form(self, path: str, matched: str, gone: Gone) -> bool:
        file = PurePosixPath(path)
        if matched != path or file.parent.name == "__pycache__":
            return False
        stem = str(file.with_suffix("")).replace("-", "_")
        endings = MADE_FROM[file.suffix]
        made = any(f"{stem}{each}" in self._paths for each in endings)
        return not made and (file.suffix != ".pyi" or stem not in self._libraries)

    def no_library(self, path: str, matched: str, gone: Gone) -> bool:
        folder = path.rpartition("/")[0]
        return path.endswith(COMPILED_FROM) and folder not in self._compiled

    def lazy(self, path: str, matched: str, gone: Gone) -> bool:
        said = self._modules.get(str(PurePosixPath(path).with_suffix(".py")))
        return said is not None and said[2]

    def large(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._large

    def called(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._called

    def program(self, path: str, matched: str, gone: Gone) -> bool:
        return path in self._programs

    def _lists(self, kind: str, folders: Iterable[str], gone: Gone) -> bool:
        found = self._listing[kind]
        return any(not gone(module) for each in folders for module in found.get(each, ()))

    def _within(self, path: str, matched: str) -> list[tuple[str, int]]:
        """(name, bytes) of the files in a package's own folder; none in what lies beside packages,
        which was packed by mistake."""
        return [] if matched == path or "/" not in matched else self._names[matched]

    def _holds(
        self, names: Iterable[tuple[str, int]], usual: re.Pattern[str], matched: str, gone: Gone
    ) -> bool:
        """Other than the usual files, or something that code around it reads? Nobody reads what is
        empty."""
        filled = [name for name, size in names if size]
        holds_data = not all(map(usual.fullmatch, filled))
        return bool(filled) and (holds_data or self._is_read(matched, gone))

    def _is_read(self, matched: str, gone: Gone) -> bool:
        """Does code of the package around it read what lies in folders?"""
        around = [str(each) for each in PurePosixPath(matched).parents if str(each) != "."]
        return self._lists("files", around, gone)


_LOOKS = {
    Spare.IMPORTED: Usage.imported,
    Spare.PLUGINS: Usage.plugins,
    Spare.SUITE: Usage.suite,
    Spare.READ: Usage.read,
    Spare.DATA: Usage.data,
    Spare.NAMED: Usage.named,
    Spare.INTO: Usage.into,
    Spare.LISTED: Usage.listed,
    Spare.FOLDER: Usage.folder,
    Spare.ONLY_FORM: Usage.only_form,
    Spare.READER: Usage.reader,
    Spare.NO_LIBRARY: Usage.no_library,
    Spare.LAZY: Usage.lazy,
    Spare.LARGE: Usage.large,
    Spare.CALLED: Usage.called,
    Spare.PROGRAM: Usage.program,
}


def _dotted(path: str) -> str:
    """numpy/core/_simd.cpython-312-x86_64-linux-gnu.so → numpy.core._simd; a/tests → a.tests"""
    place = PurePosixPath(path)
    return ".".join([*place.parent.parts, place.name.split(".")[0]])


@cache
def _chain(name: str) -> tuple[str, ...]:
    """a.b.c → a.b.c, a.b, a: importing a module imports the packages it lies in."""
    found = []
    while name:
        found.append(name)
        name = name.rpartition(".")[0]
    return tuple(found)
