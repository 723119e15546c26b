"""What the code that stays in a tree uses of what a rule would take (read by
docker/inspect_installed.py)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from ..installed import Installed
from .rules import Spare


class Usage:
    """Answers for one tree."""

    def __init__(self, tree: Installed) -> None:
        self._paths = tree.sizes
        self._programs = {path for each in tree.distributions for path in each.programs}
        self._modules = {
            path: said for each in tree.distributions for path, said in each.modules.items()
        }
        self._importers: dict[str, set[str]] = defaultdict(set)
        for path, (imports, *_) in self._modules.items():
            for name in {part for each in imports for part in _chain(each)}:
                self._importers[name].add(path)
        self._quoting: dict[str, list[tuple[str, set[str], set[str]]]] = defaultdict(list)
        for path, (_, quoted, *_) in self._modules.items():
            if quoted:
                names = {name.rpartition("/")[2] for name in quoted}
                self._quoting[path.split("/")[0]].append((path, set(quoted), names))

    def spares(self, look: Spare, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        """Does this look save `path`, of which the rule's glob named the part `matched`?
        `gone`: is that module about to be removed too?"""
        return _LOOKS[look](self, path, matched, gone)

    def imported(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        importers = self._importers.get(_dotted(matched), ())
        return any(not name.startswith(f"{matched}/") and not gone(name) for name in importers)

    def named(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        wanted = path.rpartition("/")[2]
        quoting = self._quoting[path.split("/")[0]]
        return any(wanted in names and not gone(module) for module, _, names in quoting)

    def listed(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        suffix = PurePosixPath(path).suffix
        wanted = {suffix, f"*{suffix}", f"**/*{suffix}"}
        quoting = self._quoting[path.split("/")[0]]
        return any(wanted & quoted and not gone(module) for module, quoted, _ in quoting)

    def only_form(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        file = PurePosixPath(path)
        return file.parent.name != "__pycache__" and str(file.with_suffix(".py")) not in self._paths

    def lazy(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        said = self._modules.get(str(PurePosixPath(path).with_suffix(".py")))
        return said is not None and said[2]

    def program(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        return path in self._programs


_LOOKS = {
    Spare.IMPORTED: Usage.imported,
    Spare.NAMED: Usage.named,
    Spare.LISTED: Usage.listed,
    Spare.ONLY_FORM: Usage.only_form,
    Spare.LAZY: Usage.lazy,
    Spare.PROGRAM: Usage.program,
}


def _dotted(path: str) -> str:
    """numpy/core/_simd.cpython-312-x86_64-linux-gnu.so → numpy.core._simd; a/tests → a.tests"""
    place = PurePosixPath(path)
    return ".".join([*place.parent.parts, place.name.split(".")[0]])


def _chain(name: str) -> Iterator[str]:
    """a.b.c → a.b.c, a.b, a: importing a module imports the packages it lies in."""
    while name:
        yield name
        name = name.rpartition(".")[0]
