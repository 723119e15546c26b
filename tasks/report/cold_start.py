"""What Lambda says of an invocation in the last line of its log: how long the function took to
initialize, and how much memory it needed.

Text, or JSON where the function's log format is JSON (Lambda Developer Guide, "Viewing CloudWatch
logs", and the Telemetry API's platform.report). The line of an initialization that came to its end
in the invocation does not say how long it took. Then lines before it say how those before ended:
after 10 s Lambda begins again ("Lambda execution environment lifecycle", INIT_REPORT).
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..util.errors import DeployError

_LINE = re.compile(r"REPORT RequestId: \S+\t(?P<fields>.*)")
_INIT = re.compile(r"^INIT_REPORT (?P<fields>.*\bStatus: (?P<status>\w+).*)", re.M)
_FIELD = re.compile(r"(?P<name>[A-Z][\w ]+): (?P<value>\d+(?:\.\d+)?) (?:ms|MB)")
_NAMES = {
    "initDurationMs": "Init Duration", "maxMemoryUsedMB": "Max Memory Used",
    "memorySizeMB": "Memory Size",
}  # fmt: skip
UNKNOWN = "unknown"
MOST = 10_000  # milliseconds of an initialization before the invocation


@dataclass(frozen=True, kw_only=True)
class Start:
    """`init`: milliseconds, of a cold start alone, or MOST or more where that was not enough.
    `memory` and `limit`: MB. None: not said."""

    init: float | None = None
    memory: int | None = None
    limit: int | None = None

    @property
    def took(self) -> str:
        """For people."""
        if self.init is None:
            return UNKNOWN
        return "over 10 s (timed out)" if self.init >= MOST else f"{self.init:,.0f} ms"

    @property
    def sentence(self) -> str:
        """For people."""
        memory = UNKNOWN if self.memory is None else f"{self.memory} MB"
        return f"init {self.took}, memory {memory}" + (f" of {self.limit} MB" if self.limit else "")


def read(log: str) -> Start:
    """Of a log's end. The last such line counts, what the function printed comes before it."""
    found = sorted([*_of_text(log), *_of_json(log)], key=lambda each: each[0])
    if not found:
        return Start()
    _, said = found[-1]
    memory, limit = said.get("Max Memory Used"), said.get("Memory Size")
    return Start(
        init=said.get("Init Duration") or _failed(log),
        memory=None if memory is None else int(memory),
        limit=None if limit is None else int(limit),
    )


def _of_text(log: str) -> Iterator[tuple[int, dict[str, float]]]:
    """(where in the log, what it says)"""
    for line in _LINE.finditer(log):
        yield line.start(), _fields(line["fields"])


def _fields(text: str) -> dict[str, float]:
    return _numbers({field["name"]: field["value"] for field in _FIELD.finditer(text)})


def _numbers(said: Mapping[str, Any]) -> dict[str, float]:
    """Those of them that are some: an app may print anything."""
    found = {}
    for name, value in said.items():
        with suppress(TypeError, ValueError, OverflowError):
            if math.isfinite(number := float(value)):
                found[name] = number
    return found


def _of_json(log: str) -> Iterator[tuple[int, dict[str, float]]]:
    for place, record in _records(log, "platform.report"):
        said = _numbers(record["metrics"])
        yield place, {_NAMES[name]: value for name, value in said.items() if name in _NAMES}


def _records(log: str, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(where in the log, one with metrics)"""
    lines = log.splitlines(keepends=True)
    for place, line in zip(accumulate(map(len, lines), initial=0), lines, strict=False):
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            record = json.loads(line)["record"] if f'"{kind}"' in line else {"metrics": None}
            if isinstance(record["metrics"], dict):
                yield place, record


def _failed(log: str) -> float | None:
    """Milliseconds of initializations that came to nothing, before one in the invocation did."""
    found = [(each["status"], _fields(each["fields"])) for each in _INIT.finditer(log)]
    for _, each in _records(log, "platform.initReport"):
        took = _numbers(each["metrics"]).get("durationMs", 0.0)
        found.append((str(each.get("status", "success")), {"Init Duration": took}))
    failed = [(status, said) for status, said in found if status != "success"]
    took = sum(said.get("Init Duration", 0.0) for _, said in failed)
    return max(took, MOST * any(status == "timeout" for status, _ in failed)) or None


def check(start: Start, most: int, function: str, way: str) -> None:
    """DeployError where a cold start took longer to initialize than `most` milliseconds. What is
    unknown is not judged. `most`: 0 for any. `way`: out of it."""
    if most and start.init is not None and start.init > most:
        raise DeployError(
            f"{function} took {start.took} to start, and max-init allows {most:,} ms",
            fix="./doitw report lists what takes long to import. Give the function more memory "
            "(lambda_memory_size), import later, or raise max-init. ./doitw smoke measures again "
            f"once the function is cold. Or {way}",
        )
