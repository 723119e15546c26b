"""`doit test`: lint, types, all tests – the same by hand and in CI."""

import os
import sys
from collections.abc import Iterator

from tasks.context import arguments

AT_ONCE = (os.cpu_count() or 1) + 1  # files of tests; many wait, for time-outs and locks
TOOLS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "types-in-image": ["mypy", "docker"],
    "rooms": ["importlinter.cli", "lint"],
    "pytest": ["pytest", f"--numprocesses={AT_ONCE}"],
}
LONG = ["pytest", "-m", "long", f"--numprocesses={AT_ONCE}"]


def task_test() -> Iterator[dict[str, object]]:
    """Lint, types and all tests."""
    for name, command in TOOLS.items():
        yield {"name": name, "actions": [[sys.executable, "-m", *command]], "verbosity": 2}
    yield {
        "name": "long",
        "actions": [[sys.executable, "-m", *LONG]],
        "verbosity": 2,
        "uptodate": ["test:long" not in arguments.words()],  # `test` alone leaves it out
        "meta": {"seldom": True},
    }
