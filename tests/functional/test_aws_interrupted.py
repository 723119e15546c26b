"""Real deploys and rollbacks that fail half-way: what is said, what the next run makes of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests import deployed_project
from tests.api_operations import operation
from tests.moto_server import Refusal, Request, Server
from tests.project import AFTER_APP, Project, Run

DENIED = Refusal(status=403, code="AccessDeniedException", message="not authorized")


@pytest.fixture
def copy(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return deployed_project.copy(tmp_path / "copy", server, monkeypatch)


def run(copy: Project, *command: str) -> Run:
    return copy.doit(*command, "stage=local", "builder=host")


def done(copy: Project, *command: str) -> Run:
    found = run(copy, *command)
    assert found.code == 0, found.output
    return found


def failed(copy: Project, *command: str) -> str:
    """Its words: an error, no traceback."""
    found = run(copy, *command)
    assert found.code == 1, found.output
    assert "Traceback" not in found.output
    return found.output


def refusing(name: str, refusal: Refusal, times: int = 99) -> Callable[[Request], Refusal | None]:
    """The first calls of one operation."""
    left = iter(range(times))

    def refused(request: Request) -> Refusal | None:
        asked = "authorization" in request.headers and operation(request)[1] == name
        return refusal if asked and next(left, None) is not None else None

    return refused


def publications(server: Server) -> int:
    return sum(
        "authorization" in seen.headers and operation(seen)[1] == "PublishLayerVersion"
        for seen in server.seen
    )


def test_a_deploy_that_chalice_may_not_finish_is_continued(copy: Project, server: Server) -> None:
    """The layer is published once; the next run enters at chalice-deploy, and need not wait: a
    deploy that fails gives the stage's lock back."""
    server.refused = refusing("CreateFunction", DENIED)
    said = failed(copy, "deploy")
    assert "✗ chalice-deploy failed" in said
    assert "not authorized" in said
    assert "./doitw iam-policy for=deploy prints the statement" in said
    assert lock()["released"]
    server.refused = lambda request: None
    assert done(copy, "deploy").steps == AFTER_APP
    assert publications(server) == 1


def test_an_api_of_a_deploy_that_failed_is_not_made_twice(copy: Project, server: Server) -> None:
    """Chalice writes its state at the end; the API was made before."""
    server.refused = refusing("CreateDeployment", DENIED)
    assert "✗ chalice-deploy failed" in failed(copy, "deploy")
    server.refused = lambda request: None
    said = done(copy, "deploy").output
    assert "which ended early: it is continued" in said
    assert "no second one is made" in said
    assert apis() == 1


def test_an_app_whose_state_is_lost_everywhere_is_refused_until_it_is_adopted(
    copy: Project,
) -> None:
    """Neither here nor in S3: it may be somebody else's."""
    done(copy, "deploy")
    state = Path(".chalice/deployed/local.json")
    known = json.loads(state.read_text())
    state.unlink()
    key = "chalice/shuking/local/deployed.json"
    boto3.client("s3").delete_object(Bucket="shuking-lambda-layers", Key=key)
    copy.write("app.py", deployed_project.APP + "\n# changed\n")
    said = failed(copy, "deploy")
    assert "stage local is running already (function shuking-local and REST API" in said
    assert "./doitw adopt-state stage=local" in said
    assert not state.exists()
    assert "found function shuking-local and REST API" in done(copy, "adopt-state").output
    done(copy, "deploy")
    assert apis() == 1
    assert json.loads(state.read_text()) == known


def lock() -> Any:
    """As it lies in S3."""
    key = "chalice/shuking/local/lock.json"
    found = boto3.client("s3").get_object(Bucket="shuking-lambda-layers", Key=key)
    return json.load(found["Body"])


def apis() -> int:
    return len(boto3.client("apigateway", "ap-northeast-2").get_rest_apis()["items"])


def test_a_lost_answer_to_publish_is_one_version(copy: Project, server: Server) -> None:
    """In the same run."""
    server.dropped = lambda method, path: (method, path[-9:]) == ("POST", "/versions")
    assert "layer:shuking-deps-layer:1" in done(copy, "deploy").output
    server.dropped = lambda method, path: False
    assert "install" not in done(copy, "deploy").steps
    assert publications(server) == 1


def test_a_function_that_is_still_updating_is_waited_for(copy: Project, server: Server) -> None:
    """Somebody else's change was not through."""
    done(copy, "deploy")
    copy.write("app.py", deployed_project.APP + "\n# changed\n")
    busy = Refusal(status=409, code="ResourceConflictException", message="update in progress")
    server.refused = refusing("UpdateFunctionCode", busy, times=1)
    assert "the function is still updating: waiting" in done(copy, "deploy").output


def test_a_function_that_fails_shows_its_error(copy: Project) -> None:
    """Out of its own log, and how to go back."""
    copy.write("app.py", deployed_project.APP.replace("import six", "import gone"))
    found = run(copy, "deploy")
    said = found.output
    assert found.code == 1
    assert "✗ smoke failed" in said
    assert "answered 500 to GET /health" in said
    assert "No module named 'gone'" in said
    assert "nothing ran before\n→ correct the app and deploy again" in said


@pytest.mark.parametrize(
    ("module", "way"),
    [
        ("gone", "-m pip install -r requirements-all.txt -r requirements.txt\n"),
        ("chalicelib.gone", "→ correct the app; nothing was built or changed"),
    ],
)
def test_an_app_that_cannot_be_imported_here(copy: Project, module: str, way: str) -> None:
    """Chalice imports it, before anything is built or published: a package that the layer alone
    has is installed; the app's own code is not."""
    copy.write("chalicelib/__init__.py", "")
    copy.write("app.py", f"import {module}\n{deployed_project.APP}")
    found = run(copy, "deploy")
    said = found.output
    assert found.code == 1
    place = f"  --> app.py:1\n   | import {module}\n"
    assert f"No module named '{module}'\n{place}" in said
    assert way in said
    assert "tasks/" not in said.partition("✗ import-app failed")[2]  # nothing of ours
    assert "▶ install" not in said


def test_a_rollback_that_failed_is_continued(copy: Project, server: Server) -> None:
    """Not one version further back; nothing is built."""
    for version in ("1.15.0", "1.16.0", "1.17.0"):
        copy.write("requirements-all.txt", f"six=={version}\n")
        done(copy, "deploy")
    server.refused = refusing("UpdateFunctionConfiguration", DENIED)
    said = failed(copy, "rollback")
    assert "The rollback is not finished" in said
    assert "go back to what was there before: ./doitw undo stage=local" in said
    server.refused = lambda request: None
    again = done(copy, "rollback")
    assert again.steps[2:] == ["rollback:config", "rollback:chalice-deploy", "rollback:smoke"]
    assert '"six": "1.16.0"' in again.output
    assert "rolled back to version 2 of " in done(copy, "status").output
    assert '"six": "1.15.0"' in done(copy, "rollback").output
