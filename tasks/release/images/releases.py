"""Images that were pushed, numbered from 1 as layer versions are: what S3 keeps of each.

ECR knows digests and times. What an image holds, and what it was made from, stands here.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ...aws import s3, s3_versions
from ...aws.client import Aws
from ...settings import paths
from ...util import actor, files, subprocesses, typed_json
from ...util.errors import AwsError, InputError
from .. import wishes
from .parts import ImageParts, repository

TRIES = 10  # for a number that two stages may want at the same moment


@dataclass(frozen=True, kw_only=True)
class ImageRelease:
    """`at`: UTC, by this machine. `app`: wishes.app. `packages`: {name: bytes unzipped}.
    `unpacked`: bytes of all layers."""

    number: int
    digest: str
    uri: str
    at: str
    by: str
    input: str
    app: str
    versions: Mapping[str, str]
    packages: Mapping[str, int]
    unpacked: int
    commit: str = ""

    def __str__(self) -> str:
        return f"image {self.number} ({self.digest.removeprefix('sha256:')[:12]})"


def _folder(aws: Aws) -> str:
    return f"images/{repository(aws.settings)}/versions/"


def key(aws: Aws, number: int) -> str:
    return f"{_folder(aws)}{number}.json"


def numbers(aws: Aws) -> list[int]:
    """Newest first."""
    name = re.compile(re.escape(_folder(aws)) + r"([1-9]\d*)\.json")
    found = (name.fullmatch(each) for each in s3.objects(aws, _folder(aws)))
    return sorted((int(each[1]) for each in found if each), reverse=True)


def read(aws: Aws, number: int) -> ImageRelease | None:
    told = typed_json.parsed(s3.get_bytes(aws, key(aws, number)))
    return typed_json.made(ImageRelease, told)


def releases(aws: Aws) -> list[ImageRelease]:
    """Newest first."""
    return [found for number in numbers(aws) if (found := read(aws, number))]


def by_number(aws: Aws, number: int) -> ImageRelease:
    """InputError where there is none."""
    if found := read(aws, number):
        return found
    there = ", ".join(map(str, numbers(aws))) or "none"
    problem = f"repository {repository(aws.settings)} has no image {number}. There are: {there}"
    raise InputError(problem, fix="./doitw history lists them")


def note(aws: Aws, parts: ImageParts, facts: Mapping[str, Any]) -> ImageRelease:
    """The release of an image, its number given where it has none yet. `facts`: push's record."""
    known = [each for each in releases(aws) if each.digest == facts["digest"]]
    if known:
        return known[0]
    git = subprocesses.state(paths.CHALICE_CONFIG) or {}
    made = ImageRelease(
        number=max(numbers(aws), default=0), digest=facts["digest"], uri=facts["uri"],
        at=actor.written(datetime.now(UTC)), by=actor.current_actor(aws.environ),
        input=parts.input, app=wishes.app(aws.settings), versions=parts.versions,
        packages=parts.packages, unpacked=facts["unpacked"], commit=str(git.get("commit", "")),
    )  # fmt: skip
    return _numbered(aws, made)


def _numbered(aws: Aws, made: ImageRelease) -> ImageRelease:
    for number in range(made.number + 1, made.number + 1 + TRIES):
        numbered = ImageRelease(**{**asdict(made), "number": number})
        text = files.canonical(asdict(numbered))
        if s3_versions.write_unique(aws, key(aws, number), text, ""):
            return numbered
    raise AwsError("no number is free for the image", fix="run the same command again")
