"""Globs over paths relative to `python/`, as prune rules, `drop` and `keep` use them.

`*` and `?` stay within a folder, `**` crosses folders, `[abc]` is one of these characters. A
pattern that names a folder means everything in it. Patterns start at `python/`: `numpy/doc` is
that one folder, `**/doc` is every folder of the name.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

Match = Callable[[str], str | None]
FOLDERS = "(?:[^/]+/)*?"  # lazy: the shallowest folder wins


@cache
def matcher(globs: tuple[str, ...]) -> Match:
    """A function from a path to the part of it that a glob names (the shallowest folder, or the
    path itself), or None where no glob matches."""
    if not globs:
        return lambda path: None
    pattern = re.compile(f"({'|'.join(map(_regex, globs))})(?:/.*)?", re.DOTALL)

    def match(path: str) -> str | None:
        found = pattern.fullmatch(path)
        return found[1] if found else None

    return match


def any_of(globs: Iterable[tuple[str, ...]]) -> Match:
    """The same for all of these together."""
    return matcher(tuple(glob for each in globs for glob in each))


def unmatched(globs: Iterable[str], paths: Sequence[str]) -> list[str]:
    """The globs that match none of the paths: most likely misspelt."""
    return [glob for glob in globs if not any(map(matcher((glob,)), paths))]


def glob_of(path: str) -> str:
    """As `drop` and TOML take it: `?` for each character that either reads otherwise."""
    return re.sub(r"[^\w ./+@=,~-]", "?", path, flags=re.ASCII)


def _regex(glob: str) -> str:
    parts = glob.removeprefix("./").strip("/").split("/")
    pieces = [FOLDERS if part == "**" else _name(part) + "/" for part in parts[:-1]]
    return "".join(pieces) + (".+?" if parts[-1] == "**" else _name(parts[-1]))


def _name(part: str) -> str:
    # possessive: `[!]` begins no set, as in every shell
    return "".join(map(_piece, re.findall(r"\[!?+.[^]]*\]|\*+|.", part, re.DOTALL)))


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if len(piece) == 1:
        return re.escape(piece)
    inside = piece[1:-1]
    listed = _set(inside.removeprefix("!"))
    if inside.startswith("!"):
        return f"[^/{listed}]"
    return f"(?!/)[{listed}]" if listed else "(?!)"


def _set(inside: str) -> str:
    """The same characters for `re`. A range that runs backwards holds none."""
    found = ""
    for item in re.findall(r".-.|.", inside, re.DOTALL):
        first, last = item[0], item[-1]
        if first <= last:
            found += re.escape(first) + (f"-{re.escape(last)}" if len(item) == 3 else "")
    return found
