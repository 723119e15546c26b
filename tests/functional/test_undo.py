"""A deploy whose app does not answer undoes itself: the real steps, AWS over HTTP, Chalice."""

import json
import re
from pathlib import Path
from typing import Any

from tests import deployed_project
from tests.moto_server import Server
from tests.project import APP, Project, Run

# Answers as long as the layer's six is not 1.17.0, and the variable is not `bad`.
PICKY = """
import os
from importlib.metadata import version

from chalice import Chalice

app = Chalice(app_name="shuking")


@app.route("/health")
def health():
    if version("six") == "1.17.0" or os.environ.get("MODE") == "bad":
        raise RuntimeError("six 1.17.0 is not for us")
    return {"six": version("six"), "mode": os.environ.get("MODE", "")}
"""
MORE = PICKY + '\n\n@app.route("/more")\ndef more():\n    return {}\n'


def failing(project: Project, *words: str) -> Run:
    """A deploy that ends with exit status 1 and no traceback."""
    run = project.doit(*(words or ("deploy",)), "stage=local")
    assert run.code == 1, run.output
    assert "Traceback (most" not in run.output.partition("its log ends with")[0]
    return run


def done(project: Project, *words: str) -> str:
    run = project.doit(*words, "stage=local")
    assert run.code == 0, run.output
    return run.output


def function(project: Project) -> dict[str, Any]:
    """What the function is, as far as a deploy decides it."""
    found = project.aws("lambda").get_function_configuration(FunctionName="shuking-local")
    names = ("CodeSha256", "Handler", "Timeout", "MemorySize", "Environment", "Runtime")
    layers = [each["Arn"].partition(":layer:")[2] for each in found.get("Layers", [])]
    return {name: found.get(name) for name in names} | {"Layers": layers}


def api(project: Project) -> list[str]:
    """The deployments that the REST API's stages have."""
    client = project.aws("apigateway")
    [found] = client.get_rest_apis()["items"]
    return [each["deploymentId"] for each in client.get_stages(restApiId=found["id"])["item"]]


def configure(project: Project, **more: object) -> None:
    config = json.loads(project.read(".chalice/config.json"))
    config["stages"]["local"] |= more
    project.write(".chalice/config.json", json.dumps(config, indent=2))


def noted(project: Project, name: str) -> Any:
    key = f"chalice/shuking/local/{name}"
    return json.load(project.aws("s3").get_object(Bucket="shuking-lambda-layers", Key=key)["Body"])


def test_a_version_that_does_not_answer_is_undone(layer: Project) -> None:
    """Layers, config.json, pin and records; then the same again keeps it, and a fix goes on."""
    layer.write("app.py", PICKY)
    layer.deploy()
    before, config = function(layer), layer.layers()
    layer.write("requirements-all.txt", "six==1.17.0\n")
    said = failing(layer).output
    assert "what runs answers" in said
    assert "undone: stage local runs version 1 of deps again, as before" in said
    assert "and that answers" in said
    assert (function(layer), layer.layers()) == (before, config)
    pin = noted(layer, "pin-deps.json")
    assert pin["reason"].startswith("version 2 of deps failed its smoke test: shuking-local")
    assert noted(layer, "attempt.json")["state"] == "undone"
    status = done(layer, "status")
    assert "version 2 of deps failed its smoke test" in status
    assert "nothing to do" in done(layer, "plan")
    kept = layer.deploy()
    assert kept.steps == ["preflight", "lookup", "smoke"]
    assert function(layer) == before
    layer.write("requirements-all.txt", "six==1.15.0\n")
    assert "the pin has ended" in layer.deploy().output
    assert function(layer)["Layers"] == ["deps:3"]
    layer.write("requirements-all.txt", "six==1.17.0\n")
    failing(layer)
    layer.write("app.py", APP)  # which takes six 1.17.0: there was no more to correct
    told = layer.doit("plan", "stage=local").output
    assert "requirements, settings or the app have changed since: the deploy ends that pin" in told
    assert "the pin has ended" in layer.deploy().output
    assert function(layer)["Layers"] == ["deps:2"]


def test_the_apps_code_alone_is_undone(layer: Project) -> None:
    """Code, variables, settings and the API's deployment; no pin, since the layer is the same."""
    layer.write("app.py", PICKY)
    configure(layer, environment_variables={"MODE": "good"}, lambda_timeout=40)
    layer.deploy()
    before, deployment = function(layer), api(layer)
    layer.write("app.py", MORE)
    configure(
        layer, environment_variables={"MODE": "bad"}, lambda_timeout=50, lambda_memory_size=256
    )
    said = failing(layer).output
    assert "undone: stage local runs version 1 of deps again, as before" in said
    assert "not undone: role default-role: its policy is as the deploy left it" in said
    assert function(layer) == before
    assert api(layer) == deployment
    keys = layer.aws("s3").list_objects_v2(Bucket="shuking-lambda-layers", Prefix="chalice/")
    assert not [each for each in keys["Contents"] if "/pin-" in each["Key"]]
    layer.write("app.py", APP)
    configure(layer, environment_variables={}, lambda_timeout=40)
    layer.deploy()


