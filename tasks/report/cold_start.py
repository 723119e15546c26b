"""What Lambda says of an invocation in the last line of its log: how long the function took to
initialize, and how much memory it needed.

Text, or JSON where the function's log format is JSON (Lambda Developer Guide, "Viewing CloudWatch
logs", and the Telemetry API's platform.report).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..util.errors import DeployError

_LINE = re.compile(r"REPORT RequestId: \S+\t(?P<fields>.*)")
_FIELD = re.compile(r"(?P<name>[A-Z][\w ]+): (?P<value>[\d.]+) (?:ms|MB)")
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Start:
    """`init`: milliseconds, of a cold start alone. `memory` and `limit`: MB. None: not said."""

    init: float | None = None
    memory: int | None = None
    limit: int | None = None

    @property
    def sentence(self) -> str:
        """For people."""
        init = UNKNOWN if self.init is None else f"{self.init:,.0f} ms"
        memory = UNKNOWN if self.memory is None else f"{self.memory} MB"
        return f"init {init}, memory {memory}" + (f" of {self.limit} MB" if self.limit else "")


def read(log: str) -> Start:
    """Of a log's end. The last such line counts, what the function printed comes before it."""
    found = [*_of_text(log), *_of_json(log)]
    if not found:
        return Start()
    said = found[-1]
    memory, limit = said.get("Max Memory Used"), said.get("Memory Size")
    return Start(
        init=said.get("Init Duration"),
        memory=None if memory is None else int(memory),
        limit=None if limit is None else int(limit),
    )


def _of_text(log: str) -> Iterator[dict[str, float]]:
    for line in _LINE.finditer(log):
        fields = _FIELD.finditer(line["fields"])
        yield {field["name"]: float(field["value"]) for field in fields}


def _of_json(log: str) -> Iterator[dict[str, float]]:
    for line in log.splitlines():
        if '"platform.report"' in line:
            try:
                metrics: dict[str, Any] = json.loads(line)["record"]["metrics"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # cut at the beginning of the tail, or the function's own
            names = {
                "initDurationMs": "Init Duration",
                "maxMemoryUsedMB": "Max Memory Used",
                "memorySizeMB": "Memory Size",
            }
            yield {names[name]: float(value) for name, value in metrics.items() if name in names}


def check(start: Start, most: int, function: str, way: str) -> None:
    """DeployError where a cold start took longer to initialize than `most` milliseconds. What is
    unknown is not judged. `most`: 0 for any. `way`: out of it."""
    if most and start.init is not None and start.init > most:
        raise DeployError(
            f"{function} took {start.init:,.0f} ms to start, and max-init allows {most:,} ms",
            fix="./doitw report lists what takes long to import. Give the function more memory "
            "(lambda_memory_size), import later, or raise max-init. ./doitw smoke measures again "
            f"once the function is cold. Or {way}",
        )
