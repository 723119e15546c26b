"""package = "image": an app deployed as a container image, without an engine building it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import image_stage, local_kinds
from tests.image_stage import Story
from tests.project import CONFIG

pytestmark = [pytest.mark.docker, pytest.mark.long]
# What wants a region and credentials, and a function's own variables, when it is imported.
AT_IMPORT = """
import os
import boto3
TABLE = boto3.resource("dynamodb").Table("orders")
HERE = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), os.environ.get("TZ")
if HERE[0]:
    assert HERE == ("512", ":/etc/localtime"), HERE  # the second is the base image's own
"""
FEW = 15  # requests to the registry


@pytest.fixture(scope="module")
def story(lambda_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with image_stage.local(tmp_path_factory.mktemp("image"), lambda_image, "image") as made:
        told = Story(project=made, stage="local", look=lambda: made.record("push"))
        tell(told)
        yield told


def tell(story: Story) -> None:
    story.project.write("app.py", AT_IMPORT + story.project.read("app.py"))
    story.type("first", "deploy")
    story.type("again", "deploy")
    story.project.write("app.py", story.project.read("app.py") + "\n\n# one line more\n")
    story.type("line", "deploy")
    story.type("host", "deploy", "builder=host", code=1)
    good = story.project.read("app.py")
    story.project.write("app.py", good.replace("import six", "raise ValueError('no')"))
    story.type("bad", "deploy", code=1)
    story.project.write("app.py", good)
    story.project.write("app.py", "import moto\n" + good)  # which is here, and not in the image
    story.type("absent", "deploy", code=1)
    story.project.write("app.py", good)
    story.type("layer", "deploy", "package=layer", code=3)


def test_it_answers_out_of_the_image(story: Story) -> None:
    first = story.runs["first"]
    assert '"file": "/opt/python/six.py"' in first.output
    assert "live   shuking-local with image 1 (" in first.output
    assert "lookup" in first.steps
    assert not {"upload", "publish", "patch-config"} & {*first.steps}


def test_a_second_deploy_pushes_nothing(story: Story) -> None:
    again = story.runs["again"]
    assert again.steps == ["preflight", "lookup", "smoke"]


def test_a_changed_line_pushes_kilobytes(story: Story) -> None:
    line, sent = story.runs["line"], story.seen["line"]
    assert not {"install", "zip", "verify", "image-parts"} & {*line.steps}
    assert sent["pushed"] <= 100_000
    assert sent["asked"] <= FEW
    assert sent["new"] == 1


def test_without_docker_it_is_refused_in_words(story: Story) -> None:
    host = story.runs["host"]
    assert host.steps == ["preflight"]
    assert 'runs functions of package = "image" in containers' in host.output


def test_a_bad_image_is_undone(story: Story) -> None:
    bad = story.runs["bad"]
    assert "undone: stage local runs image" in bad.output
    assert "and that answers" in bad.output


def test_a_handler_that_does_not_start_in_the_image_is_never_pushed(story: Story) -> None:
    absent = story.runs["absent"]
    assert "in the whole image these handlers do not start:\napp.app: Runtime" in absent.output
    assert "No module named 'moto'" in absent.output
    assert "chalice-deploy" not in absent.steps
    assert "1 handler started in the whole image" in story.runs["first"].output


def test_a_stage_of_images_gets_no_layer(story: Story) -> None:
    layer = story.runs["layer"]
    assert "package is not typed" in layer.output


def test_functions_are_images(story: Story) -> None:
    found = story.project.aws("lambda").get_function(FunctionName="shuking-local")
    assert found["Configuration"]["PackageType"] == "Image"
    assert found["Configuration"]["ImageConfigResponse"]["ImageConfig"]["Command"] == ["app.app"]
    assert found["Code"]["ImageUri"] == story.seen["line"]["uri"]
    assert found["Configuration"]["CodeSha256"] == story.seen["line"]["digest"][7:]


def test_every_kind_of_function_is_deployed(lambda_image: str, tmp_path: Path) -> None:
    made = local_kinds.project(tmp_path / "project")
    image_stage.in_docker(made, lambda_image, "image")
    config = made.read(CONFIG)  # an image has no layers
    made.write(CONFIG, config.replace(f'"{local_kinds.FONTS}"', ""))
    try:
        local_kinds.check_every_kind(made, seconds=120)
    finally:
        made.doit("local-stop")


def test_the_same_content_has_the_same_digest(lambda_image: str, tmp_path: Path) -> None:
    """On two machines: nothing is shared but the image."""
    digests = set()
    for name in ("one", "two"):
        with image_stage.local(tmp_path / name, lambda_image, "image") as made:
            made.deploy()
            digests.add(json.dumps(made.record("push")["digest"]))
    assert len(digests) == 1
