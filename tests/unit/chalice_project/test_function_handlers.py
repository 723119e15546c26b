"""tasks/chalice_project/child/function_handlers.py: the handler that a deployed function starts."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.awsclient import TypedAWSClient
from chalice.cli import factory
from chalice.deploy import models, planner

from tasks.chalice_project import runner

NAME = "shop-prod-nightly"


def resource(handler: str) -> Any:
    no_limit: Any = None
    return models.LambdaFunction(
        resource_name="nightly", function_name=NAME, environment_variables={},
        runtime="python3.12", handler=handler, tags={}, timeout=60, memory_size=128,
        deployment_package=models.DeploymentPackage(filename="x.zip"), xray=False,
        role=models.PreCreatedIAMRole(role_arn="arn:aws:iam::1:role/x"), security_group_ids=[],
        subnet_ids=[], reserved_concurrency=no_limit, layers=[], architecture="x86_64",
    )  # fmt: skip


@pytest.fixture
def updated(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What Chalice's update tells AWS of the function. Chalice is itself again after the test."""
    for place, name in (
        (planner.PlanStage, "_plan_lambdafunction"), (factory, "create_botocore_session"),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, getattr(place, name))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")

    def update(handler: str) -> dict[str, Any]:
        state = SimpleNamespace(
            resource_exists=lambda resource: True, resource_deployed_values=lambda resource: {},
        )  # fmt: skip
        files: Any = SimpleNamespace(get_file_contents=lambda name, binary: b"")
        plan: Any = planner.PlanStage(state, files)  # type: ignore[arg-type] # as far as it is asked
        calls = [
            x[0] if isinstance(x, tuple) else x
            for x in plan._plan_lambdafunction(resource(handler))
        ]
        (call,) = [x for x in calls if getattr(x, "method_name", "") == "update_function"]
        session: Any = factory.create_botocore_session()
        told: list[Any] = []

        def answer(model: Any, params: Any, **_: Any) -> Any:
            if model.name == "UpdateFunctionConfiguration":
                told.append(params["body"])
            found = {"Configuration": {}, "FunctionArn": "arn:x", "Tags": {}, "State": "Active",
                     "LastUpdateStatus": "Successful", "FunctionName": NAME}  # fmt: skip
            return SimpleNamespace(status_code=200), found

        session.register("before-call.lambda", answer)
        TypedAWSClient(session, sleep=lambda seconds: None).update_function(**call.params)
        return dict(json.loads(told[0]))

    return update


def test_a_handler_that_was_renamed_reaches_a_zip(updated: Any) -> None:
    """Chalice itself gives a function its handler once (chalice#2195, #1566)."""
    assert "Handler" not in updated("app.run")
    runner.converted({})
    assert updated("chalicelib.jobs.run")["Handler"] == "chalicelib.jobs.run"


def test_a_handler_that_was_renamed_reaches_an_image(updated: Any) -> None:
    runner.converted({"image": "shop@sha256:1"})
    told = updated("app.run_all")
    assert told["ImageConfig"] == {"Command": ["app.run_all"]}
    assert not {"Handler", "Runtime", "Layers"} & {*told}
