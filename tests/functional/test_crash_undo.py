"""An undo that is killed anywhere, or that AWS refuses a part of: repeated, the end is the same."""

import json
import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests import crash_runs
from tests.crash_runs import Ground
from tests.functional.test_undo import PICKY, noted
from tests.moto_server import Refusal, Request

AGAIN = 3  # at most: the undo is finished, and the stage is kept
NUMBER = 5  # points that are drawn, the same on every run


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Its `points` are those of a deploy that undoes itself."""
    with crash_runs.ground(tmp_path_factory.mktemp("undo")) as found:
        prepare(found)
        told = found.struck.with_name("points.json")
        run = found.start("count", str(told))
        assert run.code == 1, run.output
        assert "undone: stage local runs version 1" in run.output
        found.points = json.loads(told.read_text())
        assert repeat(found) == [0]  # pinned: .layer-arn.txt follows
        found.good = end(found)
        yield found


def prepare(ground: Ground) -> str:
    """Version 1 answers, version 2 will not. Which code runs."""
    ground.fresh("built")
    ground.project.write("app.py", PICKY)
    ground.deploy()
    ground.project.write("requirements-all.txt", "six==1.17.0\n")
    return code(ground)


def code(ground: Ground) -> str:
    found = ground.aws("lambda").get_function_configuration(FunctionName="shuking-local")
    return str(found["CodeSha256"])


def end(ground: Ground) -> dict[str, Any]:
    """All that there is, the pin and the state of the deploy included."""
    pin, attempt = (
        noted(ground.project, name) for name in (f"pin-{crash_runs.LAYER}.json", "attempt.json")
    )
    kept = {name: pin[name] for name in ("arns", "lists", "replaced", "wishes", "inputs", "lifted")}
    return ground.state() | {"pin": kept, "attempt": attempt["state"]}


def repeat(ground: Ground) -> list[int]:
    """The same command until it ends well; the exit status of each."""
    codes = []
    for _ in range(AGAIN):
        run = ground.project.doit(*crash_runs.COMMAND)
        assert "Traceback (most recent call last):\n  File" not in run.output.split("its log")[0]
        codes.append(run.code)
        if not run.code:
            return codes
    raise AssertionError(run.output)


def drawn(ground: Ground) -> list[str]:
    points = range(ground.points["smoke"])
    return [*map(str, sorted(random.Random(20).sample(points, NUMBER))), "end"]  # noqa: S311 - no secret


WHICH = [pytest.param(n, marks=[pytest.mark.long] * (n != 3)) for n in range(NUMBER)]


@pytest.mark.parametrize("which", WHICH)
def test_killed_within_an_undo(ground: Ground, which: int) -> None:
    """Right before it changes or says something."""
    before, point = prepare(ground), drawn(ground)[which]
    run = ground.start("KILL", "smoke", point)
    assert run.code == -signal.SIGKILL, run.output
    codes = repeat(ground)
    assert codes in ([0], [1, 0]), point
    assert (code(ground), end(ground)) == (before, ground.good), point
    assert ground.leaks() == []


REFUSED = [
    ("PUT", "/functions/shuking-local/code"),
    ("PUT", "/functions/shuking-local/configuration"),
    ("PATCH", "/stages/api"),
    ("PUT", "/pin-"),
    ("PUT", "/record.json"),
]


@pytest.mark.long
@pytest.mark.parametrize("refused", REFUSED, ids=lambda each: each[1].rpartition("/")[2])
def test_refused_a_part_of_an_undo(ground: Ground, refused: tuple[str, str]) -> None:
    """It says that it is not undone, and the next deploy finishes it."""
    before = prepare(ground)
    method, part = refused
    denied = Refusal(status=403, code="AccessDeniedException")
    asked: list[Request] = []

    def refuse(request: Request) -> Refusal | None:
        ours = "aws-chalice" not in request.headers.get("user-agent", "")
        meant = ours and request.method == method and part in request.path
        if part == "/record.json":  # the deploy itself writes it first
            asked.extend([request] if meant else [])
            meant = meant and len(asked) > 1
        return denied if meant else None

    ground.server.refused = refuse
    ground.project.write("app.py", PICKY + "\n# other code\n")
    run = ground.project.doit(*crash_runs.COMMAND)
    ground.server.refused = lambda request: None
    assert run.code == 1, run.output
    assert "it could not be undone: " in run.output
    assert "./doitw undo stage=local goes on with it, and so does the next deploy" in run.output
    drifted = ground.project.doit("status", "stage=local", "check=1")
    assert "its undo was cut short: ./doitw undo stage=local goes on with it" in drifted.output
    run = ground.project.doit(*crash_runs.COMMAND)
    assert (run.code, code(ground)) == (1, before), run.output
    assert "undone: stage local runs version 1" in run.output
    found = end(ground)
    assert (found["function"], found["layers"], found["attempt"]) == (
        ground.good["function"], ground.good["layers"], "undone",
    )  # fmt: skip
