"""What a project says, to its own tool alone, about where a package comes from and which versions
are allowed. Who asks an index for the bare names gets other packages: perhaps a stranger's."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...util.errors import InputError
from .. import repository
from ..text_files import text_of
from . import sources
from .sources import FUNCTION, PYPROJECT

BY_HAND = (
    f"write them into {FUNCTION} as pip takes them: NAME==VERSION, NAME @ URL, --index-url URL"
)
# {tool: (what to do, its settings that decide)}. Indexes of uv's that are for any package count
# in a layer, too, and are no reason to refuse.
SETTINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "uv": ("run `uv lock`, then this again", (
        "sources", "constraint-dependencies", "override-dependencies", "exclude-dependencies",
        "exclude-newer", "exclude-newer-package", "find-links", "no-index",
    )),
    "poetry": ("run `poetry lock`, then this again", ("dependencies", "source")),
    "pdm": ("run `pdm lock`, then this again", ("source", "resolution")),
    "hatch": (BY_HAND, ()),
    "rye": (BY_HAND, ("sources",)),
    "pixi": (BY_HAND, ("pypi-dependencies", "pypi-options")),
    "pip-tools": (f"run `pip-compile`, which writes {FUNCTION}, then this again", (
        "index-url", "extra-index-url", "find-links", "constraint", "no-index",
    )),
}  # fmt: skip
IN_ENVIRONMENT = re.compile(r"(PIP|UV)_\w*(INDEX|LINKS|CONSTRAINT|OVERRIDE)\w*")


def refuse_unlocked(folder: Path) -> None:
    """InputError where a project's file says what only its tool's lock would tell us."""
    for place, table in _tables(folder):
        for tool, (fix, keys) in SETTINGS.items():
            own = table.get(tool, {})
            found = [*_set(tool, own, keys), *(_of_hatch(own) if tool == "hatch" else ())]
            if found:
                raise InputError(
                    f"{place} says with [tool.{tool}] {', '.join(found)} where packages come from, "
                    "or which versions: without a lock, the layer would get others of the same "
                    "names",
                    fix=_fix(folder, tool, fix),
                )


def _fix(folder: Path, tool: str, fix: str) -> str:
    """The lock, where there is one: somebody named pyproject.toml in its place."""
    lock = f"{tool}.lock"
    return f"take its lock: --from {lock}" if (folder / lock).is_file() else fix


def _tables(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The project's own, uv.toml beside it, and that of a workspace around it."""
    own = sources.parsed(text_of(folder / PYPROJECT) or "").get("tool", {})
    yield PYPROJECT, own
    if text := text_of(folder / "uv.toml"):
        yield "uv.toml", {"uv": sources.parsed(text)}
    for up in repository.around(folder):
        table = sources.parsed(text_of(folder / up / PYPROJECT) or "").get("tool", {})
        if "workspace" in table.get("uv", {}):
            yield str(up / PYPROJECT), {"uv": table["uv"]}


def _set(tool: str, own: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    found = [key for key in keys if own.get(key)]
    only_python = tool == "poetry" and set(own.get("dependencies", {})) <= {"python"}
    return [key for key in found if not (only_python and key == "dependencies")]


def _of_hatch(own: Mapping[str, Any]) -> Iterator[str]:
    """Of its environments: workspaces, and variables that pip and uv read."""
    for name, table in own.get("envs", {}).items():
        if table.get("workspace"):
            yield f"envs.{name}.workspace"
        names = table.get("env-vars", {})
        yield from (f"envs.{name}.env-vars {x}" for x in names if IN_ENVIRONMENT.fullmatch(x))
