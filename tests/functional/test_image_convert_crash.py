"""SIGKILL anywhere in a conversion: the same command once more ends where it would have ended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import converted_stage
from tests.converted_stage import APP, RESOURCES, ConvertedStage, look
from tests.project import ROOT, clean_environment

pytestmark = pytest.mark.long
STEP = "convert:switch"
SCRIPT = ROOT / "tests" / "crash_at_point.py"


@dataclass
class Ground:
    """`points`: of an undisturbed conversion, where it can be killed."""

    stage: ConvertedStage
    points: int = 0

    def convert(self, *how: str) -> int:
        """Exit status of one that is watched, or killed."""
        project, told = self.stage.project, {"STRUCK": str(self.stage.place.folder / "struck")}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *how, "--", "convert", "stage=prod"],
            cwd=project.path, env=clean_environment() | project.environment | told,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        return done.returncode

    def count(self) -> None:
        path = self.stage.place.folder / "points"
        assert self.convert("count", str(path)) == 0
        self.points = json.loads(path.read_text())[STEP]

    def kill(self, share: float) -> None:
        """`share`: of the way."""
        point = "end" if share == 1 else str(int(self.points * share))
        assert self.convert("KILL", STEP, point) == -9

    def finish(self) -> None:
        self.stage.run("convert", "finish=1")
        assert len(look(self.stage.place)["functions"]) == len(RESOURCES)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with converted_stage.deployed(tmp_path_factory.mktemp("crash")) as stage:
        found = Ground(stage=stage)
        stage.turn()
        found.count()
        found.finish()
        yield found


@pytest.mark.parametrize("share", [each / 12 for each in range(13)])
def test_a_conversion_that_was_killed_is_completed(ground: Ground, share: float) -> None:
    ground.stage.turn()
    ground.kill(share)
    ground.stage.run("convert")
    ground.stage.check()
    ground.finish()


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
def test_one_that_was_killed_is_turned_round(ground: Ground, share: float) -> None:
    """`package` is set back, and the same command ends where all began."""
    ground.stage.turn()
    ground.kill(share)
    ground.stage.turn()
    ground.stage.run("convert")
    ground.stage.check()
    ground.finish()


def test_a_deploy_does_nothing_in_between(ground: Ground) -> None:
    """Some events lead to new functions then, and Chalice would make each twice."""
    ground.stage.turn()
    ground.kill(0.7)
    ground.stage.turn()
    ground.stage.project.write("app.py", APP + "\n# changed\n")
    done = ground.stage.project.doit("deploy", "stage=prod")
    assert done.code == 1, done.output
    assert "./doitw convert stage=prod" in done.output
    ground.stage.turn()
    ground.stage.run("convert")
    ground.stage.check()
