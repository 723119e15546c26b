"""What the code of a tree says of modules, files and folders, by what is asked for (read by
docker/inspect_installed.py)."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, cached_property

from ..installed import Installed
from .inits import code_of
from .patterns import INTO, ends_of

Gone = Callable[[str], bool]
Said = tuple[list[str], list[str], bool, list[str], list[str]]  # docker/module_references.py's
TESTING = {"unittest", "pytest", "nose", "testtools", "hypothesis", "nose2"}
APP = "/:app"  # no module's path ends so
SHOWN = ">>> "  # begins the name of a module that an example imports
OTHERS = "others"  # code_words.py's, for code that reads files of packages that it imports
NOTE = "*.dist-info/"  # begins the name of a file that code asks distributions for
# These ask in the name of others.
PROVIDERS = (
    "importlib_metadata/", "packaging/", "pip/", "pkg_resources/", "setuptools/", "wheel/",
)  # fmt: skip
_IN_README = re.compile(r"(?:from|import)[ \t]+([\w.]*\.tests?\b[\w.]*)")


class References:
    """`gone`, of each question: is that module about to be removed, too? Then it asks for none."""

    def __init__(self, tree: Installed, reads: Sequence[tuple[str, str]] = ()) -> None:
        """`reads`: (package, file of it) that the app reads, `*` where it lists them."""
        self._tree = tree
        self.modules = {
            path: said for each in tree.distributions for path, said in each.modules.items()
        } | of_app(reads)
        self._named: dict[str, list[str]] = defaultdict(list)
        self._shown: dict[str, list[str]] = defaultdict(list)
        self._into: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self._asking: dict[str, list[str]] = defaultdict(list)
        self.calling: dict[str, list[str]] = defaultdict(list)  # {bin/run: modules that name it}
        self._near: dict[str, list[tuple[str, str]]] = {}
        self._listing: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        # {module that reads files of packages: their outermost names}
        self._reading: dict[str, set[str]] = {}
        for path, (imports, quoted, _, lists, _) in self.modules.items():
            for kind in lists:
                self._listing[kind][path.rpartition("/")[0]].append(path)
            if OTHERS in lists:
                self._reading[path] = {name.split(".")[0] for name in imports}
            if quoted:
                self._note(path, quoted)
                for name in quoted:
                    if name.startswith("bin/"):
                        self.calling[name].append(path)

    def _note(self, path: str, quoted: Iterable[str]) -> None:
        names = {name.rpartition("/")[2] for name in quoted}
        for name in {*names, *ends_of(names)}:
            self._named[name].append(path)
        for name in quoted:
            if name.startswith(SHOWN):
                for each in chain(name.removeprefix(SHOWN)):
                    self._shown[each].append(path)
            elif name.startswith(NOTE):
                if not path.startswith(PROVIDERS) and "/_vendor/" not in path:
                    self._asking[name].append(path)
            elif "/" in name and (found := INTO.fullmatch(name)):
                self._note_into(path, found[1] or "", found[2])

    def _note_into(self, path: str, lead: str, part: str) -> None:
        for top in {path.split("/")[0], *self._reading.get(path, ())}:
            self._into[top].append((path, lead, part))

    @cached_property
    def _importers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path, (imports, *_) in self.modules.items():
            there = (each for each in imports if may_be(each, self._tree.places))
            for name in {part for each in there for part in chain(each)}:
                found[name].append(path)
        return found

    @cached_property
    def _readmes(self) -> set[str]:
        texts = (each.texts.get("METADATA", "") for each in self._tree.distributions)
        names = (name for text in texts for name in _IN_README.findall(text))
        return {part for name in names for part in chain(name)}

    def is_imported(self, name: str, folder: str, gone: Gone) -> bool:
        """By code outside of the folder?"""
        return _any_stays(self._importers.get(name, ()), f"{folder}/", gone)

    def is_shown(self, name: str, folder: str, gone: Gone) -> bool:
        """Does an example of a documentation import it, or what lies in it?"""
        return name in self._readmes or _any_stays(self._shown.get(name, ()), f"{folder}/", gone)

    def asks(self, note: str, gone: Gone) -> bool:
        """Does code ask packages for this file of their metadata?"""
        return _any_stays(self._asking.get(note, ()), "", gone)

    def quoting(self, name: str, path: str) -> Iterator[str]:
        """Modules that quote this name or suffix and may mean the file: of its folder at the root,
        of its package, or such that read another package's files."""
        top, owner = path.split("/")[0], self._tree.owners[path]
        for module in self._named.get(name, ()):
            near = module.startswith(f"{top}/") or self._tree.owners.get(module) == owner
            if near or self.reads(module, top):
                yield module

    def reads(self, module: str, top: str) -> bool:
        """Does it import that package, and read files of packages?"""
        return top in self._reading.get(module, ())

    def lists_from_outside(self, path: str, gone: Gone) -> bool:
        """Does code of another package list the files of this one?"""
        top = path.split("/")[0]
        listing = (each for found in self._listing["files"].values() for each in found)
        outside = (each for each in listing if self.reads(each, top))
        return any(not each.startswith(f"{top}/") and not gone(each) for each in outside)

    def lists(self, kind: str, folders: Iterable[str] | None, gone: Gone) -> bool:
        """Does code in one of the folders (None: any) say a word of this kind?"""
        found = self._listing[kind]
        places = found if folders is None else folders
        return any(not gone(module) for each in places for module in found.get(each, ()))

    def paths_into(self, folder: str, gone: Gone) -> Iterator[str]:
        """What code names of it, from the folder's own name on: `tests/data`. By code beside the
        folder or below, or that says what the folder lies in."""
        if folder not in self._near:
            self._near[folder] = [*self._said_near(folder)]
        return (part for module, part in self._near[folder] if not gone(module))

    def _said_near(self, folder: str) -> Iterator[tuple[str, str]]:
        around = folder.rpartition("/")[0]
        for module, lead, part in self._into[folder.split("/")[0]] if around else ():
            near = module.startswith(f"{around}/") or around.endswith(f"/{lead}")
            near |= "/" not in around and self.reads(module, around)
            if near and not module.startswith(f"{folder}/"):
                yield module, part

    def runs(self, init: str) -> bool:
        """Does this `__init__` hold more than words? A large one does."""
        texts = [each.inits[init] for each in self._tree.distributions if init in each.inits]
        return init in self._tree.sizes and (not texts or any(map(code_of, texts)))

    def are_tests(self, paths: Iterable[str]) -> bool:
        """Does one of the modules import what tests are written with?"""
        imports = (name for path in paths if path in self.modules for name in self.modules[path][0])
        return any(name.split(".")[0] in TESTING for name in imports)


def of_app(reads: Iterable[tuple[str, str]]) -> dict[str, Said]:
    """What the app says of packages, as modules of theirs would."""
    found: dict[str, Said] = {}
    for top, path in reads:
        _, quoted, _, lists, _ = found.setdefault(f"{top}{APP}", ([], [], False, [], []))
        if path == "*":
            lists.append("files")
        else:
            quoted.append(path)
    return found


def _any_stays(modules: Iterable[str], outside: str, gone: Gone) -> bool:
    return any(not (outside and each.startswith(outside)) and not gone(each) for each in modules)


def may_be(name: str, places: Collection[str]) -> bool:
    """Is it a module, or something in one? "test.txt" is a file's name, "tests.example.org" a
    host's: a dotted name in quotes is an import only where the tree has what it means."""
    return "." not in name or name in places or any("." in x and x in places for x in chain(name))


@cache
def chain(name: str) -> tuple[str, ...]:
    """a.b.c → a.b.c, a.b, a: importing a module imports the packages it lies in."""
    found = []
    while name:
        found.append(name)
        name = name.rpartition(".")[0]
    return tuple(found)
