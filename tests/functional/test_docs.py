"""Every command block of the documents, run as a person would: in its order, in a fresh clone."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.commands import matrix
from tasks.core import arguments, settings
from tests import pages
from tests.ci import Job, Runner
from tests.project import ROOT, clean_environment

TOLD = [path for path in pages.documents() if pages.blocks(path) and path.parent.name != "ko"]
TRANSLATED = sorted((pages.FOLDER / "ko").glob("*.md"))
HELP = {"list", "help", "info", "clean", "forget", "run"}  # doit's own


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """Every one there is, by its own list."""
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "list", "--all", "--template", "{name}"], cwd=ROOT,
        env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {*done.stdout.split()}


@pytest.mark.parametrize("document", TOLD, ids=lambda path: path.name)
def test_the_commands_of_a_document_run(runner: Runner, document: Path) -> None:
    """Each succeeds, on what those before it left."""
    done = runner.run(Job(commands=[(block, {}) for block in pages.blocks(document)], cached=[]))
    assert done.output


@pytest.mark.parametrize("document", TRANSLATED, ids=lambda path: path.name)
def test_a_translation_has_the_same_commands(document: Path) -> None:
    """And as many sections."""
    original = pages.FOLDER / document.name
    assert pages.blocks(document) == pages.blocks(original)
    headings = [path.read_text(encoding="utf-8").count("\n## ") for path in (document, original)]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("document", pages.documents(), ids=lambda path: path.name)
def test_commands_that_are_only_shown_are_ones_that_exist(
    document: Path, commands: set[str]
) -> None:
    """Transcripts and tables of commands: their names, settings and arguments are taken."""
    for words in pages.shown(document):
        words = shlex.split(" ".join(words))
        names = [word for word in words if "=" not in word and not word.startswith("-")]
        assert {name.partition(":")[0] for name in names} <= commands | HELP, words
        typed = dict(word.split("=", 1) for word in words if "=" in word)
        typed = {name: "1" if value in ("N", "…") else value for name, value in typed.items()}
        typed.pop("arn", None)  # A,B stand for two
        if "," in typed.get("python", ""):
            matrix.check(typed.pop("python").split(","), names)
        settings.load(ROOT, {}, typed)
        arguments.load(typed, names)
