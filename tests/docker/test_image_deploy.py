"""package = "image": an app deployed as a container image, without an engine building it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import local_kinds, project
from tests.project import Project, Run

pytestmark = [pytest.mark.docker, pytest.mark.long]
FEW = 15  # requests to the registry


def settings(image: str) -> str:
    return f'builder = "docker"\nimage = "{image}"\npackage = "image"\n'


def pushed(made: Project) -> Any:
    return made.record("push")


@dataclass
class Story:
    """One project; what each command said, and what was pushed by then."""

    project: Project
    runs: dict[str, Run] = field(default_factory=dict)
    pushes: dict[str, Any] = field(default_factory=dict)

    def type(self, name: str, *words: str) -> None:
        self.runs[name] = self.project.doit(*words)
        self.pushes[name] = pushed(self.project)


@pytest.fixture(scope="module")
def story(lambda_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    made = project.small(tmp_path_factory.mktemp("image") / "project")
    text = made.read("pyproject.toml").replace('builder = "host"\n', settings(lambda_image))
    made.write("pyproject.toml", text)
    told = Story(project=made)
    try:
        tell(told)
        yield told
    finally:
        made.doit("local-stop")


def tell(story: Story) -> None:
    story.type("first", "deploy", "stage=local")
    story.type("again", "deploy", "stage=local")
    story.project.write("app.py", story.project.read("app.py") + "\n\n# one line more\n")
    story.type("line", "deploy", "stage=local")
    story.type("host", "deploy", "stage=local", "builder=host")
    good = story.project.read("app.py")
    story.project.write("app.py", good.replace("import six", "raise ValueError('no')"))
    story.type("bad", "deploy", "stage=local")
    story.project.write("app.py", good)
    story.project.write("app.py", "import moto\n" + good)  # which is here, and not in the image
    story.type("absent", "deploy", "stage=local")
    story.project.write("app.py", good)
    story.type("layer", "deploy", "stage=local", "package=layer")


def test_it_answers_out_of_the_image(story: Story) -> None:
    first = story.runs["first"]
    assert first.code == 0, first.output
    assert '"file": "/opt/python/six.py"' in first.output
    assert "live   shuking-local with image 1 (" in first.output
    assert "lookup" in first.steps
    assert not {"upload", "publish", "patch-config"} & {*first.steps}


def test_a_second_deploy_pushes_nothing(story: Story) -> None:
    again = story.runs["again"]
    assert again.code == 0, again.output
    assert again.steps == ["preflight", "lookup", "smoke"]


def test_a_changed_line_pushes_kilobytes(story: Story) -> None:
    line, sent = story.runs["line"], story.pushes["line"]
    assert line.code == 0, line.output
    assert not {"install", "zip", "verify", "image-parts"} & {*line.steps}
    assert sent["pushed"] <= 100_000
    assert sent["asked"] <= FEW
    assert sent["new"] == 1


def test_without_docker_it_is_refused_in_words(story: Story) -> None:
    host = story.runs["host"]
    assert host.code == 1
    assert host.steps == ["preflight"]
    assert 'runs functions of package = "image" in containers' in host.output


def test_a_bad_image_is_undone(story: Story) -> None:
    bad = story.runs["bad"]
    assert bad.code == 1
    assert "undone: stage local runs image" in bad.output
    assert "and that answers" in bad.output


def test_a_handler_that_does_not_start_in_the_image_is_never_pushed(story: Story) -> None:
    absent = story.runs["absent"]
    assert absent.code == 1
    assert "in the whole image these handlers do not start:\napp.app: Runtime" in absent.output
    assert "No module named 'moto'" in absent.output
    assert "chalice-deploy" not in absent.steps
    assert "1 handler started in the whole image" in story.runs["first"].output


def test_a_stage_of_images_gets_no_layer(story: Story) -> None:
    layer = story.runs["layer"]
    assert layer.code == 3  # package is not typed
    assert "package is not typed" in layer.output


def test_functions_are_images(story: Story) -> None:
    found = story.project.aws("lambda").get_function(FunctionName="shuking-local")
    assert found["Configuration"]["PackageType"] == "Image"
    assert found["Configuration"]["ImageConfigResponse"]["ImageConfig"]["Command"] == ["app.app"]
    assert found["Code"]["ImageUri"] == story.pushes["line"]["uri"]
    assert found["Configuration"]["CodeSha256"] == story.pushes["line"]["digest"][7:]


def test_every_kind_of_function_is_deployed(lambda_image: str, tmp_path: Path) -> None:
    made = local_kinds.project(tmp_path / "project")
    text = made.read("pyproject.toml").replace('builder = "host"\n', settings(lambda_image))
    made.write("pyproject.toml", text)
    try:
        local_kinds.check_every_kind(made, seconds=120)
    finally:
        made.doit("local-stop")


def test_the_same_content_has_the_same_digest(lambda_image: str, tmp_path: Path) -> None:
    """On two machines: nothing is shared but the image."""
    digests = set()
    for name in ("one", "two"):
        made = project.small(tmp_path / name / "project")
        text = made.read("pyproject.toml").replace('builder = "host"\n', settings(lambda_image))
        made.write("pyproject.toml", text)
        try:
            made.deploy()
        finally:
            made.doit("local-stop")
        digests.add(json.dumps(pushed(made)["digest"]))
    assert len(digests) == 1
