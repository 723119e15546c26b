"""A stage of images from its first deploy to its clean-up, without Docker.

It is built on this machine, on a base image of a real registry, and pushed to the emulator's
over HTTP. Its functions are made, and not called: tests/docker/test_image_deploy.py calls them.
"""

import gzip
import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import image_stage
from tests.image_stage import Place
from tests.project import Project, Run

pytestmark = pytest.mark.long

NAME = "shuking-prod"
NEWS = {
    "StatementId": "news", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com",
    "SourceArn": "arn:aws:sns:ap-northeast-2:123456789012:news",
}  # fmt: skip
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/shuking"
DEPLOYING = ["import-app", "deploy-lock", "smoke-before", "push", "chalice-deploy", "smoke"]


@dataclass
class Story:
    """What each command said; `pushes`: push's record after it."""

    project: Project
    runs: dict[str, Run] = field(default_factory=dict)
    pushes: dict[str, Any] = field(default_factory=dict)
    as_layer: Any = None
    as_image: Any = None
    policy: Any = None

    def type(self, name: str, *words: str) -> None:
        self.runs[name] = self.project.doit(*words, "stage=prod")
        assert (self.project.path / "build/push/deps/prod.json").exists(), self.runs[name].output
        self.pushes[name] = self.project.record("push", stage="prod")

    def said(self, name: str, code: int = 0) -> str:
        assert self.runs[name].code == code, self.runs[name].output
        return self.runs[name].output


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with image_stage.serving(tmp_path_factory.mktemp("images")) as place:
        told = Story(project=place.checkout("project"))
        tell(told, place)
        yield told


def tell(story: Story, place: Place) -> None:
    story.type("first", "deploy")
    story.type("again", "deploy")
    place.put_base("two")  # the tag moves
    app = story.project.read("app.py")
    story.project = place.checkout("clone")  # a fresh one
    story.project.write("app.py", app + "\n# a line\n")
    story.runs["plan"] = story.project.doit("plan", "stage=prod")
    story.type("line", "deploy")
    story.type("history", "history")
    story.type("back", "rollback")
    story.type("kept", "deploy")
    story.type("status", "status", "check=1")
    story.type("unpin", "unpin")
    story.type("forward", "deploy")
    story.type("gc", "gc", "keep=0", "yes=1")
    story.type("show", "show", "version=1")
    story.type("diff", "diff", "from=1", "to=2")
    story.type("fetch", "fetch")
    story.type("sam", "package")
    story.type("terraform", "package", "format=terraform")
    story.type("undo", "undo")
    story.type("rollback-2", "rollback", "version=2")
    story.type("undo-2", "undo")
    story.type("plan-2", "plan")
    story.type("doctor", "doctor")
    story.type("logs", "logs")
    story.type("unlock", "unlock")
    story.type("iam-policy", "iam-policy", "for=deploy")
    story.type("publish", "publish")
    pyproject = story.project.read("pyproject.toml")
    story.project.write("pyproject.toml", pyproject.replace('package = "image"\n', ""))
    story.type("layer", "deploy")
    functions = place.emulator.aws("lambda")
    functions.add_permission(FunctionName=NAME, **NEWS)
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=7)
    functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="$LATEST")
    story.type("alias", "convert", "keep-name=1")
    functions.delete_alias(FunctionName=NAME, Name="live")
    story.type("to-layer", "convert", "keep-name=1")
    story.as_layer = functions.get_function(FunctionName=NAME)
    story.type("layer-again", "deploy")
    story.project.write("pyproject.toml", pyproject)
    story.type("to-image", "convert", "keep-name=1")
    story.as_image = functions.get_function(FunctionName=NAME)
    story.policy = json.loads(functions.get_policy(FunctionName=NAME)["Policy"])
    story.type("nothing", "convert", "keep-name=1")
    functions.publish_version(FunctionName=NAME)
    functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    for number in (3, 4, 5):
        story.project.write("app.py", f"{app}\n# {number}\n")
        story.type(f"deploy-{number}", "deploy")
    story.type("gc-2", "gc", "keep=0", "yes=1")
    story.type("deleted", "rollback", "version=3")


