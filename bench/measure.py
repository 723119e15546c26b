"""One command, measured: seconds, and the peak memory of its whole process tree."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.util.errors import BuildError

SAMPLE_SECONDS = 0.05
TAIL = 1500  # characters of a failed command's output that are shown


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is started, where, and with which variables beside the inherited ones."""

    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`memory`: peak bytes (PSS, summed over the process tree), 0 where it was not sampled."""

    seconds: float
    memory: int = 0


def run(command: Command, *, memory: bool = False) -> Measured:
    """Run it to its end. Sampling costs time, so a run gives one figure or the other its worth.

    BuildError, with the end of its output, when it fails.
    """
    log = command.folder / "bench.log"
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command.words, cwd=command.folder, env=os.environ | command.environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        peak = _peak(process) if memory else 0
        code = process.wait()
        seconds = time.monotonic() - started
    if code:
        said = log.read_text(encoding="utf-8", errors="replace")[-TAIL:]
        raise BuildError(f"{' '.join(command.words)} failed:\n{said}", fix=f"see {log}")
    return Measured(seconds=seconds, memory=peak)


def _peak(process: "subprocess.Popen[bytes]") -> int:
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(_pss, _tree(process.pid))))
        time.sleep(SAMPLE_SECONDS)
    return peak


def _tree(root: int) -> Iterator[int]:
    """The process and all that descend from it, sessions of their own included."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)):
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def _parent(entry: Path) -> int:
    """0 when it ended meanwhile."""
    try:
        after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2]
    except OSError:
        return 0
    return int(after_name.split()[1])


def _pss(pid: int) -> int:
    """Bytes: its own pages whole, shared ones divided by those who share them (proc(5))."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended meanwhile
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
