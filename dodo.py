"""Table of contents: what `doit` can do here. The logic is in tasks/."""

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "verbosity": 2,
}


def task_build():
    return {"actions": None}
