"""What an image has beside the app, as S3 keeps it by the inputs that made it.

So a fresh machine knows the blobs, which the registry has, without building them.

It is written once an image with these blobs is in the repository. Where `gc` took that image, it
counts for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...aws import s3
from ...aws.client import Aws
from ...aws.iam import image_actions
from ...image.assemble import Base
from ...image.tar_layer import Layer
from ...settings import paths, s3_keys
from ...settings.model import Settings
from ...util import files, typed_json
from ..stage import store


@dataclass(frozen=True, kw_only=True)
class ImageParts:
    """`own`: blobs of the packages. `versions`, `modules`: what they bring. `packages`: {name:
    bytes}. `image`: digest of one that has them all, '' for none yet."""

    input: str
    base: Base
    own: Sequence[Layer]
    versions: Mapping[str, str]
    modules: Sequence[str]
    packages: Mapping[str, int]
    unzipped: int
    image: str = ""

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (*self.base.layers, *self.own)


def repository(settings: Settings) -> str:
    """Its name in ECR."""
    return image_actions.repository_name(settings, store.app(settings))


def _key(settings: Settings, input_hash: str) -> str:
    return s3_keys.image_parts(repository(settings), input_hash)


def other_repositories(aws: Aws) -> list[str]:
    """Of apps that share the bucket, and so perhaps the base image."""
    found = s3_keys.repositories(s3.objects(aws, s3_keys.IMAGES))
    return sorted(found - {repository(aws.settings)})


def read(aws: Aws, input_hash: str) -> ImageParts | None:
    """None for none, and for what is none of ours."""
    return from_record(typed_json.parsed(s3.get_bytes(aws, _key(aws.settings, input_hash))))


def note(aws: Aws, parts: ImageParts, image: str) -> None:
    made = replace(parts, image=image)
    s3.put_bytes(aws, _key(aws.settings, parts.input), files.canonical(asdict(made)))


def remember(settings: Settings, parts: ImageParts) -> None:
    """As the record of step image-parts."""
    files.write_record(paths.stage_record(settings, "image-parts"), asdict(parts))


def known(settings: Settings) -> ImageParts | None:
    return from_record(files.read_record(paths.stage_record(settings, "image-parts")) or {})


def from_record(told: Mapping[str, Any]) -> ImageParts | None:
    try:
        base = {**told["base"], "layers": tuple(Layer(**x) for x in told["base"]["layers"])}
        own = tuple(Layer(**each) for each in told["own"])
        return ImageParts(**{**told, "base": Base(**base), "own": own})
    except (KeyError, TypeError):
        return None
