"""What people read, as sentences; `python -m tests.prose` prints how long they are on each page."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from statistics import median

from devtools import error_messages
from tasks.cli import help_pages
from tasks.commands import table
from tasks.context import arguments
from tasks.settings import model
from tests import documents
from tests.project import ROOT

LONGEST = 30  # words
OURS = ("tasks", "devtools", "docker", "bench")
# {what does not belong into our texts: what does}
WORDS = {
    r"embedded AWS": "emulator",
    r"the same again": "run it again",
    r"lift\w* (the|that|a) pin": "unpin, end the pin",
    r"the seed|promise[sd]?": "nothing: words of this repository's history",
    r"layers of others": "another tool's layer",
    r"of made-up": "for example",
    r"(?<!source )distributions?": "package",
    r"prov(e[sn]?|ing)|proofs?": "check, test",
    r"asks? (the|a) function|does it answer": "call the function",
    r"who(so)?ever": "say who",
    r"licences?|artefacts?|behaviour|colour|(initiali|optimi|recogni)s\w+": "US English",
}
WRONG = {re.compile(rf"\b({word})\b", re.I): use for word, use in WORDS.items()}
_NO_TEXT = re.compile(r"<!--.*?-->|^(?:#|\||    \S).*?$|!\[[^\]]*\]\([^)]*\)", re.M | re.S)
_SHORTER = {r"\[([^\]]+)\]\([^)]*\)": r"\1", r"`[^`]+`": "CODE", r"[*_]{2}": ""}
_PART = re.compile(r"\n\s*\n|\n\s*(?:[-*>]|\d+\.) ")
_END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(A-ZC\d])")


def sentences(text: str) -> list[str]:
    """Of Markdown, without fences, headings and tables; what is code counts as one word."""
    text = _NO_TEXT.sub("", documents.FENCE.sub("", text))
    for pattern, shorter in _SHORTER.items():
        text = re.sub(pattern, shorter, text)
    parts = (" ".join(part.split()) for part in _PART.split(f"\n{text}"))
    return [each for part in parts for each in _END.split(part) if re.search(r"\w", each)]


def length(sentence: str) -> int:
    """In words."""
    return len(re.findall(r"\w[\w'’.,:/–-]*", sentence))


def faults(sentence: str) -> Iterator[str]:
    """What the style sheet does not allow."""
    if length(sentence) > LONGEST:
        yield f"{length(sentence)} words"
    if ";" in sentence:
        yield "semicolon"
    for wrong, use in WRONG.items():
        if found := wrong.search(sentence):
            yield f"{found[0]} → {use}"


def docstrings() -> dict[str, list[str]]:
    """{room: its sentences}, of all code that is ours"""
    found: dict[str, list[str]] = {}
    for path in chain.from_iterable(sorted((ROOT / name).rglob("*.py")) for name in OURS):
        room = "/".join(path.relative_to(ROOT).parent.parts[:2])
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(room, []).extend(sentences(ast.get_docstring(node) or ""))
    return found


def texts() -> dict[str, list[str]]:
    """{page, `messages` or `help`: its sentences}"""
    pages = [path for path in documents.documents() if path.parent.name != "ko"]
    read = {path.relative_to(ROOT).as_posix(): sentences(documents.read(path)) for path in pages}
    made = chain.from_iterable((each.problem, each.fix) for each in error_messages.every())
    return read | {"messages": _plain(made), "help": _plain(_help())}


def _help() -> Iterator[str]:
    yield from map(table.summary, table.TYPED)
    for spec in (*model.SPECS.values(), *arguments.SPECS.values()):
        yield spec.metadata["help"]
    for page in help_pages.PAGES.values():
        yield from (page.about, *page.examples.values(), *page.exits.values())


def _plain(said: Iterator[str]) -> list[str]:
    return [each for text in dict.fromkeys(said) for each in sentences(text)]


def _measured(name: str, read: list[str]) -> str:
    sizes = [length(each) for each in read] or [0]
    over = sum(size > 25 for size in sizes) / len(sizes)
    wrong = sum(len([*faults(each)]) for each in read)
    figures = f"median {median(sizes):4}, {over:6.1%} over 25 words, {wrong} faults"
    return f"{name:42} {len(read):4} sentences, {figures}"


if __name__ == "__main__":
    for page, said in texts().items():
        print(_measured(page, said))
