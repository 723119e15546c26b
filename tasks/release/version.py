"""Layer versions, and what their descriptions say."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..settings.step_records import UploadRecord
from ..util.errors import InputError

FORMAT = "doit-lambda-layer/1"  # raise when the description's fields change their meaning
# Read tolerantly: people edit nothing here, but older and newer formats may stand beside ours.
_FIELD = re.compile(r"\b(input|content|built)=([0-9a-f-]+)\b")


@dataclass(frozen=True, kw_only=True)
class LayerVersion:
    """One published version. What its description does not say is ''."""

    arn: str
    number: int
    description: str
    created: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]

    @property
    def date(self) -> str:
        """When it was published, to the minute, UTC."""
        return self.created[:16].replace("T", " ")

    @property
    def is_ours(self) -> bool:
        """Published by this tool? One by hand or by another is left alone."""
        return bool(self.input_hash and self.content_hash)

    @property
    def input_hash(self) -> str:
        return self._field("input", r"[0-9a-f]{64}")

    @property
    def content_hash(self) -> str:
        return self._field("content", r"[0-9a-f]{64}")

    @property
    def built(self) -> str:
        """Its zip's folder: YYYYMMDD-HHMMSS, UTC, and what `apart` may have put after it."""
        return self._field("built", r"\d{8}-\d{6}(-[0-9a-f]{8})?")

    def _field(self, name: str, form: str) -> str:
        value = dict(_FIELD.findall(self.description)).get(name, "")
        return value if re.fullmatch(form, value) else ""

    def fits(self, python: str, architecture: str) -> bool:
        """Does it say that it runs there? A version that says nothing may."""
        return (not self.runtimes or f"python{python}" in self.runtimes) and (
            not self.architectures or architecture in self.architectures
        )


def description(sent: UploadRecord) -> str:
    """What publish writes and `LayerVersion` reads. AWS allows 256 characters.

    The same for the same zip: a publish whose answer was lost is recognized by it.
    """
    size = f"{sent.unzipped / 1_000_000:.1f} MB unzipped"
    hashes = f"input={sent.input}, content={sent.sha256}"
    return f"{FORMAT} {size}, built={sent.built}, {hashes}"


def from_response(entry: Mapping[str, Any]) -> LayerVersion:
    """From an entry of ListLayerVersions or an answer of GetLayerVersion."""
    return LayerVersion(
        arn=entry["LayerVersionArn"],
        number=int(entry["Version"]),
        description=entry.get("Description", ""),
        created=entry.get("CreatedDate", ""),
        runtimes=tuple(entry.get("CompatibleRuntimes") or ()),
        architectures=tuple(entry.get("CompatibleArchitectures") or ()),
    )


def numbered(published: Iterable[LayerVersion], number: int) -> LayerVersion | None:
    """The version with that number. `published`: newest first. Looks no further than to where it
    would stand."""
    reached = next((version for version in published if version.number <= number), None)
    return reached if reached and reached.number == number else None


def code_sha256(content_hash: str) -> str:
    """Our hex sha256 as AWS and S3 write it: base64."""
    return base64.b64encode(bytes.fromhex(content_hash)).decode()


def parse_number(typed: str, name: str = "version") -> int:
    """`version=2` → 2. InputError for anything but a positive whole number. `name`: as typed."""
    if not re.fullmatch(r"[1-9]\d{0,8}", typed):
        raise InputError(
            f"{name}={typed} is not a layer version: they are numbered from 1",
            fix="`./doitw history` lists the versions there are",
        )
    return int(typed)
