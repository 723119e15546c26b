"""Words and lines in the text of a module (for code_words.py and source_words.py). Standard library
only."""

import re
from collections.abc import Collection, Iterator, Mapping

LONG = 1000  # characters of a line that somebody wrote
Words = Mapping[str, tuple[str, ...]]  # {a word that is quick to miss: words that have it}
WRITTEN = re.compile(r"[\"'][wax]b?[\"']|\.write_")


def is_code(text: str, start: int) -> bool:
    """Not a comment or a doctest."""
    begin = text.rfind("\n", 0, start) + 1
    return not text[begin:start].lstrip().startswith(("#", ">>>", "..."))


def having(words: Words, text: str, there: Collection[str]) -> Iterator[str]:
    likely = (each for quick, found in words.items() if quick in there for each in found)
    return (each for each in likely if each in text)


def says(words: Words, text: str, there: Collection[str]) -> bool:
    found = having(words, text, there)
    return any(is_said(each, text) for each in found)


def is_said(word: str, text: str) -> bool:
    return any(is_code(text, start) for start in occurrences(word, text))


def occurrences(word: str, text: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def lines_with(word: str, text: str) -> Iterator[str]:
    return (line_at(text, start) for start in occurrences(word, text) if is_code(text, start))


def line_at(text: str, place: int) -> str:
    end = text.find("\n", place)
    return text[text.rfind("\n", 0, place) + 1 : end if end >= 0 else len(text)][:LONG]


def having_any(words: Collection[str], text: str) -> bool:
    return any(each in text for each in words)


def has_line(word: re.Pattern[str], beside: re.Pattern[str], text: str) -> bool:
    lines = (line_at(text, each.start()) for each in word.finditer(text))
    return any(
        beside.search(line) and not WRITTEN.search(line) and not line.lstrip().startswith("#")
        for line in lines
    )