def test_the_first_deploy_builds_pushes_and_deploys(story: Story) -> None:
    said, steps = story.said("first"), story.runs["first"].steps
    assert "image 1: " in said
    assert "(4 of 4 image layers)" in said
    assert "repository shuking made" in said
    assert [each for each in steps if each in DEPLOYING] == DEPLOYING
    assert steps.index("verify") < steps.index("image-parts") < steps.index("push")
    assert not {"upload", "publish", "patch-config", "restore"} & {*steps}


def test_nothing_changed_pushes_nothing_and_runs_no_chalice(story: Story) -> None:
    assert story.runs["again"].steps == ["preflight", "lookup", "smoke"]


def test_a_fresh_clone_builds_nothing_for_a_changed_line(story: Story) -> None:
    """The blobs are known by the inputs; a base tag that moved meanwhile does not count."""
    story.said("line")
    assert story.runs["line"].steps == ["preflight", "lookup", *DEPLOYING]
    line, first = story.pushes["line"], story.pushes["first"]
    assert (line["new"], line["layers"]) == (1, 4)
    assert line["pushed"] <= 100_000
    assert line["asked"] <= 15
    assert line["digest"] != first["digest"]


def test_plan_says_what_would_be_pushed(story: Story) -> None:
    said = story.said("plan", code=2)
    assert "1. push the app (1 of 4 image layers)" in said
    assert "2. 1 function: new image, with Chalice" in said


def test_history_has_numbers_and_users(story: Story) -> None:
    said = story.said("history")
    assert "images of repository shuking" in said
    assert "the app" in said
    assert "function" in said


def test_a_rollback_switches_and_pins(story: Story) -> None:
    said = story.said("back")
    assert "stage prod is back on image 1" in said
    assert [each for each in story.runs["back"].steps if ":" in each] == [
        "rollback:check", "rollback:image", "rollback:smoke",
    ]  # fmt: skip


def test_a_deploy_keeps_what_the_stage_is_pinned_to(story: Story) -> None:
    assert "it stays there" in story.said("kept")
    assert story.runs["kept"].steps == ["preflight", "lookup", "smoke"]
    assert "all agree: nothing to do" in story.said("status")
    assert "rolled back to image 1 by" in story.said("status")


def test_unpinned_it_goes_forward_again(story: Story) -> None:
    """To the image that is there already."""
    assert "unpinned; stage prod was rolled back to image 1" in story.said("unpin")
    assert "image 2: nothing to push: the registry has it" in story.said("forward")


def test_gc_keeps_what_runs_and_what_undo_goes_back_to(story: Story) -> None:
    said = story.said("gc")
    assert "repository shuking: 2 images, 0 to delete" in said
    assert "undo of stage prod" in said


def test_commands_about_layers_are_refused(story: Story) -> None:
    said = story.said("publish", code=3)
    assert 'publish is about a layer, and stage prod has package = "image"' in said


def test_show_and_diff_tell_what_images_hold(story: Story) -> None:
    """Of their notes in S3, and whether the repository has them."""
    said = story.said("show")
    assert "six" in said
    assert "pushed 2" in said
    assert f"image {ECR}@{story.pushes['first']['digest']}" in said
    assert "it is in repository shuking" in said
    assert "used by: undo of stage prod" in said
    said = story.said("diff")
    assert "made from the same requirements and settings" in said
    assert "the app differs" in said


def test_fetch_brings_what_an_engine_loads(story: Story) -> None:
    """Every layer as it was pushed."""
    assert f"exactly the image {story.pushes['line']['digest']}" in story.said("fetch")
    with tarfile.open(story.project.path / "build/fetch/shuking/2/image.tar") as tar:
        (told,) = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type] # it is there
        config = json.load(tar.extractfile(told["Config"]))  # type: ignore[arg-type] # it is there
        for name, diff_id in zip(told["Layers"], config["rootfs"]["diff_ids"], strict=True):
            content = gzip.decompress(tar.extractfile(name).read())  # type: ignore[union-attr] # it is there
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == diff_id
    assert told["RepoTags"] == ["shuking:2"]


