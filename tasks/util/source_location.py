"""Where in a file something stands, shown as compilers do: file, line, the words at fault."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST = 3  # places of one error that are shown with their line; of more, only where they are
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?$")


@dataclass(frozen=True, kw_only=True)
class SourceLocation:
    """`line`: from 1. `start`, `length`: of the words at fault, in characters of `text`."""

    file: str
    line: int
    text: str
    start: int = 0
    length: int = 1
    hint: str = ""

    @property
    def arrow(self) -> str:
        return f"  --> {self.file}:{self.line}"

    def __str__(self) -> str:
        text = self.text.rstrip()
        margin = len(text) - len(text.lstrip())
        marks = " " * (self.start - margin) + "^" * self.length
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.arrow}\n   | {text[margin:]}\n   | {marks}{hint}"


Problem = tuple[str, SourceLocation | None]


def joined(problems: Sequence[Problem]) -> str:
    """Each problem with its place under it. Each once."""
    places = dict(problems)
    whole = len([place for place in places.values() if place]) <= MOST
    lines = []
    for text, place in places.items():
        lines.append(text)
        if place:
            lines.append(str(place) if whole else place.arrow)
    return "\n".join(lines)


def below(problem: str, place: SourceLocation | None) -> str:
    return joined([(problem, place)])


def at(path: Path, line: int, word: str = "", column: int = 1) -> SourceLocation | None:
    """A line of a file, with the word in it (or what is at the column, from 1) marked. None where
    the file has no such line."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1]
    start = text.find(word) if word and word in text else column - 1
    return SourceLocation(file=str(path), line=line, text=text, start=start, length=len(word) or 1)


def in_toml(path: Path, table: str, key: str) -> SourceLocation | None:
    """Where a key of a table stands. Without a key, the table's own line. None where it is written
    in another way (dotted, inline)."""
    current = ""
    wanted = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if header := _TABLE.match(line):
            current = re.sub(r"""[\s"']""", "", header[1])
            if current == table and not key:
                return at(path, number, header[1])
        elif key and current == table and wanted.match(line):
            return at(path, number, key)
    return None


def of_offset(path: Path, text: str, offset: int, word: str) -> SourceLocation | None:
    """The place of a character of a file's text."""
    return at(path, text.count("\n", 0, offset) + 1, word)
