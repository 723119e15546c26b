"""Who is measured at what. Here: the other builders. This project's commands are in here.py."""

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import fresh_machine, peers
from bench.measure import Command, Measured
from bench.peers import CHALICE, CLASSIC, HERE, PEX, SAM_BUILD, SAM_CACHED, UV, ZAPPA, Peer
from tasks.util.errors import LayerError

LIGHT = ("python-dotenv==1.0.1", "python-dotenv==1.0.0")
HEAVY = ("numpy==1.26.4", "numpy==1.26.3")
BUILDERS = (UV, SAM_BUILD, PEX, CHALICE, CLASSIC, ZAPPA)
EVERYTHING, NOTHING = "from nothing", "nothing changed"
ONE_PIN, HEAVY_PIN = (
    f"{old.replace('==', ' ')} → {new.partition('==')[2]}" for old, new in (LIGHT, HEAVY)
)


@dataclass(kw_only=True)
class Subject:
    """One kind of work of one builder. `prepare` is not measured. `result` is the zip it makes.
    `failed`: why there are no (further) figures."""

    name: str
    who: str
    work: str
    prepare: Callable[[], object]
    command: Command
    result: Callable[[], Path | None] = lambda: None
    runs: list[Measured] = field(default_factory=list)
    memory: int = 0
    bytes: int = 0
    failed: str = ""

    @property
    def seconds(self) -> float:
        """Median of the runs."""
        return statistics.median(each.seconds for each in self.runs)


def others(written: str) -> list[Subject]:
    """The peers, on the requirements as written, and the quickest on the changed ones."""
    light = written.replace(*LIGHT)
    heavy = light.replace(*HEAVY)
    return [
        *(_peer(peer, peer.name, EVERYTHING, written) for peer in BUILDERS),
        _fresh(_peer(UV, "uv-fresh", fresh_machine.WORK, written)),
        _peer(UV, "uv-pin", ONE_PIN, light),
        _peer(UV, "uv-heavy", HEAVY_PIN, heavy),
        _peer(SAM_CACHED, "sam-cached", NOTHING, written),
        _empty_dodo(),
    ]


def _peer(peer: Peer, name: str, work: str, requirements: str) -> Subject:
    subject = Subject(
        name=name,
        who=peer.title,
        work=work,
        prepare=lambda: peers.lay_out(peer, name, requirements),
        command=peers.command(peer, name),
        result=lambda: peers.folder(peer, name) / peer.result if peer.result else None,
    )
    try:
        peers.ready(peer)
    except LayerError as error:
        subject.failed = error.problem
    return subject


def _fresh(subject: Subject) -> Subject:
    """The same on a machine that has downloaded nothing."""
    lay_out = subject.prepare

    def prepare() -> None:
        lay_out()
        fresh_machine.forget("host")

    return replace(
        subject, prepare=prepare, command=fresh_machine.without_downloads(subject.command)
    )


def _empty_dodo() -> Subject:
    folder = HERE / "work" / "doit-list"

    def prepare() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dodo.py").write_text("", encoding="utf-8")

    words = (str(Path(sys.executable).absolute().with_name("doit")), "list")
    return Subject(
        name="doit-list",
        who="doit list, empty dodo.py",
        work=NOTHING,
        prepare=prepare,
        command=Command(words=words, folder=folder),
    )
