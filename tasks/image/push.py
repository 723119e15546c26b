"""An image into a repository: only what it lacks, the manifest last, so that what was cut off
anywhere is completed by the next run."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..ui.console import count, progress, size
from ..util.errors import AwsError
from .assemble import MANIFEST, Image, digest
from .registry import Registry
from .tar_layer import Layer

Find = Callable[[Layer], Path]
LARGE = 1_000_000  # bytes of a blob that is worth a question
MOST = 2  # repositories that are asked for one


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """`sent`: bytes of blobs. `layers`: how many of the image's `of`. `asked`: requests."""

    sent: int
    layers: int
    of: int
    asked: int

    def __str__(self) -> str:
        if not self.layers:
            return "nothing to push: the registry has it"
        return f"{size(self.sent)} pushed ({self.layers} of {count(self.of, 'image layer')})"


def push(
    registry: Registry, image: Image, find: Find, known: Collection[str] = (),
    others: Sequence[str] = (),
) -> Pushed:  # fmt: skip
    """`find`: where a layer's blob lies. `known`: digests of layers that an image has which is
    there, so that nobody need ask for them. `others`: repositories of the registry that may have
    the base image's, so that they need not be sent."""
    of, sent, asked = len(image.layers), registry.sent, registry.asked
    if there := registry.find_manifest(image.tag):
        _compare(registry, image, there)
        return Pushed(sent=0, layers=0, of=of, asked=registry.asked - asked)
    missing = [x for x in image.layers if x.digest not in known and not registry.has_blob(x.digest)]
    with progress("pushing", sum(each.size for each in missing)) as advance:
        for each in missing:
            if not _mount(registry, each, others):
                registry.send_blob(each.digest, find(each))
            advance(each.size)
    named = digest(image.config)
    if not registry.has_blob(named):
        registry.send_blob(named, image.config)
    registry.put_manifest(image.tag, MANIFEST, image.manifest)
    _compare(registry, image, registry.find_manifest(image.tag))
    return Pushed(
        sent=registry.sent - sent, layers=len(missing), of=of, asked=registry.asked - asked
    )


def _mount(registry: Registry, layer: Layer, others: Sequence[str]) -> bool:
    """A registry may refuse: then the blob is sent."""
    if layer.size < LARGE:
        return False
    with suppress(AwsError):
        return any(registry.mount_blob(layer.digest, each) for each in others[:MOST])
    return False


def _compare(registry: Registry, image: Image, there: str) -> None:
    """AwsError where the tag, which is the digest's, stands for another image."""
    if there != image.digest:
        raise AwsError(
            f"{registry}: tag {image.tag} stands for {there or 'nothing'}",
            fix="somebody has given the tag to another image, or the registry is at fault: delete "
            "that tag, or choose another `repository`",
        )
