"""What the tests do to the tool, and what came of it, counted: docs/reliability.md says it.

`pytest -n2 --reliability=docs/reliability.md` writes the counts of that run there; with some files
named, the rows that these count. Each fault and
kind of bad input stands here by name, so that none is dropped unseen; what nobody looked for is no
zero.
"""

import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tasks.util.errors import LayerError
from tests.aws_proxy import Fault

DOCUMENT = Path(__file__).parents[1] / "docs" / "reliability.md"
BEGIN, END = "<!-- the tests write from here -->", "<!-- to here -->"
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
STALE = "AWS: lists that are out of date"
KILLED_BETWEEN, KILLED_WITHIN = "SIGKILL between two steps", "SIGKILL within a step"
STOPPED = {number: f"{number.name} between two steps and within" for number in SIGNALS}
CRASHES = {
    KILLED_BETWEEN: "after each step of a deploy",
    KILLED_WITHIN: "at points drawn in install, zip and each step after it; of an update, too",
    **dict.fromkeys(STOPPED.values(), "after steps, and at a point drawn in each of those six"),
}
ENGINE_DIES, ENGINE_FULL = "Docker: the engine dies", "Docker: the engine's disk is full"
CONTAINER = "Docker: container or image vanish, memory or disk run out"
SIGNALLED = "Docker: a signal while a container works"
ENGINE = {
    ENGINE_DIES: "every connection ends and nobody answers, at calls of a build in turn",
    ENGINE_FULL: "it says so, at calls of a build in turn",
    CONTAINER: "`docker kill`, `docker rm`, 64 MB of memory, a full `/dev/shm`, no such image",
    SIGNALLED: "SIGINT, SIGTERM, SIGHUP and SIGKILL",
}
DISK_FULL, READ_ONLY = "a disk is full", "a folder may only be read"
DISKS = {
    DISK_FULL: "of build/ at three sizes, of the temporary files, while Chalice packs",
    READ_ONLY: "the checkout, build/, .chalice/",
}
CHALICE = "AWS: a call of Chalice's own goes wrong"
AWS = {
    Fault.THROTTLED: "429, from S3 503 `SlowDown`: once, at each request of a deploy in turn",
    Fault.FAILED: "once, at each request in turn",
    Fault.UNAVAILABLE: "from then on, at each request in turn",
    Fault.RESET: "RST when half of it was read: once, at each request in turn",
    Fault.LOST: "RST in its place: once and from then on, at each request in turn",
    Fault.CUT: "half of it, then the end: once, at each request in turn",
    Fault.TIMED_OUT: "until the tool gives up: once and from then on, at each request in turn",
    Fault.SLOW: "all of them",
    STALE: "without the version that was published last, whose answer came or was lost",
    CHALICE: "each call that makes or changes something: its answer lost; some other faults",
}
NOT_SEEN = "–"
PROMPT = 2.0  # seconds from a signal to the end, on a machine with nothing else to do
HANGS = 15.0  # seconds after which it never ends, however busy the machine is
FAULTS = {**CRASHES, **AWS, **ENGINE, **DISKS}
INPUTS = {
    "settings: tables, variables, words": "pyproject.toml, environment and command line at random",
    "requirements: any bytes": "files at random, and lines that nearly are requirements",
    "globs": "`keep`, `drop` and rules at random, compared with a second implementation",
    "config.json: any text": "texts at random, and JSON of other shapes",
    "config.json: layouts": "every layout; all outside of `layers` stays, byte for byte",
    "zip: trees": "names and contents at random, read back with zipfile and with unzip",
    "tar: members": "paths, links and devices at random, broken off anywhere",
    "notes in S3": "whatever bytes stand where a lock, pin, manifest or note should",
}
ROOT = "root for a package's code"
PLANTED = "modules and files planted for our own scripts"
NEIGHBOURS = "folders of other runs"
FILES = "files, keys and variables of this machine"
NETWORK = "the network, the metadata address, sockets"
VERDICTS = "forged verdicts"
FLOODS = "hangs, processes that stay, storms, floods"
SHAPES = "names, links, bombs, metadata"
SOURCES = "builds from source"
HOSTILE = {
    ROOT: "while the rule at fault is looked for, too; capabilities, mounts, devices",
    PLANTED: "`pickle.py`, `json.py`, `sitecustomize.py`, links in place of results",
    NEIGHBOURS: "a second project that is built at the same time",
    FILES: "uv's cache, HOME, another project, `/proc`, environments",
    NETWORK: "TCP and UDP to this machine, names, the engine's socket, an abstract one",
    VERDICTS: "well-formed answers into every pipe, the parent's memory, an early end",
    FLOODS: "of processes, of words, of files; a process that outlives the build",
    SOURCES: "a build backend that does all of the above",
    SHAPES: "what a wheel's names, links, RECORD and METADATA can say",
}
COUNTS: Counter[tuple[str, str]] = Counter()


def count(row: str, column: str, number: int = 1) -> None:
    assert row in {**FAULTS, **INPUTS, **HOSTILE}, row
    COUNTS[row, column] += number


