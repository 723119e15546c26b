"""Records of steps, made by hand: what a test does not name is empty."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_origin

from tasks.settings import records
from tasks.settings.model import Settings
from tasks.settings.step_records import RecordedDistribution, RuleCount


def made[T](kind: type[T], **told: Any) -> T:
    empty = {each.name: _empty(each.type) for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**(empty | told))


def put(settings: Settings, kind: type[Any], **told: Any) -> None:
    records.write(settings, made(kind, **told))


def distribution(name: str, version: str, **told: Any) -> RecordedDistribution:
    return made(RecordedDistribution, name=name, version=version, direct=True, **told)


def took(files: int, bytes_: int) -> RuleCount:
    return RuleCount(files=files, cut=0, bytes=bytes_)


def _empty(wanted: Any) -> Any:
    origins: dict[Any, Any] = {Sequence: [], Mapping: {}, None: None}
    origin = get_origin(wanted)
    if isinstance(wanted, type) and is_dataclass(wanted):
        return made(wanted)
    return origins.get(origin) if origin else wanted()
