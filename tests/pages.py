"""The documents: their command blocks, and the commands in what they show."""

import re
from pathlib import Path

from tests.project import ROOT

FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^(?:\$ )?\./doitw(?P<words>(?: [^#\n]*)?)", re.M)
FOLDER = ROOT / "docs"


def documents() -> list[Path]:
    """Every page, the translations too."""
    return [ROOT / "README.md", *sorted(FOLDER.glob("*.md")), *sorted(FOLDER.glob("ko/*.md"))]


def blocks(document: Path) -> list[str]:
    """The ```bash blocks: what a person types."""
    text = document.read_text(encoding="utf-8")
    return [found["text"] for found in FENCE.finditer(text) if found["kind"] == "bash"]


def shown(document: Path) -> list[list[str]]:
    """The words of every ./doitw command in any other block, as a transcript shows it."""
    text = document.read_text(encoding="utf-8")
    others = [found["text"] for found in FENCE.finditer(text) if found["kind"] != "bash"]
    return [found["words"].split() for each in others for found in COMMAND.finditer(each)]
