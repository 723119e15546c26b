"""The documents, and the rule for what stands between their fences.

Each fence says its kind, one of KINDS. What can be typed is run, each document's in its order:

- `bash` in a fresh clone of a small project (tests/functional/test_docs.py), in which `aws` is
  tests/aws_cli.py: AWS's own is not among the tool's packages.
- `console` is a transcript: what stands after `$ ` is run in another fresh clone, and must take the
  steps and end with the words that the page shows. Times, sizes and versions are those of the
  example project.
- `sh` is typed in an app that adopts the tool (tests/functional/test_story.py).

Only the lines of ELSEWHERE are not run. The other kinds are read by what reads them (tests/unit/
test_documents.py); `text` is pictures, listings, messages: nothing to type.
"""

import re
from pathlib import Path

from tests.project import ROOT

KINDS = ("bash", "console", "sh", "toml", "json", "python", "text")
ELSEWHERE = {
    "./doitw test": "this is what runs the tests",
    ".venv/bin/uv pip compile": "it asks PyPI for what is newest",
}
FENCE = re.compile(r"^(?P<marks>`{3,})(?P<kind>.*)\n(?P<text>(?:.*\n)*?)(?P=marks)$", re.M)
COMMAND = re.compile(r"^(?:\$ )?\./doitw(?P<words>(?: [^#\n|]*)?)", re.M)
INLINE = re.compile(r"`\./doitw(?P<words>[^`]*)`")
STEP = r"^[✓·●] ([\w-]+(?::[\w-]+)?)"
HEADS = re.compile(rf"{STEP}|^(live|call|size|undo|exit status \d)", re.M)
FOLDER = ROOT / "docs"


def documents() -> list[Path]:
    """Every page, the translations too."""
    names = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
    own = [ROOT / name for name in names]
    pages = sorted(FOLDER.rglob("*.md"), key=lambda path: (path.parts[-2] == "ko", path))
    return [*own, *(path for path in pages if "site" not in path.parts)]


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def fences(document: Path) -> list[tuple[str, str]]:
    """[(kind, text)]"""
    return [(found["kind"], found["text"]) for found in FENCE.finditer(read(document))]


def prose(document: Path) -> str:
    """The page without what is fenced."""
    return FENCE.sub("", read(document))


def blocks(document: Path, kind: str = "bash") -> list[str]:
    """What a person types; nothing of ELSEWHERE."""
    found = [text for each, text in fences(document) if each == kind]
    return [text for text in found if not text.startswith(tuple(ELSEWHERE))]


def transcript(document: Path) -> list[tuple[str, str]]:
    """[(command, what it said)] of all ```console blocks."""
    shown = "".join(blocks(document, "console"))
    pairs = (each.partition("\n") for each in re.split(r"^\$ ", shown, flags=re.M)[1:])
    return [(command, said) for command, _, said in pairs]


def heads(said: str) -> list[str]:
    """What does not depend on machine and project: the steps in order, the last words' first."""
    return [step or word for step, word in HEADS.findall(said)]


def ended(said: str) -> list[str]:
    """The tasks that ended well or had nothing to do, in order."""
    return re.findall(STEP, said, re.M)


def commands(text: str) -> list[list[str]]:
    """The words of every ./doitw command."""
    return [found["words"].split() for found in COMMAND.finditer(text)]


def mentioned(document: Path) -> list[list[str]]:
    """… of those that are not run, in fences and in sentences."""
    rest = [text for kind, text in fences(document) if kind not in ("bash", "console")]
    rest += [text for _, text in fences(document) if text.startswith(tuple(ELSEWHERE))]
    inline = [found["words"].split() for found in INLINE.finditer(prose(document))]
    return [*inline, *(words for text in rest for words in commands(text))]
