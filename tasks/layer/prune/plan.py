"""What prune leaves of each distribution: the plan that optimize carries out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...util import files
from ...util.errors import BuildError


@dataclass(frozen=True, kw_only=True)
class PrunePlan:
    """`key`, `pin`: as in layer/installed.py. `stay`: paths, sorted. `cut`: {path: text in
    place of the file's}. `only`: modules among `stay` that are shipped as bytecode alone."""

    key: str
    pin: str
    name: str
    stay: list[str]
    cut: dict[str, str]
    only: list[str] = field(default_factory=list)

    @property
    def shipped(self) -> set[str]:
        """The paths as they are in the layer, without bytecode that lies beside its source."""
        only = {*self.only}
        return {f"{path}c" if path in only else path for path in self.stay}


@dataclass(frozen=True, kw_only=True)
class Sourceless:
    """`only`: paths of modules that are shipped as bytecode alone. `why`: {distribution: why it
    keeps all its sources}."""

    only: frozenset[str]
    why: Mapping[str, str]


def staying(plans: Iterable[PrunePlan]) -> list[str]:
    """The layer's files, sorted."""
    return sorted(path for each in plans for path in each.stay)


def write_plans(path: Path, plans: Sequence[PrunePlan]) -> None:
    files.write_atomic(path, json.dumps([asdict(each) for each in plans]).encode())


def read_plans(path: Path) -> list[PrunePlan]:
    """BuildError when there is none, or not a whole one."""
    try:
        return [PrunePlan(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        path.unlink(missing_ok=True)  # a missing target is made again
        raise BuildError(f"{path} is not there, or damaged", fix="run `./doitw` again") from None
