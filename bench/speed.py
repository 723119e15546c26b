"""Time and memory beside the other builders, on the example's requirements, turn by turn."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

from bench import chart, ratios, zips
from bench.checkouts import REQUIREMENTS, ROOT
from bench.here import Here
from bench.measure import run
from bench.peers import PEERS
from bench.results import Result, Table, write, zip_version
from bench.subjects import Subject, others
from tasks.context.settings import current
from tasks.sandbox import choose
from tasks.settings.model import Settings
from tasks.ui.console import size
from tasks.util.errors import LayerError

RUNS = 3
REST = 1.0  # seconds
PLOT = "speed.svg"
CAPTION = (
    "Each command {runs} times, all in turn, after one unmeasured round (in which the peak of the "
    "whole process tree's memory was sampled, as PSS). Download caches are warm everywhere but "
    "on the fresh machine, which has the tool and Lambda's image alone. Before each command the "
    "machine rests a second."
)


def main(runs: int = RUNS, only: tuple[str, ...] = ()) -> None:
    """`only`: names of subjects, `@docker` or `@host` left away. None means all."""
    settings = current()
    written = (ROOT / REQUIREMENTS[0]).read_text(encoding="utf-8")
    with ExitStack() as stack:
        here = [Here(builder, written) for builder in builders(settings)]
        for each in here:
            stack.callback(each.close)
        subjects = [*others(written), *(subject for each in here for subject in each.subjects())]
        if only:
            subjects = [each for each in subjects if each.name.partition("@")[0] in only]
        measure(subjects, runs)
        sizes = zips.compare(here[0].full) if here and not only else {}
    show(subjects, sizes, runs, settings)


def builders(settings: Settings) -> Iterator[str]:
    """Those that work on this machine. What keeps the other from it is said."""
    for builder in ("docker", "host"):
        try:
            choose.choose(replace(settings, builder=builder))
        except LayerError as error:
            print(f"without builder={builder}: {error}", file=sys.stderr)
        else:
            yield builder


def measure(subjects: list[Subject], runs: int) -> None:
    """Round 0 warms the caches and samples memory. In the others only the clock runs."""
    for turn in range(runs + 1):
        for subject in subjects:
            if not subject.failed:
                _once(subject, first=turn == 0)
                took = f"{subject.runs[-1].seconds:.1f} s" if subject.runs else "warm-up"
                said = subject.failed or took
                print(f"round {turn} of {runs}: {subject.who}, {subject.work}: {said}", flush=True)


def rest() -> None:
    """Until what came before is over, for the next: folders that are removed in the
    background, pages that are written."""
    time.sleep(REST)
    os.sync()


def _once(subject: Subject, *, first: bool) -> None:
    try:
        subject.prepare()
        rest()
        measured = run(subject.command, memory=first)
    except LayerError as error:
        subject.failed = error.problem
        return
    if first:
        subject.memory = measured.memory
    else:
        subject.runs.append(measured)
    result = subject.result()
    subject.bytes = result.stat().st_size if result else 0


def show(subjects: list[Subject], sizes: Mapping[str, int], runs: int, settings: Settings) -> None:
    rows = [row(each) for each in subjects]
    columns = ("builder", "work", "median", "fastest – slowest", "memory", "zip")
    times = Table(caption=CAPTION.format(runs=runs), columns=columns, rows=rows)
    chart.write(PLOT, chart.bars("seconds, median: shorter is better", bars(subjects)))
    figures = {
        "sizes": dict(sizes),
        "subjects": [
            {
                "name": each.name, "who": each.who, "work": each.work, "memory": each.memory,
                "seconds": [run.seconds for run in each.runs], "failed": each.failed,
            }
            for each in subjects
        ],
    }  # fmt: skip
    versions = dict(sorted(pin.split("==") for peer in PEERS for pin in peer.pins))
    image = {"image": settings.base_image} if any("@docker" in e.name for e in subjects) else {}
    tables = [ratios.table(subjects, sizes), times]
    write(
        Result(
            part="speed",
            tables=tables,
            figures=figures,
            plots=[PLOT],
            versions=versions | zip_version() | image,
        )
    )


def row(subject: Subject) -> list[str]:
    """Its line in the table. Why, where it failed."""
    if not subject.runs:
        return [subject.who, subject.work, (subject.failed or "–").splitlines()[0], "–", "–", "–"]
    seconds = sorted(each.seconds for each in subject.runs)
    return [
        subject.who,
        subject.work,
        f"{subject.seconds:.2f} s",
        f"{seconds[0]:.2f} – {seconds[-1]:.2f} s",
        size(subject.memory),
        size(subject.bytes) if subject.bytes else "–",
    ]


def bars(subjects: list[Subject]) -> list[chart.Bar]:
    return [
        chart.Bar(label=f"{each.who}: {each.work}", value=each.seconds, ours="@" in each.name)
        for each in sorted((each for each in subjects if each.runs), key=lambda each: each.seconds)
    ]
