"""Functions whose names end in more than Chalice gives them. They belong to a stage that was
converted from layers to images, or back, and so has new functions beside the old ones.

Nobody writes the end down anywhere: it is that of the functions in Chalice's state.
"""

from collections.abc import Mapping
from typing import Any

ENDS = ("-image", "-layer")
ROUTES = "api_handler"  # Chalice's name for the function of the routes


def plain_name(base: str, resource: str) -> str:
    """As Chalice calls it. `base`: APP-STAGE."""
    return base if resource == ROUTES else f"{base}-{resource}"


def end_of(base: str, functions: Mapping[str, str]) -> str:
    """What the names end in, '' for Chalice's own. `functions`: {resource: function}."""
    for resource, name in functions.items():
        for end in ENDS:
            if name == plain_name(base, resource) + end:
                return end
    return ""


def apply(end: str) -> None:
    """Change Chalice in this process: its plan speaks of functions and log groups with that end."""
    from chalice.deploy import models, planner

    execute: Any = planner.PlanStage.execute
    kinds = {"LambdaFunction": "function_name", "LogGroup": "log_group_name"}

    def planned(self: Any, resources: Any) -> Any:
        for each in resources:
            for kind, attribute in kinds.items():
                if hasattr(models, kind) and isinstance(each, getattr(models, kind)):
                    setattr(each, attribute, getattr(each, attribute) + end)
        return execute(self, resources)

    setattr(planner.PlanStage, "execute", planned)  # noqa: B010 - mypy refuses the plain form
