"""Requirements that are folders of this machine: the app's own project, and others beside it."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from ...requirements.file import canonical
from ...util.errors import InputError
from ..text_files import text_of
from . import origins, sources
from .sources import PYPROJECT

_EDITABLE = re.compile(r"(?:-e|--editable)[ =]\s*")
_LOCAL = re.compile(
    r"(?:[\w.\[\],-]+\s*@\s*)?(?:file:(?://)?)?((?:\.{0,2}/[^\s;\[]*)|\.{1,2})(?=$|[\s;\[])"
)
_EXTRAS = re.compile(r"\[([\w.,\s-]+)\]")


def folder(text: str, root: Path) -> Path | None:
    """The folder that a line names. None for a file, and for anything that an index has."""
    found = _LOCAL.match(_EDITABLE.sub("", text))
    path = root / found[1] if found else None
    return path if path and path.is_dir() else None


def own_requirements(text: str, root: Path) -> str | None:
    """What the app's own project asks for, where the line is `-e .`. Its code is packed anyway.
    None for any other line. InputError where only its build would say."""
    place = folder(text, root)
    if place is None or not place.samefile(root):
        return None
    document = text_of(root / PYPROJECT)
    origins.refuse_unlocked(root)
    lines = sources.declared(document, "") if document is not None else []
    extras = _EXTRAS.search(text)
    for name in extras[1].split(",") if extras else ():
        lines += sources.declared(document or "", name.strip())
    if not lines:
        raise InputError(
            f"`{text}` means this project, and nothing in {PYPROJECT} says what it needs",
            fix="write what the app imports in place of that line. Its own code is packed without",
        )
    return "".join(f"{line}\n" for line in lines)


def name(text: str, root: Path) -> str:
    """Of the project in the folder, normalised. '' where the line names no folder."""
    place = folder(text, root)
    if place is None:
        return ""
    project = sources.parsed(text_of(place / PYPROJECT) or "").get("project", {})
    return canonical(str(project.get("name") or place.resolve().name))


def refuse_missing(texts: list[str], root: Path) -> None:
    """InputError for paths that are not here: conda's freeze names those of its build machine."""
    bare = [(text, _LOCAL.match(_EDITABLE.sub("", text))) for text in texts]
    gone = [text for text, found in bare if found and not (root / unquote(found[1])).exists()]
    if gone:
        raise InputError(
            f"a path that is not on this machine: {', '.join(gone)}",
            fix="write NAME==VERSION in its place. `pip list --format=freeze` in the app's "
            "environment prints all packages so",
        )


def refuse_unpackable(texts: list[str], root: Path) -> None:
    """InputError for folders that Chalice cannot pack: it takes only what has a setup.py, and only
    as `-e`."""
    wrong = []
    for text in texts:
        place = folder(text, root)
        if place and not (_EDITABLE.match(text) and (place / "setup.py").is_file()):
            wrong.append((text, os.path.relpath(place, root)))
    if wrong:
        lines, places = zip(*wrong, strict=True)
        raise InputError(
            f"a folder, which neither a layer nor Chalice can take: {', '.join(lines)}",
            fix="put it into vendor/, which Chalice packs, again after each change of it: "
            f"uv pip install --no-deps --target vendor {' '.join(places)}",
        )
