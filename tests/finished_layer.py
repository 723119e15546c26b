"""A layer that the build half has finished, without building one: zip and records."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tasks.layer import input_hash
from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import InstallRecord, VerifyRecord, ZipRecord
from tasks.util import files
from tests import made_records

SIX = {"six": "1.17.0"}


def build(
    settings: Settings,
    text: str = "x = 1\n",
    built: str = "20250102-030405",
    pins: Mapping[str, str] = SIX,
) -> Any:
    """The zip's record. The zip holds one module with this text, said to be `pins`."""
    content = zipped(text)
    path = paths.layer_zip(settings)
    files.write_atomic(path, content)
    record = ZipRecord(
        sha256=files.file_digest(path),
        bytes=len(content),
        unzipped=len(text),
        files=1,
        built=built,
        inputs=input_hash.parts(settings, "host"),
        input=input_hash.input_hash(settings, "host"),
    )
    records.write(settings, record)
    sizes = dict.fromkeys(pins, len(text))
    made_records.put(settings, VerifyRecord, sha256=record.sha256, packages=sizes)
    listed = [made_records.distribution(name, version) for name, version in pins.items()]
    made_records.put(settings, InstallRecord, builder="host", distributions=listed, bytes=len(text))
    return asdict(record)


def zipped(text: str, name: str = "python/six.py") -> bytes:
    """A layer's zip with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()
