"""Deploy, look, bad deploy undone, roll back, other machine deploys, emergency, back again, gc."""

import json
import re
from pathlib import Path

import pytest

from tests import deployed_project
from tests.finished_layer import zipped
from tests.functional.test_undo import PICKY, noted
from tests.moto_server import Server
from tests.project import Project, Run

LAYER, BUCKET = "shuking-deps-layer", "shuking-lambda-layers"
OLD = ["numpy", "ai-layer", "db-layer", "utils-layer"]


@pytest.fixture
def machines(tmp_path: Path, open_aws: Server) -> tuple[Project, Project]:
    """Two checkouts of one app, which does not work with six 1.17.0."""
    made = [deployed_project.checkout(tmp_path / name, open_aws) for name in ("a", "b")]
    for each in made:
        each.write("app.py", PICKY)
    return made[0], made[1]


def ends(project: Project, *words: str, code: int = 0) -> Run:
    run = project.doit(*words, "stage=local", "builder=host")
    assert run.code == code, run.output
    return run


def want(project: Project, six: str) -> None:
    project.write("requirements-all.txt", f"six=={six}\n")


def runs(project: Project) -> list[str]:
    found = project.aws("lambda").get_function_configuration(FunctionName="shuking-local")
    return [each["Arn"].partition(":layer:")[2] for each in found["Layers"]]


def configured(project: Project) -> list[str]:
    return [arn.partition(":layer:")[2] for arn in project.layers()]


def publish_old(project: Project, built: str) -> list[str]:
    """Layers as they were before this tool; the first of them has six."""
    s3 = project.aws("s3")
    key = f"layers/{LAYER}/{built}/{LAYER}.zip"
    content = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), *map(zipped, "abc")]
    client = project.aws("lambda")
    made = [
        client.publish_layer_version(LayerName=name, Content={"ZipFile": each})
        for name, each in zip(OLD, content, strict=True)
    ]
    return [str(each["LayerVersionArn"]) for each in made]


def ours(number: int) -> list[str]:
    return [f"{LAYER}:{number}"]


@pytest.mark.long
def test_the_story(machines: tuple[Project, Project]) -> None:
    a, b = machines
    for number, six in enumerate(("1.15.0", "1.16.0"), 1):
        want(a, six)
        ends(a, "deploy")
        assert runs(a) == ours(number)

    assert "all agree" in ends(a, "status", "check=1").output
    assert "nothing to do" in ends(a, "plan").output

    want(a, "1.17.0")
    said = ends(a, "deploy", code=1).output
    assert f"undone: stage local runs version 2 of {LAYER} again, as before" in said
    assert (runs(a), configured(a)) == (ours(2), ours(2))

    want(b, "1.17.0")
    b.write(
        "docker/strip_libraries.py",
        b.read("docker/strip_libraries.py") + "# another release of the tool\n",
    )
    said = ends(b, "deploy").output
    assert f"version 3 of {LAYER} failed its smoke test: shuking-local answered 500" in said
    assert (runs(a), configured(b)) == (ours(2), ours(2))

    ends(a, "rollback", "version=1", "reason=1.16 is slow")
    assert runs(a) == ours(1)
    assert "rolled back to version 1" in ends(b, "deploy").output
    assert (runs(a), configured(b)) == (ours(1), ours(1))

    old = publish_old(a, json.loads(_note(a))["built"])
    for machine in (a, b):
        machine.write("requirements.txt", "six==1.17.0\n")
    said = ends(b, "rollback", f"arn={','.join(old)}").output
    kept = r"requirements\.txt, line 1: six==1\.17\.0: not packed, the layer has 1\.1[56]\.0"
    assert re.search(kept, said), said
    assert runs(a) == configured(b) == [f"{name}:1" for name in OLD]
    ends(a, "deploy")
    assert (runs(a), configured(a)) == ([f"{name}:1" for name in OLD],) * 2

    ends(b, "unpin")
    want(b, "1.16.0")
    assert "come back" in ends(b, "plan", code=2).output
    ends(b, "deploy")
    want(a, "1.16.0")
    ends(a, "deploy")  # its config.json has the four still
    assert (runs(a), configured(a), configured(b)) == (ours(2),) * 3

    assert "deleted" in ends(a, "gc", "keep=1", "yes=1").output
    left = a.aws("lambda").list_layer_versions(LayerName=LAYER)["LayerVersions"]
    assert [each["Version"] for each in left] == [3, 2]
    assert noted(a, "attempt.json")["state"] == "answered"
    assert ends(a, "deploy").steps == ["preflight", "lookup", "smoke"]
    assert "nothing to do" in ends(b, "plan").output
    assert "all agree" in ends(b, "status", "check=1").output


def _note(project: Project) -> str:
    key = f"layers/{LAYER}/versions/1"
    found: bytes = project.aws("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return found.decode()
