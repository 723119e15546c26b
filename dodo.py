"""Table of contents: what `doit` can do here. The logic is in tasks/."""

from tasks.commands.lock import task_lock
from tasks.commands.test import task_test
from tasks.reporter import StepReporter
from tasks.steps.install import task_install

__all__ = ["task_install", "task_lock", "task_test"]

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "verbosity": 2,
}
