"""SIGKILL, and faults at Chalice's calls, while version 2 takes version 1's place: the function
runs with one of the two, and in the end there is one new version."""

import random
import signal
from collections.abc import Iterator

import pytest

from tests import changed_requirements
from tests.aws_proxy import Fault, Proxy, proxying
from tests.changed_requirements import Update
from tests.crash_runs import COMMAND
from tests.functional.test_chalice_faults import asked_to_write, once
from tests.moto_server import Request
from tests.reliability_counts import CHALICE, KILLED_WITHIN

# What Chalice changes when it deploys again, and what it may do twice.
CHANGED = ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PutRestApi", "CreateDeployment"]
AGAIN = ["DeleteFunctionConcurrency", "PutRolePolicy", "UpdateRestApi"]


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Update]:
    with changed_requirements.update(tmp_path_factory.mktemp("update")) as found:
        yield found


@pytest.fixture
def proxy(update: Update) -> Iterator[Proxy]:
    with proxying(update.ground.server.url) as found:
        update.ground.project.environment.update(LAYER_LOCAL_AWS=found.url)
        yield found
    update.ground.project.environment.update(LAYER_LOCAL_AWS=update.ground.server.url)


LATER = [pytest.param(x, marks=pytest.mark.long) for x in ("patch-config", "chalice-deploy")]


@pytest.mark.parametrize("step", ["publish", *LATER])
def test_killed_while_it_updates(update: Update, step: str) -> None:
    """config.json names version 1 or 2, and so does the function."""
    update.fresh()
    point = random.Random(f"update {step}").randrange(1, update.ground.points[step])  # noqa: S311 - no secret
    run = update.ground.end(signal.SIGKILL, step, str(point))
    assert run.code == -signal.SIGKILL, run.output
    runs = update.ground.state()["function"]
    assert runs in (update.ground.before, update.ground.good["function"])
    update.ground.check(KILLED_WITHIN, (step, point))


def test_answers_are_lost_while_it_updates(update: Update, proxy: Proxy) -> None:
    """Of each of its calls that changes something, the first: it took effect, and nobody heard so.
    A call that comes with a new Chalice is missed here."""
    update.fresh()
    plans = {name: once(name, Fault.LOST) for name in CHANGED}
    met: list[str] = []

    def plan(request: Request) -> Fault | None:
        lost = [name for name, each in plans.items() if each(request)]
        met.extend(lost)
        return Fault.LOST if lost else None

    proxy.plan = plan
    run = update.ground.project.doit(*COMMAND)
    assert run.code in (0, 1), run.output
    assert "Traceback" not in run.output
    update.ground.check(CHALICE, "update")
    assert sorted(met) == sorted(CHANGED)
    assert asked_to_write(proxy) == {*CHANGED, *AGAIN}
