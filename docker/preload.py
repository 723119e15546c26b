"""Standard modules that most packages import, run once for all processes of the proof.

A process gets one of them when something imports it, with those that its own import brings, and not
before: a package that uses a module without importing it fails as it does in Lambda. Where anything
could make a difference (finders of others, patched modules, a second copy), Python loads it itself.
"""

import builtins
import contextlib
import importlib
import operator
import os
import sys
from collections.abc import Collection, Iterable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

COMMON = (
    "asyncio", "concurrent.futures.thread", "csv", "ctypes", "dataclasses", "email.message", "hmac",
    "http.client", "importlib.metadata", "importlib.resources", "importlib.util", "inspect", "json",
    "logging", "pathlib", "ssl", "tempfile", "typing", "unicodedata", "urllib.request",
)  # fmt: skip


class Preloaded:
    """Finds and "loads" them (importlib.abc.MetaPathFinder, Loader). `runtime`: names of modules
    that are there from the start."""

    def __init__(self, runtime: Collection[str], names: Iterable[str] = COMMON) -> None:
        self._imports: dict[str, set[str]] = {}
        with without_others(runtime) as there, self._noting():
            for name in names:
                with contextlib.suppress(ImportError):  # a Python that was built without
                    importlib.import_module(name)
            new = {name: module for name, module in there.items() if name not in runtime}
        # typing.io is no module, os.path is posixpath: what goes by another name comes along
        self._modules = {name: each for name, each in new.items() if has_spec(each, name)}
        self._aliases = {name: each for name, each in new.items() if name not in self._modules}
        self._specs: dict[str, Any] = {name: x.__spec__ for name, x in self._modules.items()}
        self._given: set[str] = set()
        self._brings = {name: self._closure(name) for name in self._modules}
        self._take_apart()
        self._holding = list(holding(self._modules.values()))
        made = {name: dict(vars(each)) for name, each in self._modules.items()}
        self._as_made = {name: (list(each), list(each.values())) for name, each in made.items()}

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        """Which module imports which."""
        original: Any = builtins.__import__

        def noted(name: str, variables: Any = None, *more: Any, **named: Any) -> Any:
            module = original(name, variables, *more, **named)
            level = named.get("level", more[2] if len(more) > 2 else 0)
            wanted = named.get("fromlist", more[1] if len(more) > 1 else ()) or ()
            base = absolute(name, level, (variables or {}).get("__package__") or "")
            brought = self._imports.setdefault(running(), set())
            brought |= {base, *(f"{base}.{each}" for each in wanted)} & sys.modules.keys()
            return module

        setattr(builtins, "__import__", noted)  # noqa: B010 - mypy refuses the plain form
        try:
            yield
        finally:
            builtins.__import__ = original

    def _take_apart(self) -> None:
        """No package has a module that was not asked for."""
        for name, module in self._modules.items():
            package, _, part = name.rpartition(".")
            if getattr(self._modules.get(package), part, None) is module:
                delattr(self._modules[package], part)

    def provide(self) -> None:
        """To this process, in which none of them is imported."""
        sys.meta_path.insert(0, self)
        self.settle()

    def renew(self) -> None:
        """Functions of `os` that they took as their own become those that are there now: of the
        proof's watch (pathlib of Python 3.10)."""
        for holder, name, function in self._holding:
            setattr(holder, name, getattr(os, function))

    def settle(self) -> None:
        """Who has a say in imports now may have it: whoever comes later is somebody else's."""
        self._finders, self._import = list(sys.meta_path), builtins.__import__

    def find_spec(self, name: str, *_: object) -> "ModuleSpec | None":
        """None where Python itself is to load it: for whoever only looks for it or wants it anew,
        and wherever it could turn out otherwise this time."""
        if name not in self._modules:
            return None
        caller: Any = sys._getframe(2)
        is_import = caller.f_code.co_name == "_find_and_load_unlocked"
        return ModuleSpec(name, cast("Any", self)) if is_import and self._is_as_ever(name) else None

    def _is_as_ever(self, name: str) -> bool:
        """Nobody has a say in imports, and of all that it brings nothing was handed out and taken
        away again, replaced or patched."""
        if self._finders != sys.meta_path or builtins.__import__ is not self._import:
            return False
        brought = [each for each in [name, *self._brings[name]] if each in self._modules]
        there = [each for each in brought if each in sys.modules]
        return not (self._given - sys.modules.keys()).intersection(brought) and all(
            sys.modules[each] is self._modules[each] and self._is_unchanged(each) for each in there
        )

    def _is_unchanged(self, name: str) -> bool:
        keys, values = self._as_made[name]
        return all(map(operator.is_, map(vars(self._modules[name]).get, keys), values))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """It has run. Those that it imported are there now, too."""
        module.__spec__ = self._specs[module.__name__]
        self._given.add(module.__name__)
        for name in self._brings[module.__name__]:
            if name not in sys.modules and name in self._modules:
                sys.modules[name] = self._modules[name]
                self._given.add(name)
            attach(name)
        for name, alias in self._aliases.items():
            if name.rpartition(".")[0] in self._given:
                sys.modules.setdefault(name, alias)

    def _closure(self, name: str) -> "list[str]":
        """All that come with it, packages before what lies in them."""
        found, left = set(), [name]
        while left:
            each = left.pop()
            if each not in found:
                found.add(each)
                left += [*self._imports.get(each, ()), *filter(None, [each.rpartition(".")[0]])]
        return sorted(found - {name})


def holding(modules: Iterable[ModuleType]) -> Iterator[tuple[Any, str, str]]:
    """(module or class of one, its name for a function of `os`, the name in `os`)"""
    own = {id(x): name for name, x in vars(os).items() if getattr(x, "__module__", "") == "posix"}
    for module in modules:
        classes = [x for x in vars(module).values() if isinstance(x, type)]
        for holder in (module, *(x for x in classes if x.__module__ == module.__name__)):
            for name, value in vars(holder).items():
                if id(value) in own:
                    yield holder, name, own[id(value)]


@contextlib.contextmanager
def without_others(kept: Collection[str]) -> "Iterator[dict[str, ModuleType]]":
    """sys.modules with no others than these, for a while. What is imported then does not stay."""
    mine = dict(sys.modules)
    for name in mine.keys() - kept - {"__main__"}:
        del sys.modules[name]
    try:
        yield sys.modules
    finally:
        sys.modules.clear()
        sys.modules.update(mine)
        for name in mine:
            attach(name)


def attach(name: str) -> None:
    """To its package, as an import does."""
    package, _, part = name.rpartition(".")
    if package in sys.modules and name in sys.modules:
        setattr(sys.modules[package], part, sys.modules[name])


def running() -> str:
    """The module that is being run: a function that it calls may import something, too."""
    frame: Any = sys._getframe(2)
    while frame and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return str(frame.f_globals["__name__"]) if frame else ""


def has_spec(module: ModuleType, name: str) -> bool:
    spec = getattr(module, "__spec__", None)
    return spec is not None and spec.name == name == module.__name__


def absolute(name: str, level: int, package: str) -> str:
    if not level:
        return name
    base = package.rsplit(".", level - 1)[0]
    return f"{base}.{name}" if name else base
