"""requirements.txt and requirements-all.txt of an app that is adopted, from where it says what it
needs. The same again gives the same again."""

import re
from dataclasses import dataclass
from pathlib import Path

from .changes import text_of
from .errors import InputError
from .split import FUNCTION, HEADERS, LAYER, TOOLS, Entry, Split, headed, parse, split, without

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
    mine = parse(_text(root, FUNCTION), root)
    wanted = mine if source.file == str(FUNCTION) else parse(exported, root)
    parts = split(wanted, vendored, asked)
    if wanted is mine:
        layer = headed(LAYER, _moved(_text(root, LAYER), wanted, parts))
    else:
        layer = REMADE.format(source=source) + without(wanted, lambda entry: _stays(entry, parts))
    return parts, {FUNCTION: _function(mine, wanted, parts), LAYER: layer}


def _text(root: Path, path: Path) -> str:
    """Without our own first lines."""
    text = (text_of(root / path) or "").removeprefix("\ufeff")
    return text.removeprefix(HEADERS[path].strip()).lstrip("\n")


def _function(mine: list[Entry], wanted: list[Entry], parts: Split) -> str:
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


def _goes(entry: Entry, parts: Split, layer: set[str]) -> bool:
    return entry in parts.goes or (entry.name != "" and entry.name in layer)


def _stays(entry: Entry, parts: Split) -> bool:
    return any(entry is stays for stays, _ in parts.stays)


def _moved(before: str, wanted: list[Entry], parts: Split) -> str:
    """The first time all that goes, with its comments; later what has come since, at the end."""
    if not before.strip():
        return without(wanted, lambda entry: _stays(entry, parts))
    have = {entry.name: entry for entry in parse(before, Path()) if entry.name}
    for entry in parts.goes:
        if entry.name in have and have[entry.name].text != entry.text:
            raise InputError(
                f"{FUNCTION} says {entry.text}, {LAYER} says {have[entry.name].text}",
                fix="take out the one that is not meant",
            )
    new = [entry for entry in parts.goes if entry.name not in have]
    more = without(new, lambda entry: False)
    return before.rstrip("\n") + "\n" + more if more else before