def test_undo_by_hand_after_a_deploy_that_answers(layer: Project) -> None:
    """What a smoke test does not see; code and all, where `rollback` moves layers alone."""
    assert "nothing is kept of what ran before" in failing(layer, "undo").output
    layer.write("app.py", PICKY)
    layer.deploy()
    before = function(layer)
    layer.write("app.py", MORE)
    layer.deploy()
    assert function(layer) != before
    assert "runs version 1 of deps again" in done(layer, "undo")
    assert function(layer) == before
    assert "is undone already" in done(layer, "undo")


def test_it_is_left_where_that_is_wanted(layer: Project) -> None:
    """`stop`; then the one command brings it back."""
    layer.write("app.py", PICKY)
    layer.write("pyproject.toml", layer.read("pyproject.toml") + 'on-smoke-failure = "stop"\n')
    layer.deploy()
    before = function(layer)
    layer.write("requirements-all.txt", "six==1.17.0\n")
    said = failing(layer).output
    assert "not undone: on-smoke-failure is stop" in said
    assert "./doitw undo stage=local brings back what ran before" in said
    assert function(layer)["Layers"] == ["deps:2"]
    drifted = failing(layer, "status", "check=1").output
    assert "the deploy of version 2 of deps by " in drifted
    assert " does not answer: shuking-local " in drifted
    layer.write("app.py", MORE)  # what is there does not answer: nothing to go back to
    layer.write("pyproject.toml", layer.read("pyproject.toml").replace('"stop"', '"rollback"'))
    said = failing(layer).output
    assert "not undone: what ran before did not answer either: shuking-local" in said
    assert function(layer)["Layers"] == ["deps:2"]
    done(layer, "rollback", "version=1")
    assert function(layer)["Layers"] == before["Layers"]


def test_a_first_deploy_that_does_not_answer(layer: Project) -> None:
    """Nothing ran before; it says so, and is drift."""
    layer.write("app.py", PICKY)
    layer.write("requirements-all.txt", "six==1.17.0\n")
    said = failing(layer).output
    assert "not undone: nothing ran before" in said
    assert "undo stage=local" not in said
    assert "rollback" not in said
    assert "→ correct the app and deploy again" in said
    assert "does not answer" in failing(layer, "status", "check=1").output


EVENTS = """

@app.lambda_function()
def gone(event, context):
    return 1


@app.schedule("rate(1 hour)")
def nightly(event):
    return 1
"""


def test_what_is_not_undone_is_listed(layer: Project) -> None:
    """Event sources, functions that were deleted or came with it, roles."""
    layer.write("app.py", PICKY + EVENTS.replace("rate(1 hour)", "rate(2 hours)"))
    layer.deploy()
    code = PICKY.replace("1.17.0", "1.16.0") + EVENTS.replace("gone", "came")
    layer.write("app.py", code)
    said = failing(layer).output
    assert "not undone: function shuking-local-gone, which the deploy deleted" in said
    assert "not undone: function came, which the deploy made" in said
    assert "not undone: cloudwatch event nightly-event: it is as the deploy left it" in said
    assert "not undone: role default-role" in said
    status = layer.doit("status", "stage=local", "check=1")
    assert "function shuking-local-gone" not in status.output or status.code == 1


OF_SECRET = PICKY.replace('version("six") == "1.17.0"', 'os.environ["WORD"] == "a-bad-word"')


def test_the_secrets_values_come_back(tmp_path: Path, open_aws: Server) -> None:
    """By the version that was deployed; what is kept of the stage holds none of them."""
    project = deployed_project.checkout(tmp_path / "copy", open_aws)
    project.write("app.py", OF_SECRET)
    project.write("pyproject.toml", '[tool.lambda-layer]\nsecret = "shop"\nbuilder = "host"\n')
    manager = project.aws("secretsmanager")
    manager.create_secret(Name="shop", SecretString='{"WORD": "a-good-word"}')
    done(project, "deploy")
    before = function(project)
    manager.put_secret_value(SecretId="shop", SecretString='{"WORD": "a-bad-word"}')
    said = failing(project).output
    assert "undone: stage local runs version 1" in said
    assert function(project) == before
    assert before["Environment"]["Variables"]["WORD"] == "a-good-word"
    kept = json.dumps(noted(project, "attempt.json"))
    assert "WORD" not in kept.replace('"names": ["WORD"]', "")
    assert "-word" not in kept + said


def test_a_rollback_that_does_not_answer_says_what_brings_back_what_ran(layer: Project) -> None:
    """One command, which brings the code back, too: this checkout has another one by now."""
    layer.write("requirements-all.txt", "six==1.17.0\n")
    layer.deploy()
    layer.write("app.py", PICKY)
    layer.write("requirements-all.txt", "six==1.16.0\n")
    layer.deploy()
    before = function(layer)
    layer.write("app.py", MORE)
    said = failing(layer, "rollback", "version=1").output
    [way] = re.findall(r"go back to what was there before: \./doitw (.+)", said)
    assert function(layer)["Layers"] == ["deps:1"]
    assert layer.doit(*way.split()).code == 0
    assert (function(layer), layer.layers()[0][-1]) == (before, "2")
