"""The ratios this project aims at, each computed from one run's figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.results import Table
from bench.subjects import Subject
from tasks.ui.console import duration, size


@dataclass(frozen=True, kw_only=True)
class Goal:
    """At most `most` times what `against` takes. Names of subjects, ours without its builder."""

    work: str
    ours: str
    against: str
    most: float


GOALS = (
    Goal(work="install → zip, no bytecode, empty store", ours="zip", against="uv", most=0.35),
    Goal(work="full build: bytecode, proof, report", ours="full", against="uv", most=0.7),
    Goal(work="full build: bytecode, proof, report", ours="full", against="classic", most=0.2),
    Goal(work="one pin changed", ours="pin", against="uv-pin", most=0.1),
    Goal(work="one heavy pin changed", ours="heavy", against="uv-heavy", most=0.25),
    Goal(work="`./doitw`, nothing changed", ours="nothing", against="doit-list", most=1.5),
    Goal(
        work="`./doitw deploy`, nothing changed, fresh checkout",
        ours="deploy", against="sam-cached", most=0.15,
    ),
)  # fmt: skip
MEMORY = 150_000_000  # bytes, the whole process tree outside the container
SIZES = {"default": 0.995, "max": 0.965}  # against `zip -9` of the same tree


def table(subjects: list[Subject], zips: Mapping[str, int]) -> Table:
    """One row per goal and builder that was measured."""
    rows = [*_times(subjects), *_memory(subjects), *_sizes(zips)]
    caption = "Targets and results. Each ratio divides two medians of the same run:"
    columns = ("work", "here", "", "against", "", "ratio", "goal", "")
    return Table(caption=caption, columns=columns, rows=rows)


def _times(subjects: list[Subject]) -> Iterator[list[str]]:
    found = {each.name: each for each in subjects if each.runs}
    for goal in GOALS:
        peer = found.get(goal.against)
        for name, ours in found.items():
            if name.partition("@")[0] == goal.ours and peer:
                ratio = ours.seconds / peer.seconds
                yield [
                    goal.work, ours.who, _seconds(ours), peer.who, _seconds(peer),
                    *verdict(ratio, goal.most),
                ]  # fmt: skip


def _memory(subjects: list[Subject]) -> Iterator[list[str]]:
    for builder in ("docker", "host"):
        ours = [each for each in subjects if each.memory and each.name.endswith(f"@{builder}")]
        if ours:
            most = max(ours, key=lambda each: each.memory)
            where = "outside the container" if builder == "docker" else "builds included"
            # the goal is about what runs outside the container: a host's own jobs are inside
            kept = verdict(most.memory / MEMORY, 1)[1:] if builder == "docker" else ["–", ""]
            yield [
                f"peak memory of any of these, {where}", most.who, size(most.memory), "–",
                size(MEMORY), f"{most.memory / MEMORY:.2f}", *kept,
            ]  # fmt: skip


def _sizes(zips: Mapping[str, int]) -> Iterator[list[str]]:
    for name, most in SIZES.items():
        if name in zips:
            yield [
                f"zip, {name} compression", "this project", size(zips[name]),
                "`zip -9` of the same tree", size(zips["zip -9"]),
                *verdict(zips[name] / zips["zip -9"], most),
            ]  # fmt: skip


def verdict(ratio: float, most: float) -> list[str]:
    """The last three cells: ratio, the goal, reached or not."""
    digits = 3 if most > 0.9 and most < 1 else 2
    return [f"{ratio:.{digits}f}", f"≤ {most:g}", "✓" if ratio <= most else "✗"]


def _seconds(subject: Subject) -> str:
    return f"{subject.seconds:.2f} s" if subject.seconds < 10 else duration(subject.seconds)
