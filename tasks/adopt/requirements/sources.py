"""Where an app's requirements stand: in its own folder, or in one around it."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...requirements.file import is_pylock
from ...settings import paths
from ...util.errors import InputError
from .. import repository
from ..text_files import text_of

FUNCTION, LAYER = paths.FUNCTION_REQUIREMENTS, Path("requirements-all.txt")
PYPROJECT = "pyproject.toml"
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
SOURCES = (str(FUNCTION), *LOCKS, PYPROJECT)  # in the order in which they are looked for
WRITTEN = (".txt", ".in")  # files that pip reads
CONDA = "a layer is made of PyPI's packages, not of conda's: write those into {file}"
# Files of tools that name packages, and that no layer can be made from.
OTHERS = {
    "Pipfile": "it has no Pipfile.lock: run `pipenv lock`, then this again",
    "setup.py": "only running it says what it needs: write that into {file}",
    "setup.cfg": "write what its install_requires names into {file}",
    "environment.yml": CONDA,
    "environment.yaml": CONDA,
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an app's requirements are taken from: a file of the project, or a group in it."""

    file: str
    group: str = ""

    def __str__(self) -> str:
        return self.file + (f", group {self.group}," if self.group else "")


def find(root: Path) -> Source:
    """The first that names any package. InputError, with what to do, where none does."""
    found = next(_found(root), None)
    if found:
        return found
    if names_any(text_of(root / LAYER)):
        return Source(file=str(FUNCTION))  # people wrote the layer's down already
    raise _nothing(root)


def _found(root: Path) -> Iterator[Source]:
    if names_any(text_of(root / FUNCTION)):
        yield Source(file=str(FUNCTION))
    yield from (Source(file=name) for name in LOCKS if (root / name).is_file())
    yield from _workspaces(root)
    if declared(text_of(root / PYPROJECT) or "", ""):
        yield Source(file=PYPROJECT)
    if not _unlocked(root):  # else another project's lock would be taken for this one's
        for folder in repository.around(root):
            for name in LOCKS:
                if (root / folder / name).is_file():
                    yield Source(file=str(folder / name))


def shared(root: Path) -> Source | None:
    """requirements.txt, where it is a link to a file that other apps have, too: what one of them
    takes out of it, the others would lack."""
    path = root / FUNCTION
    real = path.resolve()
    if not path.is_symlink() or real.is_relative_to(root.resolve()):
        return None
    return Source(file=os.path.relpath(real, root.resolve()))


def names_any(text: str | None) -> bool:
    return bool(re.search(r"^\s*[^#\s]", text or "", re.M))


def named(name: str, group: str) -> Source:
    """What somebody chose. InputError for a kind of file that is not read."""
    path = Path(name)
    if path.name in SOURCES or path.suffix in WRITTEN or is_pylock(path):
        return Source(file=name, group=group)
    if path.name in OTHERS:
        raise InputError(f"{name} is not read", fix=OTHERS[path.name].format(file=FUNCTION))
    known = ", ".join(SOURCES)
    problem = f"init does not read {name}. It reads {known}, any .txt, any .in"
    raise InputError(problem, fix="name one of these with --from")


def _workspaces(root: Path) -> Iterator[Source]:
    """uv.lock of a workspace that this project is a member of: it names the member's folder."""
    around = repository.around(root) if text_of(root / PYPROJECT) is not None else ()
    for folder in around:
        text = text_of(root / folder / "uv.lock")
        here = (root / folder).resolve()
        if text and f'"{root.resolve().relative_to(here)}"' in text:
            yield Source(file=str(folder / "uv.lock"))


def _unlocked(root: Path) -> str:
    """Why what this project names cannot be taken. '' for a project that names nothing."""
    table = parsed(text_of(root / PYPROJECT) or "")
    tool = table.get("tool", {})
    if tool.get("poetry", {}).get("dependencies"):
        return (
            f"{PYPROJECT} names its packages for Poetry and has no poetry.lock: run `poetry lock`, "
            "then this again"
        )
    if "dependencies" in table.get("project", {}).get("dynamic", ()):
        return (
            f"{PYPROJECT} says that its dependencies are dynamic, so only its build knows them: "
            f"name the file they come from with --from FILE, or write them into {FUNCTION}"
        )
    if environments := [x for x in ("hatch", "pdm", "uv") if _for_developers(tool.get(x, {}))]:
        return (
            f"{PYPROJECT} names packages of {environments[0]}'s environments alone: write what the "
            "app imports into [project] dependencies"
        )
    found = [name for name in OTHERS if (root / name).is_file()]
    return f"{found[0]}: {OTHERS[found[0]].format(file=FUNCTION)}" if found else ""


def _for_developers(table: Mapping[str, Any]) -> bool:
    return any(table.get(key) for key in ("envs", "dev-dependencies"))


def _nothing(root: Path) -> InputError:
    why = _unlocked(root)
    others = [str(path) for path in _candidates(root)]
    looked = ", ".join([*SOURCES[:-1], f"{PYPROJECT}'s [project] dependencies"])
    group = parsed(text_of(root / PYPROJECT) or "").get("dependency-groups")
    ways = [
        *([why] if why else []),
        *([f"name one with --from: {', '.join(others)}"] if others else []),
        *([f"name a group: --from {PYPROJECT} --group {next(iter(group))}"] if group else []),
    ]
    return InputError(
        f"no requirements found in {root.resolve()} or the folders around it: {looked}",
        fix=". Or ".join(ways) or f"list what the layer is to hold in {LAYER}, one package a line",
    )


def _candidates(root: Path) -> Iterator[Path]:
    """Files that may be meant, by their names."""
    for pattern in ("*requirements*.txt", "*requirements*.in", "requirements/*.txt"):
        for path in sorted(root.glob(pattern)):
            if names_any(text_of(path)):
                yield path.relative_to(root)
    for folder in repository.around(root):
        for name in (str(FUNCTION), PYPROJECT):
            text = text_of(root / folder / name)
            if names_any(text) and (name != PYPROJECT or declared(text or "", "")):
                yield folder / name


def parsed(text: str) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(text)
    except (ValueError, RecursionError) as error:
        fix = f"correct {PYPROJECT}, then run this again"
        raise InputError(f"{PYPROJECT} is not TOML: {error}", fix=fix) from None


def declared(text: str, group: str) -> list[str]:
    """[project] dependencies. Or a group of [dependency-groups] (PEP 735), or an extra. InputError
    for a group that is not there."""
    document = parsed(text)
    project = document.get("project", {})
    if group:
        extras = project.get("optional-dependencies", {})
        return _group({**extras, **document.get("dependency-groups", {})}, group, ())
    return [str(each) for each in project.get("dependencies", [])]


def _group(groups: Mapping[str, list[Any]], name: str, seen: tuple[str, ...]) -> list[str]:
    if name not in groups or name in seen:
        known = ", ".join(groups) or "none"
        what = "includes itself" if name in seen else f"is not there; there are: {known}"
        raise InputError(f"dependency group {name} {what}", fix="name a group that is there")
    found: list[str] = []
    for each in groups[name]:
        inner = each.get("include-group") if isinstance(each, dict) else None
        found += _group(groups, inner, (*seen, name)) if inner else [str(each)]
    return list(dict.fromkeys(found))


def refuse_empty(root: Path, source: Source, found: list[str]) -> list[str]:
    """InputError where a file that was named names nothing: never an empty layer."""
    if found:
        return found
    folder = (root / source.file).parent
    fix = _unlocked(folder) or "name another file with --from FILE, or a group with --group NAME"
    raise InputError(f"{source.file} names no package in [project] dependencies", fix=fix)
