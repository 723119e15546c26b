"""An app's requirements in two: what stays with the function, and what the layer brings."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .changes import text_of
from .errors import InputError
from .names import canonical

FUNCTION, LAYER = Path("requirements.txt"), Path("requirements-all.txt")
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
class Entry:
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

    stays: list[tuple[Entry, str]]
    goes: list[Entry]
    options: list[Entry]


def parse(text: str, folder: Path, seen: tuple[Path, ...] = ()) -> list[Entry]:
    """In order; included files (`-r`) in the include's place. Comments that belong to no line are
    entries without text."""
    found: list[Entry] = []
    raw, words = "", ""
    for line in text.splitlines():
        raw += line + "\n"
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        words += bare.removesuffix("\\").strip() + " "
        if bare.endswith("\\") or (line.strip().startswith("#") and not words.strip()):
            continue
        found += _entries(raw, words.strip(), folder, seen)
        raw, words = "", ""
    return found + ([Entry(raw=raw, text=words.strip())] if raw else [])


def _entries(raw: str, text: str, folder: Path, seen: tuple[Path, ...]) -> list[Entry]:
    include = _INCLUDE.match(text)
    if not include:
        return [Entry(raw=raw, text=text, name=_name(text))]
    path = folder / include[1]
    if path in seen:
        raise InputError(f"{path} includes itself", fix="take the include out")
    content = text_of(path)
    if content is None:
        raise InputError(f"{path} does not exist", fix=f"correct the line `{text}`")
    return parse(content, path.parent, (*seen, path))


def _name(text: str) -> str:
    if not text or text.startswith("-"):
        return ""
    from packaging.requirements import InvalidRequirement, Requirement  # init's, and no step's

    try:
        return canonical(Requirement(re.sub(r"\s--hash[= ]\S+", "", text).strip()).name)
    except InvalidRequirement:
        return ""


def split(entries: Iterable[Entry], vendored: set[str], asked: set[str]) -> Split:
    """`vendored`: names below vendor/; `asked`: names that somebody wants to stay."""
    named = [entry for entry in entries if entry.text]
    chosen = [(entry, _reason(entry, vendored, asked)) for entry in named if not entry.is_option]
    return Split(
        stays=[(entry, why) for entry, why in chosen if why],
        goes=[entry for entry, why in chosen if not why],
        options=[entry for entry in named if entry.is_option],
    )


def _reason(entry: Entry, vendored: set[str], asked: set[str]) -> str:
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


def without(entries: Iterable[Entry], gone: Callable[[Entry], bool]) -> str:
    """The entries' text but for those, comments above them included."""
    kept = "".join(entry.raw for entry in entries if not gone(entry))
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n") + "\n" if kept.strip() else ""


def headed(path: Path, text: str) -> str:
    """With the file's first lines, once."""
    return (HEADERS[path] + text.removeprefix(HEADERS[path])).rstrip("\n") + "\n"
