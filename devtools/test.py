"""`doit test`: lint, types, the workflows, all tests – the same by hand and in CI."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tasks.context import arguments

AT_ONCE = (os.cpu_count() or 1) + 1  # files of tests; many wait, for time-outs and locks
TOOLS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "types-in-image": ["mypy", "docker"],
    "rooms": ["lint-imports"],
    "workflows": ["actionlint"],
    "workflows-security": ["zizmor", "--offline", "--quiet", ".github"],
    "pytest": ["pytest", f"--numprocesses={AT_ONCE}"],
}
MACHINE = Path(__file__).with_name("prepare_machine")
LONG = ["pytest", "-m", "long", f"--numprocesses={AT_ONCE}"]


def task_test() -> Iterator[dict[str, object]]:
    """Run lint, types and all tests."""
    yield {
        "name": "machine",
        "doc": "Install what the tests need, start the Docker engine.",
        "actions": [[str(MACHINE), "start" if arguments.current().install else "check"]],
        "teardown": [[str(MACHINE), "stop"]],
        "verbosity": 2,
    }
    for name, command in TOOLS.items():
        yield {
            "name": name, "doc": f"Run {' '.join(command[:2])}.", "actions": [_action(command)],
            "verbosity": 2,
        }  # fmt: skip
    yield {
        "name": "long",
        "doc": "Run the tests that take minutes.",
        "actions": [_action(LONG)],
        "verbosity": 2,
        "uptodate": ["test:long" not in arguments.words()],  # `test` alone leaves it out
        "meta": {"seldom": True},
    }


def _action(command: list[str]) -> list[str]:
    """With the program of this environment."""
    return [str(Path(sys.executable).with_name(command[0])), *command[1:]]
