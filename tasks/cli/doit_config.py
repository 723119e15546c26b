"""How doit runs our tasks: its database, its reporter, what it does by default."""

from .step_reporter import StepReporter, verbosity

DOIT_CONFIG: dict[str, object] = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "sort": "definition",
    "verbosity": verbosity(),
}
