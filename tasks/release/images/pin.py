"""A stage that was rolled back to an image stays there until a person changes something.

The app is in the image, so its files count as the requirements do.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from ...aws import s3
from ...aws.client import Aws
from ...settings.model import Settings
from ...util import actor, files, typed_json
from .. import wishes
from ..stage import store
from .releases import ImageRelease


@dataclass(frozen=True, kw_only=True)
class ImagePin:
    """`wishes`: what a person wanted when it was made. `lifted`: why it holds no more."""

    number: int
    digest: str
    uri: str
    at: str
    by: str
    reason: str
    wishes: str
    lifted: str = ""

    def __str__(self) -> str:
        return f"rolled back to image {self.number} by {self.by} on {self.at} ({self.reason})"


def wanted(settings: Settings) -> str:
    """What a person wants: requirements, settings, and the app."""
    return files.digest([wishes.of(settings), wishes.app(settings)])


def _key(aws: Aws) -> str:
    return store.key(aws.settings, "image-pin.json")


def read(aws: Aws) -> ImagePin | None:
    """The one that is not lifted."""
    found = typed_json.made(ImagePin, typed_json.parsed(s3.get_bytes(aws, _key(aws))))
    return found if found and not found.lifted else None


def holding(aws: Aws) -> ImagePin | None:
    """The one that holds against what is wanted now."""
    found = read(aws)
    return found if found and found.wishes == wanted(aws.settings) else None


def make(aws: Aws, release: ImageRelease, reason: str) -> ImagePin:
    """Only with the stage's lock."""
    made = ImagePin(
        number=release.number, digest=release.digest, uri=release.uri, reason=reason,
        at=actor.written(datetime.now(UTC)), by=actor.current_actor(aws.environ),
        wishes=wanted(aws.settings),
    )  # fmt: skip
    _put(aws, made)
    return made


def lift(aws: Aws, found: ImagePin, why: str) -> None:
    _put(aws, replace(found, lifted=why))


def _put(aws: Aws, made: ImagePin) -> None:
    s3.put_bytes(aws, _key(aws), files.canonical(asdict(made)))


def everybodys(aws: Aws) -> list[tuple[str, str]]:
    """(digest, stage) of each that stands, of every app and stage in the bucket."""
    found = []
    for stage, text in store.everybodys(aws, "image-pin.json"):
        pin = typed_json.made(ImagePin, typed_json.parsed(text))
        if pin and not pin.lifted:
            found.append((pin.digest, stage))
    return found