def ran(
    row: str, *, duplicates: int | None = None, leaks: Collection[object] | None = None
) -> None:
    """One run with a fault in it, and one after it, ended: how; None: nobody looked. Called before
    what is asserted."""
    count(row, "runs")
    found = {"duplicates": duplicates, "leaks": None if leaks is None else len(leaks)}
    for column, number in found.items():
        if number is not None:
            count(row, column, number)
            count(row, f"{column} looked for")


def correct(row: str) -> None:
    """The end state of the run counted last is that of an undisturbed one."""
    count(row, "correct")


def answer[T](row: str, call: Callable[[], T]) -> T | LayerError:
    """What comes of one input: a result, or an error that says what to do. Never anything else."""
    count(row, "tried")
    with noticed(row):
        try:
            return call()
        except LayerError as error:
            return _checked(error)


def _checked(error: LayerError) -> LayerError:
    assert error.problem.strip(), "an error without words"
    assert error.fix.strip(), "an error without a way out"
    return error


def ended(row: str, seconds: float) -> None:
    """How long it went on after a signal. What ended in time is counted, a hang is an error: how
    busy the machine was is no fault of the tool."""
    count(row, "ended")
    if seconds < PROMPT:
        count(row, "in time")
    assert seconds < HANGS, f"{seconds:.1f} s after the signal"


@contextmanager
def noticed(row: str) -> Iterator[None]:
    """An exception that a person would see as a traceback counts as one."""
    try:
        yield
    except AssertionError:
        raise
    except Exception:
        count(row, "tracebacks")
        raise


def told() -> str:
    """This process' counts, for another."""
    return json.dumps([[*at, number] for at, number in COUNTS.items()])


def hear(counts: str) -> None:
    for row, column, number in json.loads(counts or "[]"):
        COUNTS[row, column] += number


def tables(before: str = "") -> str:
    """Markdown. `before`: tables whose rows stay where nothing was counted."""
    faults = _table("fault", FAULTS, ["runs", "correct", "duplicates", "leaks"], before)
    inputs = _table("bad input", INPUTS, ["tried", "tracebacks"], before)
    hostile = _table("hostile package", HOSTILE, ["tried", "held", "out"], before)
    return f"{faults}\n\n{inputs}\n\n{hostile}"


def _table(head: str, rows: Mapping[str, str], columns: list[str], before: str) -> str:
    lines = [[head, "what", *columns], ["---"] * (2 + len(columns))]
    lines += [_row(row, columns, before) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(row: str, columns: list[str], before: str) -> list[str]:
    if not COUNTS[row, columns[0]] and (line := _line(row, before)):
        return line.strip("| ").split(" | ")
    return [row, _what(row), *(_cell(row, column) for column in columns)]


def _line(row: str, text: str) -> str:
    return next((line for line in text.splitlines() if line.startswith(f"| {row} |")), "")


def _what(row: str) -> str:
    what = (FAULTS | INPUTS | HOSTILE)[row]
    if not (ended := COUNTS[row, "ended"]):
        return what
    return f"{what}; {COUNTS[row, 'in time']} of {ended} ended within {PROMPT:.0f} seconds"


def _cell(row: str, column: str) -> str:
    """Leaks are looked for in every run or in none; duplicates where something is published."""
    looked = COUNTS[row, f"{column} looked for"]
    enough = {"leaks": looked == COUNTS[row, "runs"], "duplicates": looked > 0}
    return str(COUNTS[row, column]) if enough.get(column, True) else NOT_SEEN


def stale(text: str) -> list[str]:
    """What the document is not that it should be: a row for each, in order, and nothing wrong."""
    between = text.partition(BEGIN)[2].partition(END)[0]
    lines = [line.strip("| ").split(" | ") for line in between.splitlines() if "|" in line]
    rows = {line[0]: line[2:] for line in lines if re.fullmatch(rf"\d+|{NOT_SEEN}", line[-1])}
    names = [*FAULTS, *INPUTS, *HOSTILE]
    wrong = [] if list(rows) == names else [f"rows: {', '.join(names)}"]
    return [*wrong, *(row for row in rows if not _good(*rows[row]))]


def _good(runs: str, *found: str) -> bool:
    """`found`: correct runs (of faults only) and counts of what must not be."""
    correct, *bad = found if len(found) > 1 else (runs, *found)
    return int(runs) > 0 and runs == correct and set(bad) <= {"0", NOT_SEEN}


def write(path: Path) -> str:
    """The tables into the document, between its two marks, the rows of what ran; what came of it.
    A row that is not there yet must run."""
    text = path.read_text(encoding="utf-8")
    counts = [*((row, "runs") for row in FAULTS)]
    counts += [(row, "tried") for row in [*INPUTS, *HOSTILE]]
    ran = [row for row, column in counts if COUNTS[row, column]]
    if missing := [row for row, _ in counts if row not in ran and not _line(row, text)]:
        return f"{path} is left as it is; these did not run: {', '.join(missing)}"
    head, rest = text.split(BEGIN)
    before, tail = rest.split(END)
    path.write_text(f"{head}{BEGIN}\n\n{tables(before)}\n\n{END}{tail}", encoding="utf-8")
    return f"{path} written"