def test_a_template_names_the_image(story: Story) -> None:
    """For pipelines: by digest, with the handler as its command."""
    uri = story.pushes["line"]["uri"]
    assert f"its functions are image {uri}" in story.said("sam")
    folder = story.project.path / "build/package/deps/prod"
    (sam,) = folder.rglob("sam.json")
    resources = json.loads(sam.read_text())["Resources"]
    (function,) = [x for x in resources.values() if x["Type"] == "AWS::Serverless::Function"]
    properties = function["Properties"]
    assert (properties["PackageType"], properties["ImageUri"]) == ("Image", uri)
    assert properties["ImageConfig"] == {"Command": ["app.app"]}
    assert not {"Runtime", "Handler", "CodeUri", "Layers"} & {*properties}
    story.said("terraform")
    (terraform,) = folder.rglob("chalice.tf.json")
    (function,) = json.loads(terraform.read_text())["resource"]["aws_lambda_function"].values()
    assert (function["package_type"], function["image_uri"]) == ("Image", uri)
    assert function["image_config"] == {"command": ["app.app"]}
    assert not {"runtime", "handler", "filename", "layers"} & {*function}


def test_undo_brings_the_image_before_back(story: Story) -> None:
    assert "runs image" in story.said("undo")


def test_an_undone_rollback_pins_nothing(story: Story) -> None:
    """The next deploy would have gone back to it."""
    assert "note: the pin is lifted: stage prod had been rolled back to image 2" in story.said(
        "undo-2"
    )
    assert "new image" in story.said("plan-2", code=2)


@pytest.mark.parametrize("command", ["doctor", "logs", "unlock", "iam-policy"])
def test_every_other_command_works_alike(story: Story, command: str) -> None:
    story.said(command)


def test_a_stage_of_images_becomes_no_layers_by_the_way(story: Story) -> None:
    """Nothing is built for it."""
    said = story.said("layer", code=1)
    assert "shuking-prod runs from an image, and AWS never changes that of a function" in said
    assert story.runs["layer"].steps == ["preflight"]


def test_the_function_is_the_image(story: Story) -> None:
    found = json.loads(story.project.read(".chalice/deployed/prod.json"))
    assert any(each.get("lambda_arn", "").endswith("shuking-prod") for each in found["resources"])
    assert story.pushes["forward"]["uri"] == f"{ECR}@{story.pushes['line']['digest']}"


def test_a_conversion_refuses_what_cannot_be_made_again(story: Story) -> None:
    assert "function shuking-prod has the aliases live" in story.said("alias", code=1)
    assert story.runs["alias"].steps == ["convert:check"]


def test_a_stage_becomes_a_layers_and_an_images_again(story: Story) -> None:
    said = story.said("to-layer")
    assert "function shuking-prod is deleted, to be made again" in said
    steps = story.runs["to-layer"].steps
    assert steps.index("publish") < steps.index("convert:switch") < steps.index("convert:smoke")
    (layer,) = story.as_layer["Configuration"]["Layers"]
    assert layer["Arn"].endswith(":layer:deps:1")
    assert story.as_layer["Configuration"]["PackageType"] == "Zip"
    assert story.runs["layer-again"].steps == ["preflight", "lookup", "smoke"]
    assert "nothing to push: the registry has it" in story.said("to-image")
    assert story.as_image["Configuration"]["PackageType"] == "Image"
    assert story.as_image["Code"]["ImageUri"] == story.pushes["line"]["uri"]


def test_what_chalice_does_not_make_again_is_kept(story: Story) -> None:
    """Through both conversions."""
    assert story.as_layer["Concurrency"]["ReservedConcurrentExecutions"] == 7
    assert story.as_image["Concurrency"]["ReservedConcurrentExecutions"] == 7
    news = [each for each in story.policy["Statement"] if each["Sid"] == "news"]
    assert [each["Principal"]["Service"] for each in news] == ["sns.amazonaws.com"]
    assert news[0]["Condition"]["ArnLike"]["AWS:SourceArn"] == NEWS["SourceArn"]


def test_what_is_converted_already_is_said(story: Story) -> None:
    assert "stage prod has no function of another kind" in story.said("nothing", code=1)


def test_gc_keeps_what_an_alias_leads_to(story: Story) -> None:
    """A version of the function runs image 2; 5 runs, and 4 ran before."""
    said = story.said("gc-2")
    assert "image 3" in said
    assert "repository shuking: 5 images, 2 to delete" in said
    kept = [line for line in said.splitlines() if " 2 " in line and "function shuking-prod" in line]
    assert kept, said


def test_a_rollback_to_a_deleted_image_is_refused(story: Story) -> None:
    """Before anything is changed."""
    said = story.said("deleted", code=1)
    assert story.runs["deleted"].steps == ["rollback:check"]
    assert "./doitw history" in said
