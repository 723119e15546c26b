"""The two tasks that are only others in order."""


def task_build() -> dict[str, object]:
    """Build the layer and prove it: install → prune → optimize → zip → verify. Needs no AWS."""
    return {"actions": None, "task_dep": ["verify"]}


def task_deploy() -> dict[str, object]:
    """All of it: build what is not published yet, publish, configure, deploy, ask it."""
    return {"actions": None, "task_dep": ["smoke"]}
