"""What a step leaves for the steps after it, as typed records. One of another form counts as none:
the step runs again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from ..util import files, typed_json
from . import paths
from .model import Settings


@dataclass(frozen=True, kw_only=True)
class ZipRecord:
    """The layer's zip. `built`: when, YYYYMMDD-HHMMSS, UTC. `inputs`: the named parts of `input`,
    the input hash."""

    STEP: ClassVar = "zip"

    sha256: str
    bytes: int
    unzipped: int
    files: int
    built: str
    inputs: Mapping[str, Any]
    input: str
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class UploadRecord:
    """The zip in S3, or a version that has its content already: then nothing was sent, `arn` names
    the version, and there is no `key`. `tag`: may the object carry the lifecycle rule's?"""

    STEP: ClassVar = "upload"

    sha256: str
    input: str
    built: str
    unzipped: int
    wishes: Sequence[str]
    bucket: str
    key: str = ""
    version_id: str = ""
    tag: bool = True
    arn: str | None = None


def read_zip(settings: Settings) -> ZipRecord | None:
    told = files.read_record(paths.record(settings, ZipRecord.STEP))
    return typed_json.made(ZipRecord, told or {})


def read_upload(settings: Settings) -> UploadRecord | None:
    told = files.read_record(paths.stage_record(settings, UploadRecord.STEP))
    return typed_json.made(UploadRecord, told or {})


def write_upload(settings: Settings, record: UploadRecord) -> None:
    files.write_record(paths.stage_record(settings, UploadRecord.STEP), asdict(record))


def write_zip(settings: Settings, record: ZipRecord) -> None:
    files.write_record(paths.record(settings, ZipRecord.STEP), asdict(record))


def zip_sha256(settings: Settings) -> str:
    """'' where there is no zip."""
    return found.sha256 if (found := read_zip(settings)) else ""
