"""`doit test`: lint, types, all tests – the same by hand and in CI."""

import sys
from collections.abc import Iterator

TOOLS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "types-in-image": ["mypy", "docker"],
    "pytest": ["pytest", "--numprocesses=2"],
}


def task_test() -> Iterator[dict[str, object]]:
    """Lint, types and all tests."""
    for name, command in TOOLS.items():
        yield {"name": name, "actions": [[sys.executable, "-m", *command]], "verbosity": 2}
