"""Requirements out of another tool's files, by that tool's own export."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...requirements import pylock
from ...util.errors import InputError
from ..text_files import text_of
from . import origins, sources
from .sources import PYPROJECT, SOURCES, Source

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
SECONDS = 300
_PATH = re.compile(r"((?:-e |--editable )?)(\.{0,2}/[^\s;]*|\.)(.*)", re.S)
_FILE = re.compile(r"(.*?)(file://[^\s;]+)(.*)", re.S)


def requirements(root: Path, source: Source) -> str:
    """A requirements file's text. InputError where the file or the tool is missing."""
    path = root / source.file
    name, group = path.name, source.group
    text = text_of(path)
    if text is None and source.file == SOURCES[0]:
        return ""
    if text is None:
        known = ", ".join(SOURCES)
        raise InputError(f"{source.file} is not there", fix=f"name one that is, of {known}")
    if name == PYPROJECT:
        found = sources.refuse_empty(root, source, sources.declared(text, group))
        origins.refuse_unlocked(path.parent)
        return "".join(f"{line}\n" for line in found)
    if name.startswith("pylock."):
        return pylock.requirements(text, source.file)
    if name == "pdm.lock":
        return pylock.of_pdm(text, source.file, group or "default")
    if name not in EXPORTS:
        return text
    # a member of a workspace is exported where it lies, and only its tool knows that it is one
    folder = root if name == "uv.lock" and text_of(root / PYPROJECT) else path.parent
    words = [*EXPORTS[name], *([GROUP[name], group] if group else [])]
    exported = _export(folder, words)
    return "".join(from_here(line, path.parent, root) for line in exported.splitlines(True))


def from_here(line: str, folder: Path, root: Path) -> str:
    """A local path as it is seen from the app's folder. Tools name it from where their lock is."""
    if line.startswith("-e file:") or "@ file:" in line:
        found = _FILE.fullmatch(line)
        path = unquote(urlsplit(found[2]).path) if found else ""
        return f"{found[1]}{_relative(Path(path), root)}{found[3]}" if found else line
    if found := _PATH.fullmatch(line):
        return f"{found[1]}{_relative(folder / found[2], root)}{found[3]}"
    return line


def _relative(path: Path, root: Path) -> str:
    place = os.path.relpath(path.resolve(), root.resolve())
    return place if place.startswith(".") else f"./{place}"


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
        fix = f"run `{' '.join(command[:2])}` until it works, then this again"
        if "does not exist" in said and command[0] in GET:
            fix = GET[command[0]]
        raise InputError(f"`{' '.join(command)}` failed:\n{said}", fix=fix)
    return done.stdout


def _tool(name: str) -> str | None:
    """uv is a dependency of ours."""
    from uv import find_uv_bin

    return find_uv_bin() if name == "uv" else shutil.which(name)
