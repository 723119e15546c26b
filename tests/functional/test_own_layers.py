"""Functions that have `layers` of their own, which Chalice gives them instead of the stage's."""

import json
from typing import Any

from tests.finished_layer import zipped
from tests.project import APP, Project

FUNCTIONS = """

@app.lambda_function()
def render(event, context):
    import extra
    import six

    return {"six": six.__version__, "extra": extra.NAME}


@app.lambda_function()
def bare(event, context):
    return "bare"
"""


def publish_extra(project: Project) -> str:
    """The ARN of another layer in the emulator."""
    answer = project.aws("lambda").publish_layer_version(
        LayerName="extra", Content={"ZipFile": zipped('NAME = "its own"\n', "python/extra.py")}
    )
    return str(answer["LayerVersionArn"])


def configure(project: Project, functions: dict[str, Any]) -> None:
    """What stage local says of single functions."""
    config = json.loads(project.read(".chalice/config.json"))
    config["stages"]["local"]["lambda_functions"] = functions
    project.write(".chalice/config.json", json.dumps(config, indent=2))


def runs(project: Project) -> dict[str, list[str]]:
    """{function: its layers} as AWS has them, each by name and version."""
    names = ("shuking-local", "shuking-local-render", "shuking-local-bare")
    found = {
        name: project.aws("lambda").get_function_configuration(FunctionName=name) for name in names
    }
    return {
        name.removeprefix("shuking-local"): [
            each["Arn"].partition(":layer:")[2] for each in configuration.get("Layers", [])
        ]
        for name, configuration in found.items()
    }


def rendered(project: Project) -> Any:
    """What the function with a layer of its own answers."""
    answer = project.aws("lambda").invoke(FunctionName="shuking-local-render", Payload=b"{}")
    return json.load(answer["Payload"])


def test_the_layer_goes_in_beside_them_and_back(layer: Project) -> None:
    """The other one stays where it is, and so does the list of a function that wants none."""
    layer.write("app.py", APP + FUNCTIONS)
    assert layer.doit("local-start").code == 0
    extra = publish_extra(layer)
    configure(layer, {"render": {"layers": [extra], "lambda_timeout": 50}, "bare": {"layers": []}})
    said = layer.deploy().output
    assert "function render uses it, too, beside the `layers` of its own" in said
    assert "note: function bare has an empty `layers` of its own, and gets no layer" in said
    assert runs(layer) == {"": ["deps:1"], "-render": ["extra:1", "deps:1"], "-bare": []}
    assert rendered(layer) == {"six": "1.16.0", "extra": "its own"}

    layer.write("requirements-all.txt", "six==1.17.0\n")
    layer.deploy()
    assert runs(layer) == {"": ["deps:2"], "-render": ["extra:1", "deps:2"], "-bare": []}
    assert "all agree: nothing to do" in layer.doit("status", "stage=local").output
    assert layer.doit("plan", "stage=local").code == 0

    run = layer.doit("rollback", "stage=local")
    assert run.code == 0, run.output
    assert runs(layer) == {"": ["deps:1"], "-render": ["extra:1", "deps:1"], "-bare": []}
    assert rendered(layer) == {"six": "1.16.0", "extra": "its own"}
    config = json.loads(layer.read(".chalice/config.json"))["stages"]["local"]
    assert config["lambda_functions"] == {
        "render": {"layers": [extra, *config["layers"]], "lambda_timeout": 50},
        "bare": {"layers": []},
    }
