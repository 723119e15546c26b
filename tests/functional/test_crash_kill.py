"""SIGKILL at every boundary between steps and at points within: the next deploy puts it right."""

import random
import signal
from collections.abc import Iterator

import pytest

from tests import crash_runs
from tests.crash_runs import Ground
from tests.reliability_counts import KILLED_BETWEEN, KILLED_WITHIN

BUILDING = ["install", "prune", "optimize", "zip", "sbom", "report-page", "verify"]
CHANGING = ["upload", "publish", "patch-config", "chalice-deploy"]
SHIPPING = ["preflight", "lookup", "import-app", "deploy-lock", "smoke-before", *CHANGING, "smoke"]
POINTS = {"install": 1, "zip": 1}  # drawn in a step, the same on every run; else two


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with crash_runs.ground(tmp_path_factory.mktemp("kill")) as found:
        yield found


def drawn(ground: Ground, step: str) -> list[int]:
    return sorted(random.Random(step).sample(range(1, ground.points[step]), POINTS.get(step, 2)))  # noqa: S311 - no secret


def killed(ground: Ground, step: str, point: str) -> None:
    run = ground.end(signal.SIGKILL, step, point)
    assert run.code == -signal.SIGKILL, run.output


def test_every_step_is_here(ground: Ground) -> None:
    """A step that comes to the pipeline comes to these tests."""
    assert sorted(ground.points) == sorted([*BUILDING, *SHIPPING])


LOOKING = [pytest.param(x, marks=pytest.mark.long) for x in SHIPPING[:5]]  # they change nothing


@pytest.mark.parametrize("step", [*LOOKING, *SHIPPING[5:]])
def test_killed_after_a_step(ground: Ground, step: str) -> None:
    """It is done, and doit does not know."""
    ground.fresh("built")
    killed(ground, step, "end")
    ground.check(KILLED_BETWEEN, step)


def test_killed_after_each_step_of_the_build(ground: Ground) -> None:
    """One after the other in one checkout, which makes what is left more and more."""
    ground.fresh()
    for step in BUILDING:
        killed(ground, step, "end")
    ground.check(KILLED_BETWEEN, BUILDING)


# Each takes half a minute, so only the first two are no `long` ones.
WITHIN = ["chalice-deploy", "install"]
WITHIN_LONG = [pytest.param(x, marks=pytest.mark.long) for x in ["zip", *CHANGING[:-1]]]


@pytest.mark.parametrize("step", [*WITHIN, *WITHIN_LONG])
def test_killed_within_a_step(ground: Ground, step: str) -> None:
    """Right before it changes or says something."""
    for point in drawn(ground, step):
        ground.fresh("built" if step in CHANGING else "bare")
        killed(ground, step, str(point))
        ground.check(KILLED_WITHIN, (step, point))
