"""requirements.txt and requirements-all.txt of an app that is adopted, from where it says what it
needs. The same again gives the same again."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..requirements.file import canonical, parse_requirement, reject_circle
from ..settings import paths
from ..util.errors import InputError
from .text_files import text_of

FUNCTION, LAYER = paths.FUNCTION_REQUIREMENTS, Path("requirements-all.txt")
HEADERS = {
    FUNCTION: "# Packed into the function by `chalice deploy`. What the layer brings stands in\n"
    f"# {LAYER}: in both it would count twice toward Lambda's 262,144,000 bytes.\n\n",
    LAYER: "# What the layer holds. What the function itself carries: requirements.txt.\n\n",
}
# Chalice adds its runtime by itself; these deploy the app, and no function imports them.
TOOLS = {"chalice", "doit", "doit-lambda-layer", "pip", "setuptools", "wheel"}
_LOCAL = re.compile(r"-e\b|--editable\b|\.{0,2}/|file:")
_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]?\s*(\S+)")
_SOURCE = re.compile(r"(?:.*@\s*)?(git|hg|svn|bzr)\+")


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


@dataclass(frozen=True, kw_only=True)
class Split:
    """`stays`: [(entry, why)]."""

    stays: list[tuple[RequirementEntry, str]]
    goes: list[RequirementEntry]
    options: list[RequirementEntry]


def parse_entries(text: str, folder: Path, seen: tuple[Path, ...] = ()) -> list[RequirementEntry]:
    """In order; included files (`-r`) in the include's place. Comments that belong to no line are
    entries without text."""
    found: list[RequirementEntry] = []
    raw, words = "", ""
    for line in text.splitlines():
        raw += line + "\n"
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        words += bare.removesuffix("\\").strip() + " "
        if bare.endswith("\\") or (line.strip().startswith("#") and not words.strip()):
            continue
        found += _entries(raw, words.strip(), folder, seen)
        raw, words = "", ""
    return found + ([RequirementEntry(raw=raw, text=words.strip())] if raw else [])


def _entries(raw: str, text: str, folder: Path, seen: tuple[Path, ...]) -> list[RequirementEntry]:
    include = _INCLUDE.match(text)
    if not include:
        return [RequirementEntry(raw=raw, text=text, name=_name(text))]
    path = folder / include[1]
    reject_circle(path, seen)
    content = text_of(path)
    if content is None:
        raise InputError(f"{path} does not exist", fix=f"correct the line `{text}`")
    return parse_entries(content, path.parent, (*seen, path))


def _name(text: str) -> str:
    if not text or text.startswith("-"):
        return ""
    from packaging.requirements import InvalidRequirement  # init's, and no step's

    try:
        return canonical(parse_requirement(re.sub(r"\s--hash[= ]\S+", "", text).strip()).name)
    except InvalidRequirement:
        return ""


def split(entries: Iterable[RequirementEntry], vendored: set[str], asked: set[str]) -> Split:
    """`vendored`: names below vendor/; `asked`: names that somebody wants to stay."""
    named = [entry for entry in entries if entry.text]
    chosen = [(entry, _reason(entry, vendored, asked)) for entry in named if not entry.is_option]
    return Split(
        stays=[(entry, why) for entry, why in chosen if why],
        goes=[entry for entry, why in chosen if not why],
        options=[entry for entry in named if entry.is_option],
    )


def _reason(entry: RequirementEntry, vendored: set[str], asked: set[str]) -> str:
    """Why it stays with the function; '' when it goes into the layer."""
    if entry.name in asked:
        return "you said so"
    if entry.name in TOOLS:
        return "deploys the app and is no part of it; better in requirements-dev.txt"
    if entry.name in vendored:
        return "vendor/ has it, and comes before the layer"
    if _LOCAL.match(entry.text) or re.search(r"@\s*(file:|\.{0,2}/)", entry.text):
        return "a local path, another on each machine"
    if _SOURCE.match(entry.text):
        return "comes out of a repository, not as a package"
    return "" if entry.name else "is no requirement that a layer can be built from"


def without(entries: Iterable[RequirementEntry], gone: Callable[[RequirementEntry], bool]) -> str:
    """The entries' text but for those, comments above them included."""
    kept = "".join(entry.raw for entry in entries if not gone(entry))
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n") + "\n" if kept.strip() else ""


def headed(path: Path, text: str) -> str:
    """With the file's first lines, once."""
    return (HEADERS[path] + text.removeprefix(HEADERS[path])).rstrip("\n") + "\n"


REMADE = "# Made from {source} by `doit-lambda-layer init`, which makes it again: do not edit.\n\n"
MARK = re.compile(r"# Made from (\S+?)(?:, group (\S+),)? by ")


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an app's requirements are taken from: a file of the project, or a group in it."""

    file: str
    group: str = ""

    def __str__(self) -> str:
        return self.file + (f", group {self.group}," if self.group else "")


def remembered(root: Path) -> Source | None:
    """What requirements-all.txt was made from the last time; None where people write it."""
    found = MARK.match(text_of(root / LAYER) or "")
    return Source(file=found[1], group=found[2] or "") if found else None


def halves(
    root: Path, source: Source, exported: str, vendored: set[str], asked: set[str]
) -> tuple[Split, dict[Path, str]]:
    """The split, and both files' new texts. `exported`: what `source` asks for."""
    mine = parse_entries(_text(root, FUNCTION), root)
    wanted = mine if source.file == str(FUNCTION) else parse_entries(exported, root)
    parts = split(wanted, vendored, asked)
    if wanted is mine:
        layer = headed(LAYER, _moved(_text(root, LAYER), wanted, parts))
    else:
        layer = REMADE.format(source=source) + without(wanted, lambda entry: _stays(entry, parts))
    return parts, {FUNCTION: _function(mine, wanted, parts), LAYER: layer}


def _text(root: Path, path: Path) -> str:
    """Without our own first lines."""
    text = text_of(root / path) or ""
    return text.removeprefix(HEADERS[path].strip()).lstrip("\n")


def _function(mine: list[RequirementEntry], wanted: list[RequirementEntry], parts: Split) -> str:
    """What the function carries: nothing that the layer has."""
    layer = {entry.name for entry in parts.goes}
    kept = [entry for entry in mine if entry.text and not _goes(entry, parts, layer)]
    have = {entry.text for entry in kept}
    added = [] if wanted is mine else [
        entry for entry, _ in parts.stays if entry.name not in TOOLS and entry.text not in have
    ]  # fmt: skip
    packages = [entry for entry in [*kept, *added] if not entry.is_option]
    text = without([*kept, *added], lambda entry: False) if packages else ""
    return headed(FUNCTION, text)


def _goes(entry: RequirementEntry, parts: Split, layer: set[str]) -> bool:
    return entry in parts.goes or (entry.name != "" and entry.name in layer)


def _stays(entry: RequirementEntry, parts: Split) -> bool:
    return any(entry is stays for stays, _ in parts.stays)


def _moved(before: str, wanted: list[RequirementEntry], parts: Split) -> str:
    """The first time all that goes, with its comments; later what has come since, at the end."""
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
