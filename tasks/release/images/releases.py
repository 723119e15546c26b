"""Images that were pushed, numbered from 1 as layer versions are: what S3 keeps of each.

ECR knows digests and times. What an image holds, and what it was made from, stands here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from ...aws import s3, s3_versions
from ...aws.client import Aws
from ...settings import paths, s3_keys
from ...util import actor, files, subprocesses, typed_json
from ...util.errors import AwsError, InputError
from .. import wishes
from .parts import ImageParts, repository

TRIES = 10  # for a number that two stages may want at the same moment


@dataclass(frozen=True, kw_only=True)
class ImageRelease:
    """`at`: UTC, by this machine. `app`: wishes.app. `packages`: {name: bytes unzipped}.
    `unpacked`: bytes of all layers. `handlers`: {function, as Chalice calls it: handler}. Empty,
    as `architecture` is, where an earlier release of the tool noted it."""

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
    architecture: str = ""
    handlers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"image {self.number} ({self.digest.removeprefix('sha256:')[:12]})"


def key(aws: Aws, number: int) -> str:
    return s3_keys.image_release(repository(aws.settings), number)


def numbers(aws: Aws) -> list[int]:
    """Newest first."""
    name = repository(aws.settings)
    return s3_keys.image_numbers(name, s3.objects(aws, s3_keys.image_releases(name)))


def read(aws: Aws, number: int) -> ImageRelease | None:
    told = typed_json.parsed(s3.get_bytes(aws, key(aws, number)))
    return typed_json.made(ImageRelease, told)


def releases(aws: Aws) -> list[ImageRelease]:
    """Newest first."""
    return [found for number in numbers(aws) if (found := read(aws, number))]


def forget(aws: Aws, gone: ImageRelease) -> None:
    """All that S3 keeps of it. Its number last: it is known by that."""
    mark = s3_keys.image_mark(repository(aws.settings), gone.number, gone.digest)
    forget_announced(aws, gone.digest)
    for each in (mark, key(aws, gone.number)):
        s3_versions.delete(aws, s3_versions.under(aws, each))


def forget_announced(aws: Aws, digest: str) -> None:
    begun = s3_keys.image_begun(repository(aws.settings), digest)
    s3_versions.delete(aws, s3_versions.under(aws, begun))


def announce(aws: Aws, digest: str) -> None:
    """Before there is such an image: whose it is, should the run be killed before it is noted.
    Another bucket's stages may push to the same repository."""
    s3.put_bytes(aws, s3_keys.image_begun(repository(aws.settings), digest), b"")


def announced(aws: Aws) -> set[str]:
    """Digests."""
    begin = s3_keys.images_begun(repository(aws.settings))
    return {f"sha256:{key.removeprefix(begin)}" for key in s3.objects(aws, begin)}


def by_number(aws: Aws, number: int) -> ImageRelease:
    """InputError where there is none."""
    if found := read(aws, number):
        return found
    there = ", ".join(map(str, numbers(aws))) or "none"
    problem = f"repository {repository(aws.settings)} has no image {number}. There are: {there}"
    raise InputError(problem, fix="./doitw history lists them")


def by_digest(aws: Aws, digest: str) -> ImageRelease | None:
    """By the names of the notes: of many images, one is read. What an earlier release of the tool
    noted, or a run that was killed, has no mark, and is read and marked."""
    name = repository(aws.settings)
    keys = [*s3.objects(aws, s3_keys.image_releases(name))]
    marked = s3_keys.marked_images(name, keys)
    if digest in marked:
        return read(aws, marked[digest])
    for number in s3_keys.image_numbers(name, keys):
        if number not in marked.values() and (found := read(aws, number)):
            _mark(aws, found)
            if found.digest == digest:
                return found
    return None


def _mark(aws: Aws, made: ImageRelease) -> None:
    s3.put_bytes(aws, s3_keys.image_mark(repository(aws.settings), made.number, made.digest), b"")


def note(
    aws: Aws, parts: ImageParts, uri: str, digest: str, unpacked: int,
    handlers: Mapping[str, str] = {},
) -> ImageRelease:  # fmt: skip
    """The release of an image, its number given where it has none yet. `unpacked`: bytes.
    `handlers`: {function, as Chalice calls it: handler}."""
    if known := by_digest(aws, digest):
        return known
    git = subprocesses.state(paths.CHALICE_CONFIG) or {}
    made = ImageRelease(
        number=max(numbers(aws), default=0), digest=digest, uri=uri,
        at=actor.written(datetime.now(UTC)), by=actor.current_actor(aws.environ),
        input=parts.input, app=wishes.app(aws.settings), versions=parts.versions,
        packages=parts.packages, unpacked=unpacked, commit=str(git.get("commit", "")),
        architecture=aws.settings.architecture, handlers=handlers,
    )  # fmt: skip
    return _numbered(aws, made)


def _numbered(aws: Aws, made: ImageRelease) -> ImageRelease:
    for number in range(made.number + 1, made.number + 1 + TRIES):
        numbered = ImageRelease(**{**asdict(made), "number": number})
        text = files.canonical(asdict(numbered))
        if s3_versions.write_unique(aws, key(aws, number), text, ""):
            _mark(aws, numbered)
            return numbered
    raise AwsError("no number is free for the image", fix="run the same command again")
