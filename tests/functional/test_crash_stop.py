"""SIGINT and SIGTERM between steps and within them: the tool ends at once, and gives back what it
held; the next deploy puts the rest right."""

import random
import signal
from collections.abc import Iterator

import pytest

from tests import crash_runs, reliability_counts
from tests.crash_runs import Ground

WITHIN = ["install", "zip", "upload", "publish", "patch-config", "chalice-deploy"]
BETWEEN = ["verify", "upload", "patch-config", "chalice-deploy"]
BUILDING = ["install", "zip", "verify"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with crash_runs.ground(tmp_path_factory.mktemp("stop")) as found:
        yield found


def stopped(ground: Ground, number: signal.Signals, step: str, point: str) -> None:
    """It meets the signal there, and all is given back when it ends."""
    ground.fresh("bare" if step in BUILDING else "built")
    run = ground.end(number, step, point)
    assert run.code == 1, run.output
    assert "stopped\n→ run it again" in run.output
    assert "Traceback" not in run.output
    assert ground.lock()["released"], run.output
    assert ground.leaks() == []
    reliability_counts.ended(reliability_counts.STOPPED[number], ground.took_to_end())
    ground.check(reliability_counts.STOPPED[number], (step, point))


# Each step meets one of them in the ordinary run, and all of them in the long one.
WHILE = [
    pytest.param(
        step, number, id=f"{step}-{number.name}", marks=[pytest.mark.long][: (at + turn) % 3]
    )
    for at, step in enumerate(WITHIN)
    for turn, number in enumerate(reliability_counts.SIGNALS)
]


@pytest.mark.parametrize(("step", "number"), WHILE)
def test_stopped_within_a_step(ground: Ground, step: str, number: signal.Signals) -> None:
    """Right before it changes or says something, at a point drawn for the step and signal."""
    last = ground.points[step]
    point = random.Random(f"{step} {number}").randrange(1, last)  # noqa: S311 - no secret
    stopped(ground, number, step, str(point))


@pytest.mark.parametrize("step", BETWEEN)
def test_stopped_between_two_steps(ground: Ground, step: str) -> None:
    """It is done, and doit has yet to hear of it."""
    stopped(ground, signal.SIGINT, step, "end")
