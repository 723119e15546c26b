"""SIGKILL in a deploy and a rollback of images: the same command once more puts it right."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import image_stage
from tests.image_stage import Place
from tests.project import ROOT, Project, clean_environment

pytestmark = pytest.mark.long
SCRIPT = ROOT / "tests" / "crash_at_point.py"
NAME = "shuking-prod"


@dataclass
class Ground:
    """One stage, whose app changes with each case."""

    place: Place
    project: Project
    lines: int = 0

    def change(self) -> None:
        self.lines += 1
        self.project.write("app.py", self.project.read("app.py") + f"\n# {self.lines}\n")

    def kill(self, step: str, point: str, *words: str) -> None:
        told = {"STRUCK": str(self.place.folder / "struck")}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), "KILL", step, point, "--", *words, "stage=prod"],
            cwd=self.project.path, env=clean_environment() | self.project.environment | told,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == -9, done.stdout

    def run(self, *words: str) -> str:
        done = self.project.doit(*words, "stage=prod")
        assert done.code == 0, done.output
        return done.output

    def running(self) -> str:
        found = self.place.emulator.aws("lambda").get_function(FunctionName=NAME)
        return str(found["Code"]["ImageUri"])

    def pushed(self) -> list[Any]:
        images = self.place.emulator.aws("ecr").describe_images(repositoryName="shuking")
        return list(images["imageDetails"])

    def keys(self, folder: str) -> list[Path]:
        """What S3 keeps of the repository's images there."""
        s3 = self.place.emulator.aws("s3")
        prefix = f"images/shuking/{folder}/"
        found = s3.list_objects_v2(Bucket="shuking-lambda-layers", Prefix=prefix)
        return [Path(each["Key"]) for each in found["Contents"]]

    def numbers(self) -> list[int]:
        """Of its notes. Beside each lies a mark, named by its digest."""
        return sorted(int(each.stem) for each in self.keys("versions") if each.suffix == ".json")

    def handlers(self, number: int) -> Any:
        """As the note of that image has them."""
        s3 = self.place.emulator.aws("s3")
        key = f"images/shuking/versions/{number}.json"
        found = s3.get_object(Bucket="shuking-lambda-layers", Key=key)
        return json.loads(found["Body"].read())["handlers"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with image_stage.serving(tmp_path_factory.mktemp("crash")) as place:
        found = Ground(place=place, project=place.checkout("project"))
        found.project.write(
            "pyproject.toml", found.project.read("pyproject.toml") + "lock-wait = 90\n"
        )
        found.run("deploy")
        yield found


@pytest.mark.parametrize(
    ("step", "point"),
    [
        ("lookup", "end"), ("push", "0"), ("push", "9"), ("push", "20"), ("push", "end"),
        ("chalice-deploy", "0"), ("chalice-deploy", "12"), ("chalice-deploy", "end"),
    ],
)  # fmt: skip
def test_a_deploy_that_was_killed_is_completed(ground: Ground, step: str, point: str) -> None:
    """One image more, one number more, and it runs."""
    ground.change()
    images = len(ground.pushed())
    ground.kill(step, point, "deploy")
    ground.run("deploy")
    record = json.loads(ground.project.read("build/chalice-deploy/deps/prod.json"))
    assert ground.running() == record["image"]["uri"]
    assert len(ground.pushed()) == images + 1
    assert ground.numbers() == list(range(1, images + 2))
    assert ground.handlers(images + 1) == {"api_handler": "app.app"}
    # that they are ours, should a run be killed before it notes one
    digests = {each["imageDigest"].removeprefix("sha256:") for each in ground.pushed()}
    assert digests <= {each.name for each in ground.keys("pushed")}
    assert ground.project.doit("status", "check=1", "stage=prod").code == 0


@pytest.mark.parametrize("point", ["0", "8", "end"])
def test_a_rollback_that_was_killed_is_completed(ground: Ground, point: str) -> None:
    """It does not go back one image more."""
    before = ground.running()
    ground.kill("rollback:image", point, "rollback")
    ground.run("rollback")
    back = ground.running()
    digests = {each["imageDigest"]: each for each in ground.pushed()}
    newest = max(ground.numbers())
    assert back != before
    assert back.partition("@")[2] in digests
    ground.run("unpin")
    ground.change()
    ground.run("deploy")
    assert max(ground.numbers()) == newest + 1


def test_a_conversion_that_was_killed_is_completed(ground: Ground) -> None:
    """With the functions deleted, and not made again."""
    pyproject = ground.project.read("pyproject.toml")
    ground.project.write("pyproject.toml", pyproject.replace('package = "image"\n', ""))
    functions = ground.place.emulator.aws("lambda")
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=4)
    ground.kill("convert:switch", "12", "convert", "keep-name=1")
    ground.run("convert", "keep-name=1")
    found = functions.get_function(FunctionName=NAME)
    assert found["Configuration"]["PackageType"] == "Zip"
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 4
    ground.project.write("pyproject.toml", pyproject)
    ground.run("convert", "keep-name=1")
