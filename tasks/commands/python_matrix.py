"""`doit build python=3.12,3.13`: the same command once for each Python, one after the other.

Each is a run of its own, in a process of its own, as if a person had typed the one Python. Its
settings, and so its files, follow from that (context/settings.py: `variant`).
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from doit.loader import generate_tasks

from ..context.doit_actions import action
from ..settings.lambda_pythons import PYTHONS
from ..settings.validation import nearest
from ..util import subprocesses
from ..util.errors import BuildError, SettingsError
from ..util.invoked_as import PACKAGE

COMMANDS = ("build", "lock")  # that take several
PATIENCE = 5  # seconds for a run that is stopped to clear up by itself


def tasks(pythons: Sequence[str], known: Sequence[str]) -> Iterator[object]:
    """doit's tasks for what is typed: the first command's runs all of it, once for each Python.
    `known`: all commands and steps. SettingsError for others than build and lock."""
    words = sys.argv[1:]
    commands = check_pythons(pythons, [word for word in words if word in known] or ["build"])
    yield from generate_tasks(commands[0], python_tasks(pythons, commands, words))


def python_tasks(
    pythons: Sequence[str], commands: Sequence[str], words: Sequence[str]
) -> Iterator[dict[str, object]]:
    """As a `task_…` function would yield them."""
    first, *others = commands
    for each in pythons:
        yield {
            "basename": first,
            "name": each,
            "actions": [action(partial(run_for_python, words, each))],
        }
    for each in others:
        yield {"basename": each, "actions": None, "task_dep": [first]}


def check_pythons(pythons: Sequence[str], commands: Sequence[str]) -> Sequence[str]:
    """The commands, if all of it can be done."""
    written = f"command line: python={','.join(pythons)}"
    if others := [each for each in commands if each not in COMMANDS]:
        raise SettingsError(
            f"{written}: several are for {' and '.join(COMMANDS)}, not for {', '.join(others)}",
            fix=f"type one of them: ./doitw {others[0]} python={pythons[0]}",
        )
    if wrong := [each for each in pythons if each not in PYTHONS]:
        problem = f"{written}: {wrong[0]!r} is not one of {', '.join(PYTHONS)}"
        raise SettingsError(problem + nearest(wrong[0], PYTHONS), fix="./doitw help settings")
    return commands


def run_for_python(words: Sequence[str], python: str) -> None:
    """The same command for this one. BuildError when it fails: it has said why."""
    mine = [f"python={python}" if word.startswith("python=") else word for word in words]
    child = subprocess.Popen(
        [sys.executable, *program(), *mine], preexec_fn=subprocesses.end_with_parent
    )
    if code := ended(child):
        fix = "read its error above. -c continues with the other Pythons"
        raise BuildError(f"python={python} ended with exit status {code}", fix=fix)


def program() -> list[str]:
    """Ours, as it was started: `python -m tasks`, or a script as `doit`."""
    script = Path(sys.argv[0])
    return ["-m", PACKAGE] if script.name == "__main__.py" else [str(script)]


def ended(child: "subprocess.Popen[bytes]") -> int:
    """Its exit status."""
    try:
        return child.wait()
    except KeyboardInterrupt:  # a terminal's went to the child, too; a SIGTERM to us alone
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.terminate()
            child.wait()
        raise
