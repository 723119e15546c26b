"""requirements.txt and requirements-all.txt of an app that is adopted, from where it says what it
needs. Run again, it changes nothing."""

import os
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from ...requirements import developer_tools, references
from ...requirements.file import (
    canonical,
    parse_requirement,
    refuse_unreadable,
    reject_circle,
)
from ...util.errors import InputError
from ..text_files import text_of
from . import local_projects
from .sources import FUNCTION, LAYER, WRITTEN, Source

HEADERS = {
    FUNCTION: "# Packed into the function by `chalice deploy`. What the layer brings stands in\n"
    f"# {LAYER}: in both it would count twice toward Lambda's 262,144,000 bytes.\n\n",
    LAYER: "# What the layer holds. What the function itself carries: requirements.txt.\n\n",
}
_LOCAL = re.compile(r"-e\b|--editable\b|([\w.\[\],-]+\s*@\s*)?(\.{0,2}/|file:)")
_SOURCE = re.compile(r"(?:.*@\s*|(?:-e|--editable)[ =]\s*)?(git|hg|svn|bzr)\+")


@dataclass(frozen=True, kw_only=True)
class RequirementEntry:
    """A requirement or option as it stands in its file: `raw` with the comments above it, `text`
    without, `name` normalised, or '' for an option or what has none."""

    raw: str
    text: str
    name: str = ""

    @property
    def is_option(self) -> bool:
        """Of pip's, for the whole file: both halves need it. `-e` names a package."""
        return self.text.startswith("-") and not _LOCAL.match(self.text)

    @property
    def is_local(self) -> bool:
        """A path of this machine."""
        return bool(_LOCAL.match(self.text))


@dataclass(frozen=True, kw_only=True)
class Split:
    """`stays`: [(entry, why)]."""

    stays: list[tuple[RequirementEntry, str]]
    goes: list[RequirementEntry]
    options: list[RequirementEntry]


def parse_entries(
    text: str, folder: Path, seen: tuple[Path, ...] = (), root: Path | None = None
) -> list[RequirementEntry]:
    """In order. Included files (`-r`) in the include's place, and for `-e .` what the project asks
    for. Comments that belong to no line are entries without text. `folder`: of the file. `root`:
    the app's."""
    root = root or folder
    found: list[RequirementEntry] = []
    raw, words = "", ""
    for line in text.splitlines():
        raw += line + "\n"
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        words += bare.removesuffix("\\").strip() + " "
        if bare.endswith("\\") or (line.strip().startswith("#") and not words.strip()):
            continue
        found += _entries(raw, words.strip(), (folder, root), seen)
        raw, words = "", ""
    return found + ([RequirementEntry(raw=raw, text=words.strip())] if raw else [])


def _entries(
    raw: str, text: str, places: tuple[Path, Path], seen: tuple[Path, ...]
) -> list[RequirementEntry]:
    folder, root = places
    include = references.include(text)
    if (own := local_projects.own_requirements(text, root)) is not None:
        return parse_entries(own, root)
    if include is None or include.constraint:
        moved = _from_root(text, folder, root)
        name = _name(text) or local_projects.name(text, root)
        return [RequirementEntry(raw=raw.replace(text, moved), text=moved, name=name)]
    path = folder / include.name
    reject_circle(path, seen)
    content = text_of(path)
    if content is None:
        unset = ", ".join(references.missing_variables(include.name))
        fix = f"set {unset}" if unset else f"correct the line `{text}`"
        raise InputError(f"{path} does not exist", fix=fix)
    return parse_entries(content, path.parent, (*seen, path), root)


def _from_root(text: str, folder: Path, root: Path) -> str:
    """A constraint's file or a folder of wheels, as it reads outside of the file that names it."""
    if folder.resolve() == root.resolve():
        return text
    way = Path(os.path.relpath(folder, root))
    found = references.include(text)
    return references.rebased_include(found, way) if found else references.rebased(text, way)


def _name(text: str) -> str:
    if not text or text.startswith("-"):
        return ""
    from packaging.requirements import InvalidRequirement  # init's, and no step's

    try:
        return canonical(parse_requirement(re.sub(r"\s--hash[= ]\S+", "", text).strip()).name)
    except InvalidRequirement:
        return ""


def split(
    entries: Iterable[RequirementEntry], vendored: set[str], asked: set[str],
    tools: Collection[str] = developer_tools.DEPLOYS,
) -> Split:  # fmt: skip
    """`vendored`: names below vendor/. `asked`: names that somebody wants to stay. `tools`: of
    which the app imports nothing."""
    named = [entry for entry in entries if entry.text]
    chosen = [
        (entry, _reason(entry, vendored, asked, tools)) for entry in named if not entry.is_option
    ]
    return Split(
        stays=[(entry, why) for entry, why in chosen if why],
        goes=[entry for entry, why in chosen if not why],
        options=[entry for entry in named if entry.is_option],
    )


def _reason(
    entry: RequirementEntry, vendored: set[str], asked: set[str], tools: Collection[str]
) -> str:
    """Why it stays with the function. '' when it goes into the layer."""
    name = entry.name
    reasons = (
        (name in asked, "you said so"),
        (name in developer_tools.IN_PYTHON, "Python itself has it"),
        (
            name in developer_tools.DEPLOYS,
            "deploys the app and is no part of it; better in requirements-dev.txt",
        ),
        (
            name in tools and name in developer_tools.ELSEWHERE,
            "for Windows or macOS, and the app does not import it",
        ),
        (name in tools, "a tool, which the app does not import; better in requirements-dev.txt"),
        (name in vendored, VENDORED),
        (bool(_SOURCE.match(entry.text)), "comes out of a repository, not as a package"),
        (entry.is_local, "a local path, another on each machine"),
    )
    if found := next((why for holds, why in reasons if holds), ""):
        return found
    advice = references.advice(entry.text)
    return "" if name else advice or "is no requirement that a layer can be built from"


