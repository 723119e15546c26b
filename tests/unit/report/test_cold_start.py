"""tasks/report/cold_start.py: what the log's last line says of a start, and how it is judged."""

import json

import pytest

from tasks.report import cold_start
from tasks.report.cold_start import Start
from tasks.util.errors import DeployError

TEXT = (
    "REPORT RequestId: 1c2d\tDuration: 3.27 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 36 MB\t"
)
METRICS = {
    "durationMs": 3.27, "billedDurationMs": 4, "memorySizeMB": 128, "maxMemoryUsedMB": 36,
    "initDurationMs": 104.06,
}  # fmt: skip


OVER = "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n"


def of_json(kind: str = "report", **record: object) -> str:
    said = {"time": "2026-11-29T02:00:00Z", "type": f"platform.{kind}", "record": record}
    return json.dumps(said)


@pytest.mark.parametrize(
    ("log", "init", "memory"),
    [
        (f"START RequestId: 1c2d\n{TEXT}Init Duration: 104.06 ms\t\n", 104.06, 36),
        (f"{TEXT}\n", None, 36),
        (f"{TEXT}Init Duration: 104.06 ms\tStatus: timeout\t\n", 104.06, 36),
        (f"{TEXT}Restore Duration: 500.00 ms\t\n", None, 36),
        (f"{TEXT}Init Duration: 1.00 ms\n{TEXT}Init Duration: 104.06 ms\t\nXRAY 1\n", 104.06, 36),
        (of_json(requestId="1c2d", metrics=METRICS), 104.06, 36),
        (of_json(requestId="1c2d", metrics={"maxMemoryUsedMB": 36}), None, 36),
        ('tail of "platform.report" that was cut"}}\n', None, None),
        (of_json(requestId="1c2d"), None, None),
        ("INIT_REPORT Init Duration: 104.06 ms\tPhase: init\tStatus: error\n", None, None),
        ("", None, None),
        # over 10 s: it began again in the invocation, which does not say how long that took
        (f"{OVER}START RequestId: 1c2d\n{TEXT}\n", 10_000, 36),
        (f"{OVER}INIT_REPORT Init Duration: 2500.00 ms\tPhase: invoke\tStatus: error\tError Type: X"
         f"\n{TEXT}\n", 12_499.79, 36),
        (f"INIT_REPORT Init Duration: 123.04 ms\tPhase: init\tStatus: error\tError Type: X\n{TEXT}",
         123.04, 36),
        (f"INIT_REPORT Init Duration: 123.04 ms\tPhase: init\tStatus: success\n{TEXT}", None, 36),
        (of_json("initReport", status="timeout", metrics={"durationMs": 9990}) + "\n"
         + of_json(requestId="1c2d", metrics={"maxMemoryUsedMB": 36}), 10_000, 36),
        (of_json("initReport", status="success", metrics={"durationMs": 9990}) + "\n"
         + of_json(requestId="1c2d", metrics={"maxMemoryUsedMB": 36}), None, 36),
        # lines of the function's own come before: of an app that passes telemetry on
        (f"REPORT RequestId: a\tMax Memory Used: 33.1.2 MB\t\n{TEXT}\n", None, 36),
        (f"REPORT RequestId: a\tMax Memory Used: {'9' * 400} MB\t\n{TEXT}\n", None, 36),
        (of_json(metrics={"maxMemoryUsedMB": 1, "initDurationMs": 9e9})
         + f"\n{TEXT}Init Duration: 104.06 ms\t\n", 104.06, 36),
        (f"{TEXT}Init Duration: 9.00 ms\t\n" + of_json(metrics=METRICS), 104.06, 36),
        *((f'{{"type": "platform.{kind}", "record": {{"metrics": {metrics}}}}}\n{TEXT}', None, 36)
          for kind in ("report", "initReport")
          for metrics in ('{"maxMemoryUsedMB": NaN, "durationMs": 1e999}', "[1]", '"x"', "null",
                          f'{{"durationMs": 1{"0" * 400}}}', '{"durationMs": {}}')),
        (of_json(metrics=METRICS | {"initDurationMs": None}), None, 36),
        (of_json(metrics={"maxMemoryUsedMB": float("inf")}), None, None),
    ],
)  # fmt: skip
def test_the_last_line_says_it(log: str, init: float | None, memory: int | None) -> None:
    """As text or JSON; what is not there is unknown."""
    found = cold_start.read(log)
    assert (found.init, found.memory) == (init, memory)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (Start(init=1204.6, memory=36, limit=128), "init 1,205 ms, memory 36 MB of 128 MB"),
        (Start(memory=36, limit=128), "init unknown, memory 36 MB of 128 MB"),
        (Start(), "init unknown, memory unknown"),
        (Start(init=10_000, memory=36), "init over 10 s (timed out), memory 36 MB"),
    ],
)
def test_people_read_it_in_one_line(start: Start, words: str) -> None:
    assert start.sentence == words


def test_only_what_is_known_is_judged() -> None:
    """0 is no limit; just the limit passes."""
    for start, most in ((Start(init=900), 0), (Start(init=900), 900), (Start(), 1)):
        cold_start.check(start, most, "shop-prod", "go back")
    with pytest.raises(DeployError, match=r"shop-prod took 900 ms .* allows 899 ms") as caught:
        cold_start.check(Start(init=900), 899, "shop-prod", "go back")
    assert caught.value.fix.endswith("Or go back")
    with pytest.raises(DeployError, match=r"shop-prod took over 10 s \(timed out\) to start"):
        cold_start.check(Start(init=10_000), 9_999, "shop-prod", "go back")
