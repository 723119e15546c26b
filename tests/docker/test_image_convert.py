"""One stage whose packages outgrow a layer: it becomes an image's, is changed, fails, goes back.

Its functions are called: in containers, before anything leads to them, and through the same API.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import image_stage
from tests.converted_stage import set_package
from tests.image_stage import Story
from tests.project import Project

pytestmark = [pytest.mark.docker, pytest.mark.long]
LIMIT = 250 << 20  # bytes of layer and function
LAYER, IMAGE = "shuking-local", "shuking-local-image"


def look(made: Project) -> dict[str, Any]:
    functions = made.aws("lambda").list_functions()["Functions"]
    apis: list[Any] = list(made.aws("apigateway").get_rest_apis()["items"])
    return {
        "functions": sorted(each["FunctionName"] for each in functions),
        "apis": [each["id"] for each in apis],
    }


@pytest.fixture(scope="module")
def story(lambda_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with image_stage.local(tmp_path_factory.mktemp("convert"), lambda_image, "layer") as made:
        told = Story(project=made, stage="local", look=lambda: look(made))
        tell(told)
        yield told


def tell(story: Story) -> None:
    made, good = story.project, story.project.read("app.py")
    story.type("layer", "deploy")
    large = made.path / "vendor" / "model.bin"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(LIMIT)
    made.write("requirements-all.txt", "six==1.17.0\nidna==3.10\n")
    story.type("large", "deploy", code=1)
    large.unlink()
    set_package(made, "image")
    made.write("app.py", good.replace("import six", "raise ValueError('no')"))
    story.type("bad-conversion", "convert", code=1)
    made.write("app.py", good)
    story.type("convert", "convert")
    made.write("app.py", f"{good}\n\n# one line more\n")
    story.type("line", "deploy")
    made.write("app.py", good.replace("import six", "raise ValueError('no')"))
    story.type("bad", "deploy", code=1)
    made.write("app.py", f"{good}\n\n# one line more\n")
    story.type("rollback", "rollback", "version=2")
    story.type("unpin", "unpin")
    set_package(made, "layer")
    story.type("back", "convert")
    story.type("again", "deploy")
    story.type("finish", "convert", "finish=1")
    story.type("call", "invoke", "event=http")


def test_what_is_too_large_for_a_layer_names_the_way(story: Story) -> None:
    assert 'package = "image" (10 GB)' in story.runs["large"].output


def test_new_functions_that_do_not_answer_get_no_traffic(story: Story) -> None:
    """The stage is as it was, without them."""
    said = story.runs["bad-conversion"].output
    assert "ValueError" in said
    assert "nothing leads to the new functions: the stage is as it was" in said
    assert story.seen["bad-conversion"]["functions"] == story.seen["layer"]["functions"] == [LAYER]


def test_a_live_stage_becomes_an_images(story: Story) -> None:
    said = story.runs["convert"].output
    assert f"function {IMAGE} is made beside {LAYER}" in said
    assert said.index("no event reaches the new functions yet") < said.index("Updating rest API")
    assert '"file": "/opt/python/six.py"' in said
    assert story.seen["convert"]["apis"] == story.seen["layer"]["apis"]
    assert story.seen["convert"]["functions"] == [LAYER, IMAGE]


def test_it_is_deployed_undone_and_rolled_back_as_any_other(story: Story) -> None:
    assert f"live   {IMAGE} with image" in story.runs["line"].output
    assert "undone: stage local runs image" in story.runs["bad"].output
    assert "stage local is back on image 2" in story.runs["rollback"].output


def test_it_goes_back_to_a_layer_by_the_same_command(story: Story) -> None:
    assert f"stage local is converted: {LAYER}" in story.runs["back"].output
    assert story.runs["again"].steps == ["preflight", "lookup", "smoke"]
    assert story.seen["finish"]["functions"] == [LAYER]
    assert story.seen["finish"]["apis"] == story.seen["layer"]["apis"]
    assert '"file": "/opt/python/six.py"' in story.runs["call"].output
