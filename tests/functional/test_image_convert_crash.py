"""SIGKILL anywhere in a conversion: the same command once more ends where it would have ended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import image_stage
from tests.converted_stage import APP, OLD, RESOURCES, leads_to, look, make_sources, set_package
from tests.image_stage import Place
from tests.project import ROOT, Project, clean_environment

pytestmark = pytest.mark.long
STEP = "convert:switch"
SCRIPT = ROOT / "tests" / "crash_at_point.py"
KINDS = {"image": "Image", "layer": "Zip"}


@dataclass
class Ground:
    """One stage, which each case converts once more. `kind`: what it is now; `points`: of an
    undisturbed conversion, where it can be killed."""

    place: Place
    project: Project
    kind: str = "layer"
    points: int = 0

    @property
    def end(self) -> str:
        return "" if self.kind == "layer" else "-image"

    def turn(self) -> None:
        self.kind = "image" if self.kind == "layer" else "layer"
        set_package(self.project, self.kind)

    def convert(self, *how: str) -> int:
        """Exit status of one that is watched, or killed."""
        told = {"STRUCK": str(self.place.folder / "struck")}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *how, "--", "convert", "stage=prod"],
            cwd=self.project.path, env=clean_environment() | self.project.environment | told,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        return done.returncode

    def count(self) -> None:
        path = self.place.folder / "points"
        assert self.convert("count", str(path)) == 0
        self.points = json.loads(path.read_text())[STEP]

    def kill(self, share: float) -> None:
        """`share`: of the way."""
        point = "end" if share == 1 else str(int(self.points * share))
        assert self.convert("KILL", STEP, point) == -9

    def run(self, *words: str) -> str:
        done = self.project.doit(*words, "stage=prod")
        assert done.code == 0, done.output
        return done.output

    def check(self) -> None:
        """All leads to functions of the kind that was wanted, once; nothing is left to do."""
        seen = look(self.place)
        assert leads_to(seen, self.end), seen
        kinds = {seen["functions"][f"{OLD}{each}{self.end}"] for each in RESOURCES}
        assert kinds == {KINDS[self.kind]}
        assert len(seen["apis"]) == 1
        assert seen["reserved"] == 7
        assert self.project.doit("status", "check=1", "stage=prod").code == 0


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with image_stage.serving(tmp_path_factory.mktemp("crash")) as place:
        found = Ground(place=place, project=place.checkout("project"))
        make_sources(place)
        found.project.write("app.py", APP)
        text = found.project.read("pyproject.toml") + "lock-wait = 90\n"
        found.project.write("pyproject.toml", text)
        set_package(found.project, "layer")
        found.run("deploy")
        place.emulator.aws("lambda").put_function_concurrency(
            FunctionName=OLD, ReservedConcurrentExecutions=7
        )
        found.turn()
        found.count()
        found.run("convert", "finish=1")
        yield found


@pytest.mark.parametrize("share", [each / 12 for each in range(13)])
def test_a_conversion_that_was_killed_is_completed(ground: Ground, share: float) -> None:
    ground.turn()
    ground.kill(share)
    ground.run("convert")
    ground.check()
    ground.run("convert", "finish=1")
    assert len(look(ground.place)["functions"]) == len(RESOURCES)


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
def test_one_that_was_killed_is_turned_round(ground: Ground, share: float) -> None:
    """`package` is set back, and the same command ends where all began."""
    ground.turn()
    ground.kill(share)
    ground.turn()
    ground.run("convert")
    ground.check()
    ground.run("convert", "finish=1")
    assert len(look(ground.place)["functions"]) == len(RESOURCES)


def test_a_deploy_does_nothing_in_between(ground: Ground) -> None:
    """Some events lead to new functions then, and Chalice would make each twice."""
    ground.turn()
    ground.kill(0.7)
    ground.turn()
    ground.project.write("app.py", APP + "\n# changed\n")
    done = ground.project.doit("deploy", "stage=prod")
    assert done.code == 1, done.output
    assert "a conversion of stage prod is not done" in done.output
    ground.turn()
    ground.run("convert")
    ground.check()
