"""The two tasks that are only others in order.

They are `uptodate`, having nothing to do of their own: doit would write down each time that it did
that, and wait for the disk.
"""


def task_build() -> dict[str, object]:
    """Build the layer and prove that it works; needs no AWS."""
    return {"actions": None, "task_dep": ["verify"], "uptodate": [True]}


def task_deploy() -> dict[str, object]:
    """All of it: build and publish the layer where needed, deploy the app, ask it."""
    return {"actions": None, "task_dep": ["secret", "smoke"], "uptodate": [True]}
