"""Records of steps, read and written. Their fields: step_records.py."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..util import files, typed_json
from ..util.errors import BuildError, LayerError
from . import paths
from .model import Settings
from .step_records import ZipRecord


class Record(Protocol):
    STEP: ClassVar[str]
    STAGED: ClassVar[bool]


class Made(Record, Protocol):
    @property
    def fingerprint(self) -> str: ...


def path(settings: Settings, kind: type[Record]) -> Path:
    return (paths.stage_record if kind.STAGED else paths.record)(settings, kind.STEP)


def read[T: Record](settings: Settings, kind: type[T]) -> T | None:
    return typed_json.made(kind, files.read_record(path(settings, kind)) or {})


def needed[T: Record](settings: Settings, kind: type[T]) -> T:
    """For a step that comes after it. BuildError."""
    found = read(settings, kind)
    if found is None:
        raise BuildError(f"step {kind.STEP} has left no record", fix="run `./doitw` again")
    return found


def write(settings: Settings, record: Any) -> None:
    files.write_record(path(settings, type(record)), asdict(record))


def forget(settings: Settings, kind: type[Record]) -> None:
    """The step is to run again."""
    path(settings, kind).unlink(missing_ok=True)


def is_fresh(
    settings: Settings, kind: type[Made], fingerprint: Callable[[], str]
) -> Callable[[], bool]:
    """A doit `uptodate` callable: was this record made from what stands here now?"""

    def fresh() -> bool:
        record = read(settings, kind)
        try:
            return record is not None and record.fingerprint == fingerprint()
        except LayerError:  # the step says it; here it would be a traceback
            return False

    return fresh


def zip_sha256(settings: Settings) -> str:
    """'' where there is no zip."""
    return found.sha256 if (found := read(settings, ZipRecord)) else ""
