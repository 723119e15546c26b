"""The main job on the project's own requirements, as README tells it: deploy, again, one pin, back.

Nothing of ours is mocked: containers build, prove and run the layer, Chalice deploys.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from docker import DockerClient

from tests import docker_engine as tests_docker_engine
from tests import project
from tests.project import Project, Run

pytestmark = pytest.mark.docker
LAYER = "shuking-deps-layer"
BUILD = ["install", "prune", "optimize", "zip", "verify"]
PICTURE = [
    "preflight", "lookup", *BUILD, "upload", "publish", "patch-config", "smoke-before",
    "chalice-deploy", "smoke",
]  # fmt: skip
LOOK = ["preflight", "lookup", "smoke"]
OLD, NEW = "python-dotenv==1.0.1", "python-dotenv==1.1.0"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A command, and how things stood after it."""

    run: Run
    health: dict[str, str]  # distribution → version, answered by the function
    configured: list[int]  # versions of the layer in config.json
    deployed: list[int]  # … and of the function
    published: list[int]


@dataclass(frozen=True, kw_only=True)
class Story:
    """The scenario: what was typed, in order."""

    project: Project
    moments: dict[str, Moment] = field(default_factory=dict)

    def type(self, name: str, *arguments: str) -> None:
        run = self.project.doit(*arguments)
        aws = self.project.aws("lambda")
        versions = aws.list_layer_versions(LayerName=LAYER)["LayerVersions"]
        function = aws.get_function_configuration(FunctionName="shuking-local")
        self.moments[name] = Moment(
            run=run,
            health=self.health(),
            configured=numbers(self.project.layers()),
            deployed=numbers(each["Arn"] for each in function["Layers"]),
            published=[version["Version"] for version in versions],
        )

    def health(self) -> dict[str, str]:
        body = json.loads(self.project.record("smoke", LAYER)["body"])
        versions: dict[str, str] = body["versions"]
        return versions


def numbers(arns: Any) -> list[int]:
    return [int(arn.rpartition(":")[2]) for arn in arns]


def pinned(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)==(\S+)$", text, re.M))


@pytest.fixture(scope="module")
def story(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: DockerClient, lambda_image: str
) -> Iterator[Story]:
    """All of it, once. Afterwards neither the engine nor this machine holds anything of it."""
    folder = tmp_path_factory.mktemp("main-job")
    temporary = folder / "tmp"
    temporary.mkdir()
    copy = project.copy(folder / "project")
    environment = {"LAYER_IMAGE": lambda_image, "TMPDIR": str(temporary)}
    story = Story(project=Project(path=copy.path, environment=environment))
    with tests_docker_engine.left_as_it_was(docker_engine):
        try:
            tell(story)
            yield story
        finally:
            stopped = story.project.doit("local-stop")
        assert "emulator stopped" in stopped.output
    assert tests_docker_engine.processes_left_in(folder) == []
    assert list(temporary.iterdir()) == []


def tell(story: Story) -> None:
    story.type("first", "deploy", "stage=local", "builder=docker")
    story.type("again", "deploy", "stage=local")
    text = story.project.read("requirements-all.txt")
    story.project.write("requirements-all.txt", text.replace(OLD, NEW))
    story.type("unlocked", "deploy", "stage=local")
    story.type("lock", "lock")
    story.type("second", "deploy", "stage=local")
    story.type("back", "rollback", "version=1", "stage=local")
    story.type("status", "status", "stage=local")


def test_the_first_deploy_builds_proves_and_ships_in_this_order(story: Story) -> None:
    first = story.moments["first"]
    assert first.run.code == 0, first.run.output
    assert [step for step in first.run.steps if step in PICTURE] == PICTURE
    assert (first.configured, first.deployed, first.published) == ([1], [1], [1])


def test_the_function_answers_the_versions_that_were_asked_for(story: Story) -> None:
    """Every line of requirements-all.txt, out of the layer."""
    asked = pinned(story.project.read("requirements-all.txt").replace(NEW, OLD))
    assert len(asked) == 9
    assert story.moments["first"].health == asked


def test_the_answer_is_shown(story: Story) -> None:
    output = story.moments["first"].run.output
    assert "shuking-local: GET /health → 200" in output
    assert '"google-generativeai": "0.8.3"' in output


def test_the_layer_is_built_and_proven_in_the_image(story: Story, lambda_image: str) -> None:
    output = story.moments["first"].run.output
    assert f"installing in image {lambda_image}" in output
    assert f"testing in image {lambda_image}, /opt read-only, no network" in output
    assert " imported, " in output
    assert "compiled anew" not in output


def test_a_second_deploy_builds_and_publishes_nothing(story: Story) -> None:
    again = story.moments["again"]
    assert again.run.code == 0, again.run.output
    assert again.run.steps == LOOK
    assert (again.configured, again.deployed, again.published) == ([1], [1], [1])


def test_a_changed_pin_is_refused_until_it_is_locked(story: Story) -> None:
    """Nothing was built or changed meanwhile; `doit lock` says what moved."""
    refused, locked = story.moments["unlocked"], story.moments["lock"]
    assert refused.run.code == 1
    assert refused.run.steps == ["preflight"]
    assert "requirements-all.lock is older than requirements-all.txt" in refused.run.output
    assert "run `./doitw lock`" in refused.run.output
    assert (refused.configured, refused.deployed, refused.published) == ([1], [1], [1])
    assert locked.run.code == 0, locked.run.output
    assert "python-dotenv 1.0.1 → 1.1.0" in locked.run.output


def test_a_changed_pin_is_version_2(story: Story) -> None:
    """Only that package differs for the function."""
    first, second = story.moments["first"], story.moments["second"]
    assert second.run.code == 0, second.run.output
    assert [step for step in second.run.steps if step in BUILD] == BUILD
    assert (second.configured, second.deployed, second.published) == ([2], [2], [2, 1])
    assert second.health == first.health | {"python-dotenv": "1.1.0"}


def test_rollback_is_version_1_again(story: Story) -> None:
    """Config, function and answer; nothing is built."""
    first, back = story.moments["first"], story.moments["back"]
    assert back.run.code == 0, back.run.output
    assert [step.rpartition(":")[2] for step in back.run.steps] == [
        "check", "deploy-lock", "config", "chalice-deploy", "smoke",
    ]  # fmt: skip
    assert (back.configured, back.deployed, back.published) == ([1], [1], [2, 1])
    assert back.health == first.health


def test_status_says_what_was_rolled_back(story: Story) -> None:
    status = story.moments["status"].run
    assert status.code == 0, status.output
    assert "rolled back to version 1 of shuking-deps-layer by" in status.output
    assert "versions 2, 1; these inputs: version 2" in status.output
