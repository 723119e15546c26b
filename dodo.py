"""Table of contents: what `doit` can do here. The logic is in tasks/."""

from tasks.commands.test import task_test
from tasks.reporter import StepReporter

__all__ = ["task_test"]

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "verbosity": 2,
}


def task_build() -> dict[str, object]:
    """Build the layer and prove it: install → prune → optimize → zip → verify. Needs no AWS."""
    return {"actions": None, "task_dep": ["verify"]}
