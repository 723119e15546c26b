"""Requirements out of another tool's files, by that tool's own export."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..util.errors import InputError
from .requirements_files import Source
from .text_files import text_of

PYPROJECT = "pyproject.toml"
EXPORTS: dict[str, tuple[str, ...]] = {
    "uv.lock": (
        "uv", "export", "--frozen", "--no-dev", "--no-emit-project", "--no-header",
        "--no-annotate", "--quiet", "--no-python-downloads", "--python", sys.executable,
        "--format", "requirements.txt", "--prune", "chalice",
    ),
    "poetry.lock": ("poetry", "export", "--format", "requirements.txt"),
    "Pipfile.lock": ("pipenv", "requirements", "--hash"),
}  # fmt: skip
GROUP = {"uv.lock": "--only-group", "poetry.lock": "--only", "Pipfile.lock": "--categories"}
GET = {
    "poetry": "install Poetry with its export plugin: pipx install poetry, then "
    "pipx inject poetry poetry-plugin-export",
    "pipenv": "install Pipenv: pipx install pipenv",
}
SOURCES = ("requirements.txt", *EXPORTS, PYPROJECT)  # in the order in which they are looked for
SECONDS = 300


def source(root: Path) -> Source:
    """Where the app's requirements stand: the first file there is that names any."""
    for name in SOURCES:
        text = text_of(root / name)
        if text is None or (name == SOURCES[0] and not re.search(r"^\s*[^#\s]", text, re.M)):
            continue
        if name != PYPROJECT or declared(text, ""):
            return Source(file=name)
    return Source(file=SOURCES[0])


def requirements(root: Path, source: Source) -> str:
    """A requirements file's text. InputError where the file or the tool is missing."""
    name, group = source.file, source.group
    text = text_of(root / name)
    if text is None and name == SOURCES[0]:
        return ""
    if text is None:
        known = ", ".join(SOURCES)
        raise InputError(f"{name} is not there", fix=f"name one that is, of {known}")
    if name == PYPROJECT:
        return "".join(f"{line}\n" for line in declared(text, group))
    if name not in EXPORTS:
        return text
    return _export(root, [*EXPORTS[name], *([GROUP[name], group] if group else [])])


def _export(root: Path, command: list[str]) -> str:
    tool = _tool(command[0])
    if not tool:
        problem = f"{' '.join(command[:2])} is needed to read its lock file, and {command[0]}"
        raise InputError(f"{problem} is not here", fix=GET[command[0]])
    done = subprocess.run(
        [tool, *command[1:]], cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        fix = GET[command[0]] if "does not exist" in said and command[0] in GET else "correct that"
        raise InputError(f"`{' '.join(command)}` failed:\n{said}", fix=fix)
    return done.stdout


def _tool(name: str) -> str | None:
    """uv is a dependency of ours."""
    from uv import find_uv_bin

    return find_uv_bin() if name == "uv" else shutil.which(name)


def declared(text: str, group: str) -> list[str]:
    """[project.dependencies], or a group of [dependency-groups] (PEP 735). InputError for a group
    that is not there."""
    import tomli

    try:
        document = tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"pyproject.toml is not TOML: {error}", fix="correct it there") from None
    if group:
        return _group(document.get("dependency-groups", {}), group, ())
    found = document.get("project", {}).get("dependencies", [])
    return [str(each) for each in found]


def _group(groups: Mapping[str, list[Any]], name: str, seen: tuple[str, ...]) -> list[str]:
    if name not in groups or name in seen:
        known = ", ".join(groups) or "none"
        what = "includes itself" if name in seen else f"is not there; there are: {known}"
        raise InputError(f"dependency group {name} {what}", fix="correct its name")
    found: list[str] = []
    for each in groups[name]:
        inner = each.get("include-group") if isinstance(each, dict) else None
        found += _group(groups, inner, (*seen, name)) if inner else [str(each)]
    return list(dict.fromkeys(found))
