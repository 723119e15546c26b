"""The two tasks that are only others in order.

They are `uptodate`, having nothing to do of their own: doit would write down each time that it did
that, and wait for the disk.
"""

from .table import STEPS


def task_build() -> dict[str, object]:
    """Build and test the layer only, without AWS."""
    return {"actions": None, "task_dep": [*STEPS["build"]], "uptodate": [True]}


def task_deploy() -> dict[str, object]:
    """Build and publish the layer, deploy the app, call it."""
    return {"actions": None, "task_dep": ["secret", "smoke"], "uptodate": [True]}
