"""Where the layer's platform runs code: a container of the Lambda image, or this machine.

Two implementations, sandbox/container/sandbox.py and sandbox/host.py. The rest knows only this
protocol. What a job may do follows from its kind (sandbox/job_users.py). It sees what it is given
under `{opt}` and `{task}` (the container's real /opt and /var/task) and a folder `{work}` that
lasts from the first job until `close`. Jobs of ours have one together in which they write. Jobs
that run a package's code have another, which they only read, and `{tmp}` to write to. Two jobs of a
function find each other at `{meet}` (docker/lambda_runtime.py).

These names are replaced in its arguments. So are `{scripts}` (where ours lie), `{interpreter}` (the
platform's Python) and `{python}` (the same with its isolating options). So are `{uv}`, `{tools}` (a
folder with `deflate`) and `{runtime}` (Lambda's /var/runtime). Nothing else of the machine is
visible to it, and files travel as copies in both directions.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..settings import paths
from ..ui.console import MARK
from . import job_users
from .job_users import Kind

OnLine = Callable[[str], None]
SHOWN = 8  # lines of a job's output in an error


@dataclass(frozen=True, kw_only=True)
class Job:
    """One command. `inputs` are laid under {work}: contents, or where they lie. `fetch` maps paths
    there to local paths that receive a file or folder when the command has succeeded."""

    argv: tuple[str, ...]
    kind: Kind = job_users.PROOF  # without a word it may do nothing
    inputs: Mapping[str, bytes | Path] = field(default_factory=dict)
    opt: tuple[Path, ...] = ()  # local zips, laid over each other at {opt}, read-only as in Lambda
    task: Path | None = None  # a function's zip, laid out at {task}
    network: bool = False
    forward: int = 0  # a port of this machine's 127.0.0.1 that it reaches all the same
    indexes: bool = False  # gets their addresses and passwords
    environment: Mapping[str, str] = field(default_factory=dict)
    covered: Collection[str] = ()  # files of this machine behind {work}/empty; where bwrap isolates
    fetch: Mapping[str, Path] = field(default_factory=dict)
    fetch_limit: int = 16 << 30  # bytes of one thing that is fetched; more is a BuildError
    timeout: float | None = None  # seconds; over it the job is killed and TimeoutError raised
    silence: float | None = None  # seconds without any line; over it the same (sandbox/watch.py)

    def __post_init__(self) -> None:
        if (self.network or self.forward) and not self.kind.may_connect:
            raise ValueError(f"a job of the kind {self.kind.job!r} gets no network")
        if self.indexes and self.kind is not job_users.INSTALL:
            raise ValueError(f"a job of the kind {self.kind.job!r} gets no password")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Exit code and combined output (stdout and stderr as they came, text). `trying`: what the job
    said last that it was at, in a line that begins with `~ `. '' for nothing."""

    code: int
    output: str
    trying: str = ""

    @property
    def tail(self) -> str:
        """The last lines, for an error. Without the job's marks of progress."""
        lines = [line for line in self.output.splitlines() if not MARK.fullmatch(line)]
        return "\n".join(lines[-SHOWN:])


def scripts(names: Iterable[str]) -> dict[str, bytes]:
    """Those of docker/, as a job's inputs: they lie in {scripts}."""
    return {f"scripts/{name}": (paths.DOCKER / name).read_bytes() for name in names}


_NAME = re.compile(r"\{\w+\}")


def expand(word: str, names: Mapping[str, str]) -> str:
    """A job's word with a sandbox's names ({in braces: what they stand for}) in place."""
    return _NAME.sub(lambda found: names.get(found[0], found[0]), word)


class Sandbox(Protocol):
    kind: str  # "docker" or "host", part of the input hash

    @property
    def runs(self) -> bool:
        """Does it run what is for the layer's platform? If not, it only installs, reads, packs."""

    @property
    def title(self) -> str:
        """For people: `image public.ecr.aws/lambda/python:3.12`, `this machine's Python 3.12.1`."""

    @property
    def isolation(self) -> str:
        """For people: what keeps a package's code away from all else."""

    @property
    def digest(self) -> str:
        """Exactly which image: `name@sha256:…`, or the ID of one that no registry has. '' for this
        machine."""

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        """Run it to its end. A non-zero code is an Outcome, not an error. BuildError when the
        sandbox itself fails (no Docker, image not found, unsafe member in a fetched tar)."""

    def prepare(self, layer: Path) -> None:
        """Begin to lay it out at {opt}, in the background, where a job has run before: the next
        job waits for that, and finds it there."""

    def close(self) -> None:
        """Remove {work}, and the containers. The next job starts anew."""
