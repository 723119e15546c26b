"""The two tasks that are only others in order."""


def task_build() -> dict[str, object]:
    """Build the layer and prove that it works; needs no AWS."""
    return {"actions": None, "task_dep": ["verify"]}


def task_deploy() -> dict[str, object]:
    """All of it: build and publish the layer where needed, deploy the app, ask it."""
    return {"actions": None, "task_dep": ["secret", "smoke"]}
