"""What the code that stays in a tree uses of what a rule would take.

Read with regular expressions, not a parser: the layer's Python may be newer than this one, and
a look that sees too much only keeps a file too many.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.core.rules import Spare

# Begin with a literal word, which the engine finds fifty times faster than a line's beginning.
_FROM = re.compile(r"from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|.*)")
_IMPORT = re.compile(r"import[ \t]+([\w., \t]+)")
_DOTTED = re.compile(r"""["']((?:\w+\.)+\w+)["']""")  # import_module("botocore.docs.service")
_FILE = re.compile(r"""["']([^"'\s]*\.\w+)["']""")  # "README.md", "*.md", ".md"
# Part of no running program: they name sources and headers to compile them.
_BUILD_SCRIPTS = {"setup.py", "setup_common.py", "conftest.py"}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What one module says. `imports`: dotted names, each with the packages it lies in;
    `files`: names of files it quotes."""

    imports: frozenset[str]
    files: frozenset[str]
    lazy: bool


class Usage:
    """Answers for one tree. `modules`: its .py files, relative to `root`; each is read once."""

    def __init__(self, root: Path, modules: Iterable[str]) -> None:
        self._root = root
        self._facts = {
            path: facts(path, (root / path).read_text(encoding="utf-8", errors="replace"))
            for path in modules
            if PurePosixPath(path).name not in _BUILD_SCRIPTS
        }
        self._importers: dict[str, set[str]] = defaultdict(set)
        for path, said in self._facts.items():
            for name in said.imports:
                self._importers[name].add(path)

    def spares(self, look: Spare, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        """Does this look save `path`, of which the rule's glob named the part `matched`?
        `gone`: is that module about to be removed too?"""
        return _LOOKS[look](self, path, matched, gone)

    def imported(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        importers = self._importers.get(_dotted(matched), ())
        return any(not name.startswith(f"{matched}/") and not gone(name) for name in importers)

    def named(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        wanted = PurePosixPath(path).name
        return any(PurePosixPath(name).name == wanted for name in self._quoted(path, gone))

    def listed(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        suffix = PurePosixPath(path).suffix
        return not {suffix, f"*{suffix}", f"**/*{suffix}"}.isdisjoint(self._quoted(path, gone))

    def only_form(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        file = self._root / path
        return file.parent.name != "__pycache__" and not file.with_suffix(".py").exists()

    def lazy(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        module = self._facts.get(str(PurePosixPath(path).with_suffix(".py")))
        return module is not None and module.lazy

    def program(self, path: str, matched: str, gone: Callable[[str], bool]) -> bool:
        with (self._root / path).open("rb") as file:
            return file.read(2) != b"#!"

    def _quoted(self, path: str, gone: Callable[[str], bool]) -> Iterator[str]:
        """File names that the code of the same top-level package quotes."""
        package = path.split("/")[0] + "/"
        for module, said in self._facts.items():
            if module.startswith(package) and said.files and not gone(module):
                yield from said.files


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


def facts(path: str, text: str) -> Facts:
    """What the module at `path` (relative to `python/`) says about other files."""
    return Facts(
        imports=frozenset(part for name in set(_imports(path, text)) for part in _chain(name)),
        files=frozenset(_FILE.findall(text)),
        lazy="attach_stub" in text,
    )


def _imports(path: str, text: str) -> Iterator[str]:
    package = PurePosixPath(path).parent.parts
    yield from _DOTTED.findall(text)
    for match in _statements(_IMPORT, text):
        yield from re.findall(r"[\w.]+", match[1])
    for match in _statements(_FROM, text):
        name = match[1].lstrip(".")
        dots = len(match[1]) - len(name)
        base = [*package[: len(package) - dots + 1], *filter(None, [name])] if dots else [name]
        yield ".".join(base)
        yield from (".".join([*base, part]) for part in re.findall(r"\w+", match[2]))


def _chain(name: str) -> Iterator[str]:
    """a.b.c → a.b.c, a.b, a: importing a module imports the packages it lies in."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _statements(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches where a statement can begin: not in the middle of a sentence or a doctest."""
    for match in pattern.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].rstrip()
        if not before or before.endswith((":", ";")):
            yield match
