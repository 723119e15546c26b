"""Every command block of the documents, run as a person would: in its order, in a fresh clone."""

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.commands import python_matrix
from tasks.context import arguments
from tasks.context import settings as context_settings
from tasks.settings import model
from tests import ci_jobs, documents
from tests.ci_jobs import Job, Runner
from tests.package_index import ANY, Index, wheel
from tests.project import ROOT, SETTINGS, SIX, clean_environment

OURS = [path for path in documents.documents() if path.parent.name != "ko"]  # those have the same
TOLD = [path for path in OURS if documents.blocks(path)]
SHOWN = [path for path in OURS if documents.transcript(path)]
HELP = {"list", "help", "info", "clean", "forget", "run", "tabcompletion"}  # doit's own
# Its last step, where that has another name; of doit's own commands nothing is known.
ENDS = {"build": "verify", "deploy": "smoke", "rollback": "rollback:smoke"}
AWS = f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests/aws_cli.py"} "$@"\n'


@pytest.fixture
def clones(runner: Runner, tmp_path: Path) -> Runner:
    """The example project's names; a package whose pin the documents change; `aws`."""
    named = SETTINGS.replace('"deps"', f'"{model.Settings().layer}"')
    text = (runner.origin / "pyproject.toml").read_text(encoding="utf-8")
    ci_jobs.change(runner.origin, "pyproject.toml", text.replace(SETTINGS, named))
    ci_jobs.change(runner.origin, "requirements-all.txt", SIX + "python-dotenv==1.0.1\n")
    program = tmp_path / "bin/aws"
    program.parent.mkdir()
    program.write_text(AWS)
    program.chmod(0o755)
    index = Index(root=tmp_path / "index", url="")  # the runner serves it
    for version in ("1.0.1", "1.1.0"):
        data = wheel("python_dotenv", version, (), {"dotenv.py": b"x = 1\n"})
        index.put("python-dotenv", f"python_dotenv-{version}-{ANY}.whl", data)
    path = f"{program.parent}{os.pathsep}{runner.environment['PATH']}"
    return replace(runner, environment=runner.environment | {"PATH": path})


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """Every one there is, by its own list."""
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "list", "--all", "--template", "{name}"], cwd=ROOT,
        env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {*done.stdout.split()}


@pytest.mark.parametrize("document", TOLD, ids=lambda path: path.name)
def test_the_commands_of_a_document_run(clones: Runner, document: Path) -> None:
    """Each succeeds on what those before it left, and comes to its last step."""
    blocks = documents.blocks(document)
    done = clones.run(Job(commands=[(block, {}) for block in blocks], cached=[]))
    for block, output in zip(blocks, done.outputs, strict=True):
        typed = [(*words, "build")[0] for words in documents.commands(block)]
        ends = [ENDS.get(name, name) for name in typed if name not in HELP]
        ended = iter(documents.ended(output))  # each is looked for behind the one before
        assert [name for name in ends if name not in ended] == [], output
        assert "Traceback" not in output


@pytest.mark.parametrize("document", SHOWN, ids=lambda path: path.name)
def test_a_transcript_is_what_happens(clones: Runner, document: Path) -> None:
    """The same steps in the same order, the same first words at the end."""
    shown = documents.transcript(document)
    done = clones.run(Job(commands=[(command, {}) for command, _ in shown], cached=[]))
    for (command, said), output in zip(shown, done.outputs, strict=True):
        assert documents.heads(output) == documents.heads(said), f"{command}\n{output}"


@pytest.mark.parametrize("document", documents.documents(), ids=lambda path: path.name)
def test_commands_that_are_only_mentioned_are_ones_that_exist(
    document: Path, commands: set[str]
) -> None:
    """In sentences and tables, too: their names, settings and arguments are taken."""
    for words in documents.mentioned(document):
        words = shlex.split(" ".join(words))
        names = [word for word in words if "=" not in word and not word.startswith(("-", "…"))]
        assert {name.partition(":")[0] for name in names[:1]} <= commands | HELP, words
        typed = dict(word.split("=", 1) for word in words if "=" in word)
        typed = {name: "1" if value[0] in "N…‹" else value for name, value in typed.items()}
        typed.pop("arn", None)  # A,B stand for two
        if "," in typed.get("python", ""):
            python_matrix.check_pythons(typed.pop("python").split(","), names)
        context_settings.load_settings(ROOT, {}, typed)
        arguments.load_arguments(typed, names)