def without(entries: Iterable[RequirementEntry], gone: Callable[[RequirementEntry], bool]) -> str:
    """The entries' text but for those, comments above them included."""
    kept = "".join(entry.raw for entry in entries if not gone(entry))
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n") + "\n" if kept.strip() else ""


def headed(path: Path, text: str) -> str:
    """With the file's first lines, once."""
    return (HEADERS[path] + text.removeprefix(HEADERS[path])).rstrip("\n") + "\n"


REMADE = "# Made from {source} by `doit-lambda-layer init`, which makes it again: do not edit.\n\n"
VENDORED = "vendor/ has it, and comes before the layer"
MARK = re.compile(r"# Made from (\S+?)(?:, group (\S+),)? by ")


def remembered(root: Path) -> Source | None:
    """What requirements-all.txt was made from the last time. None where people write it."""
    found = MARK.match(text_of(root / LAYER) or "")
    return Source(file=found[1], group=found[2] or "") if found else None


def halves(
    root: Path, source: Source, exported: str, vendored: set[str], asked: set[str],
    tools: Collection[str] = developer_tools.DEPLOYS,
) -> tuple[Split, dict[Path, str]]:  # fmt: skip
    """The split, and both files' new texts. `exported`: what `source` asks for. InputError where
    nothing is left for a layer, or a folder can go nowhere."""
    mine = parse_entries(_text(root, FUNCTION), root)
    place = (root / source.file).parent if Path(source.file).suffix in WRITTEN else root
    wanted = mine if source.file == str(FUNCTION) else parse_entries(exported, place, root=root)
    for file in dict.fromkeys((str(FUNCTION), source.file)):
        if Path(file).suffix in WRITTEN:
            refuse_unreadable(root / file)
    parts = split(wanted, vendored, asked, tools)
    packed = [entry.text for entry, why in parts.stays if why != VENDORED]
    local_projects.refuse_missing(packed, root)
    local_projects.refuse_unpackable(packed, root)
    if wanted is mine:
        layer = headed(LAYER, _moved(_text(root, LAYER), wanted, parts))
    else:
        layer = REMADE.format(source=source) + without(wanted, lambda entry: _stays(entry, parts))
    if not any(each.text and not each.is_option for each in parse_entries(layer, root)):
        raise _nothing_left(source, parts)
    return parts, {FUNCTION: _function(mine, wanted, parts), LAYER: layer}


def refuse_moved(root: Path, source: Source, exported: str, asked: set[str]) -> None:
    """InputError for packages that somebody wants to stay, and that are not there to choose from:
    mistyped, or in the layer since the last time."""
    text = _text(root, FUNCTION) if source.file == str(FUNCTION) else exported
    there = {entry.name for entry in parse_entries(text, (root / source.file).parent, root=root)}
    if gone := sorted(asked - there):
        layer = {entry.name for entry in parse_entries(_text(root, LAYER), root)}
        fix = f"name a package of {source.file}"
        if layer & {*gone}:
            fix = f"move its line from {LAYER} into {FUNCTION}"
        raise InputError(f"--stay {', '.join(gone)}: {source.file} does not name it", fix=fix)


def _nothing_left(source: Source, parts: Split) -> InputError:
    stays = "; ".join(f"{entry.text.partition(' --hash')[0]}: {why}" for entry, why in parts.stays)
    return InputError(
        f"{source.file} leaves nothing for a layer" + (f": {stays}" if stays else ""),
        fix=f"name another file with --from FILE, or list the layer's packages in {LAYER}",
    )


def _text(root: Path, path: Path) -> str:
    """Without our own first lines."""
    text = text_of(root / path) or ""
    return text.removeprefix(HEADERS[path].strip()).lstrip("\n")


def _function(mine: list[RequirementEntry], wanted: list[RequirementEntry], parts: Split) -> str:
    """What the function carries: nothing that the layer has."""
    layer = {entry.name for entry in parts.goes}
    packed = [entry for entry, why in parts.stays if why == VENDORED and entry.is_local]
    kept = [entry for entry in mine if entry.text and not _goes(entry, parts, layer)]
    kept = [entry for entry in kept if entry not in packed]
    have = {entry.text for entry in kept}
    added = [] if wanted is mine else [
        entry for entry, _ in parts.stays
        if entry.name not in developer_tools.ALL and entry.text not in have
        and entry not in packed
    ]  # fmt: skip
    packages = [entry for entry in [*kept, *added] if not entry.is_option]
    text = without([*kept, *added], lambda entry: False) if packages else ""
    return headed(FUNCTION, text)


def _goes(entry: RequirementEntry, parts: Split, layer: set[str]) -> bool:
    return entry in parts.goes or (entry.name != "" and entry.name in layer)


def _stays(entry: RequirementEntry, parts: Split) -> bool:
    return any(entry is stays for stays, _ in parts.stays)


def _moved(before: str, wanted: list[RequirementEntry], parts: Split) -> str:
    """The first time all that goes, with its comments. Later what has come since, at the end."""
    if not before.strip():
        return without(wanted, lambda entry: _stays(entry, parts))
    have = {entry.name: entry for entry in parse_entries(before, Path()) if entry.name}
    for entry in parts.goes:
        if entry.name in have and have[entry.name].text != entry.text:
            raise InputError(
                f"{FUNCTION} says {entry.text}, {LAYER} says {have[entry.name].text}",
                fix="take out the one that is not meant",
            )
    new = [entry for entry in parts.goes if entry.name not in have]
    more = without(new, lambda entry: False)
    return before.rstrip("\n") + "\n" + more if more else before
