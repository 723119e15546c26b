"""Layer versions: their ARNs, and the hashes that stand in their descriptions."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.core.errors import InputError

LAYER_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:"
    r"(?P<name>[A-Za-z0-9_-]+):(?P<version>[1-9]\d*)"
)
_HASHES = re.compile(r"\binput=([0-9a-f]{64})\b.*\bcontent=([0-9a-f]{64})\b")


@dataclass(frozen=True, kw_only=True)
class LayerVersion:
    """One published version. `input_hash`, `content_hash`: '' when somebody else made it."""

    arn: str
    number: int
    description: str
    created: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]

    @property
    def input_hash(self) -> str:
        match = _HASHES.search(self.description)
        return match[1] if match else ""

    @property
    def content_hash(self) -> str:
        match = _HASHES.search(self.description)
        return match[2] if match else ""

    def fits(self, python: str, architecture: str) -> bool:
        """Does it say that it runs there? A version that says nothing may."""
        return (not self.runtimes or f"python{python}" in self.runtimes) and (
            not self.architectures or architecture in self.architectures
        )


def description(input_hash: str, content_hash: str) -> str:
    """What publish writes and `LayerVersion` reads; AWS allows 256 characters."""
    return f"doit-lambda-layer input={input_hash} content={content_hash}"


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


def code_sha256(content_hash: str) -> str:
    """Our hex sha256 as AWS and S3 write it: base64."""
    return base64.b64encode(bytes.fromhex(content_hash)).decode()


def parse_arns(typed: str) -> list[str]:
    """`A[,B…]` as a list. InputError names every piece that is no layer version's ARN."""
    pieces = [piece.strip() for piece in typed.split(",") if piece.strip()]
    wrong = [piece for piece in pieces if not LAYER_ARN.fullmatch(piece)]
    if wrong or not pieces:
        raise InputError(
            f"not the ARN of a layer version: {', '.join(wrong) or 'arn= is empty'}",
            fix="write arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, several with commas",
        )
    return pieces


def parse_number(typed: str) -> int:
    """`version=2` → 2. InputError for anything but a positive whole number."""
    if not re.fullmatch(r"[1-9]\d{0,8}", typed):
        raise InputError(
            f"version={typed} is not a layer version: they are numbered from 1",
            fix="`./doitw status` lists the versions there are",
        )
    return int(typed)


def layer_of(arn: str) -> str:
    """An ARN without its version: which layer it is."""
    return arn.rpartition(":")[0]


def number_of(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def replaced(configured: Iterable[str], arn: str) -> list[str]:
    """The stage's layers with this version in the place of its layer's older one.

    Layers of others keep their places; ours twice becomes once; ours missing goes last.
    """
    result: list[str] = []
    for each in configured:
        ours = layer_of(each) == layer_of(arn)
        if not ours or arn not in result:
            result.append(arn if ours else each)
    return result if arn in result else [*result, arn]
