"""A function's handler follows the app. Chalice gives it one when it makes the function, and never
another (chalice#2195): renamed, or moved into a Blueprint, it would be looked for by its old name.
"""

from typing import Any


def apply(*, image: bool) -> None:
    """Change Chalice in this process. `image`: the handler is the command of an image."""
    from chalice.cli import factory
    from chalice.deploy import planner

    plan: Any = planner.PlanStage._plan_lambdafunction
    make, handlers = factory.create_botocore_session, dict[str, str]()

    def planned(self: Any, resource: Any) -> Any:
        handlers[resource.function_name] = resource.handler
        return plan(self, resource)

    def add(params: dict[str, Any], **_: object) -> None:
        if handler := handlers.get(params["FunctionName"]):
            params |= {"ImageConfig": {"Command": [handler]}} if image else {"Handler": handler}

    def adorned(*arguments: Any, **named: Any) -> Any:
        session: Any = make(*arguments, **named)
        session.register("before-parameter-build.lambda.UpdateFunctionConfiguration", add)
        return session

    setattr(planner.PlanStage, "_plan_lambdafunction", planned)  # noqa: B010 - mypy refuses the plain form
    factory.create_botocore_session = adorned
