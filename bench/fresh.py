"""As users meet it: a fresh clone, a fresh machine, a fresh CI runner, beside what others do from
the same state.

    clone     the person's store is warm: another checkout has built the same
    machine   no image but the base, empty caches
    runner    a checkout and AWS (the emulator), empty caches
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from bench import fresh_machine
from bench.checkouts import REQUIREMENTS, ROOT, Checkout
from bench.measure import Command, run
from bench.peers import CLASSIC, HERE, SAM_BUILD, UV
from bench.ratios import verdict
from bench.results import Result, Table, write
from bench.speed import builders, measure, row
from bench.subjects import LIGHT, Subject, fresh, subject_of
from tasks.context.settings import current
from tasks.sandbox import temp_dirs

STORE = HERE / "work" / "person"
CLONE = "fresh clone, the person's store warm"
RUNNER = "fresh runner, deploy: "
ZIP = "fresh runner, to the zip: one pin changed, the team's store warm"
TEAM = 'team-store = "read-write"'
STATES = {
    "nothing": f"{RUNNER}nothing in AWS",
    "published": f"{RUNNER}the layer is published",
    "pin": f"{RUNNER}one pin changed, the team's store warm",
}
SAM_CONTAINER = replace(
    SAM_BUILD, name="sam-container", title="sam build --use-container + zip -r",
    script=SAM_BUILD.script.replace("sam build", "sam build --use-container", 1),
)  # fmt: skip
GOALS = (("clone", "uv", 0.1), ("machine", "uv-fresh", 0.9), ("zip", "uv-fresh", 0.25))
CAPTION = (
    "Each command {runs} times, all in turn, after one unmeasured round. Deploys go to the "
    "emulator on this machine, and include Chalice and a request to the app."
)


class Fresh:
    """The subjects of one builder."""

    def __init__(self, builder: str, written: str) -> None:
        self._builder = builder
        self._clone = Checkout("clone", builder)
        self._aws, self._runner = Checkout("aws", builder, TEAM), Checkout("runner", builder)
        self._team = Checkout("team", builder, TEAM)
        self._files = {
            name: self._clone.locked(text)
            for name, text in (("pin", written.replace(*LIGHT)), ("written", written))
        }
        self._address: dict[str, str] = {}

    def subjects(self) -> Iterator[Subject]:
        clone = self._clone.doitw(LAYER_STORE=str(STORE.absolute()))
        yield self._subject("clone", CLONE, self._warm, clone)
        machine = fresh_machine.doitw(self._clone)
        yield self._subject("machine", fresh_machine.WORK, self._forget, machine)
        for state, work in STATES.items():
            prepare = partial(self._lay_out, state)
            yield self._subject(f"runner-{state}", work, prepare, self._deploy(self._at(state)))
        prepare = partial(self._lay_out, "pin")
        yield self._subject("zip", ZIP, prepare, self._locally(self._team))

    def _subject(
        self, name: str, work: str, prepare: Callable[[], object], command: Command
    ) -> Subject:
        words = "./doitw deploy" if name.startswith("runner") else "./doitw"
        who = f"{words} ({self._builder})"
        return Subject(
            name=f"{name}@{self._builder}", who=who, work=work, prepare=prepare, command=command
        )

    def _warm(self) -> None:
        """Another checkout has built it."""
        self._clone.empty()
        run(self._clone.doitw(LAYER_STORE=str(STORE.absolute())))
        self._clone.empty()

    def _forget(self) -> None:
        self._clone.empty()
        fresh_machine.forget(self._builder)

    def _lay_out(self, state: str) -> None:
        """AWS in that state, the checkout as cloned, nothing downloaded."""
        self._aws.stop_aws()
        self._aws.copy()
        self._aws.put(self._files["written"])
        self._address["LAYER_LOCAL_AWS"] = self._aws.aws()
        if state != "nothing":
            run(self._deploy(self._aws))
        self._at(state).copy()
        self._at(state).put(self._files["pin" if state == "pin" else "written"])
        fresh_machine.forget(self._builder)

    def _at(self, state: str) -> Checkout:
        return self._team if state == "pin" else self._runner

    def _deploy(self, checkout: Checkout) -> Command:
        return self._locally(checkout, "deploy")

    def _locally(self, checkout: Checkout, *words: str) -> Command:
        command = fresh_machine.doitw(checkout)
        words = (*command.words, *words, "stage=local")
        self._address |= command.environment
        return replace(command, words=words, environment=self._address)

    def close(self) -> None:
        fresh_machine.forget(self._builder)
        self._aws.stop_aws()


def others(written: str) -> Iterator[Subject]:
    """Who builds a zip, from the same states."""
    yield subject_of(UV, "uv", "downloads warm", written)
    for each in (UV, CLASSIC, SAM_CONTAINER):
        yield fresh(subject_of(each, f"{each.name}-fresh", fresh_machine.WORK, written))


def main(runs: int) -> None:
    written = (ROOT / REQUIREMENTS[0]).read_text(encoding="utf-8")
    with ExitStack() as stack:
        subjects = [*others(written)]
        for builder in builders(current()):
            here = Fresh(builder, written)
            stack.callback(here.close)
            subjects += here.subjects()
        measure(subjects, runs)
    temp_dirs.remove(STORE)
    show(subjects, runs)


def show(subjects: list[Subject], runs: int) -> None:
    columns = ("builder", "from what", "median", "fastest – slowest", "memory", "zip")
    times = Table(
        caption=CAPTION.format(runs=runs), columns=columns, rows=[row(each) for each in subjects]
    )
    figures = [
        {"name": each.name, "seconds": [found.seconds for found in each.runs], "why": each.failed}
        for each in subjects
    ]
    write(Result(part="fresh", tables=[ratios(subjects), times], figures=figures))


def ratios(subjects: list[Subject]) -> Table:
    """One row per goal and builder that was measured."""
    found = {each.name: each for each in subjects if each.runs}
    rows = []
    for name, against, most in GOALS:
        for ours in (each for each in found.values() if each.name.partition("@")[0] == name):
            if other := found.get(against):
                seconds = [f"{each.seconds:.2f} s" for each in (ours, other)]
                words = verdict(ours.seconds / other.seconds, most)
                rows.append([ours.work, ours.who, seconds[0], other.who, seconds[1], *words])
    columns = ("work", "here", "", "against", "", "ratio", "goal", "")
    return Table(caption="Targets and results:", columns=columns, rows=rows)
