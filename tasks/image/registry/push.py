"""An image into a repository: only what it lacks, the manifest last, so that what was cut off
anywhere is completed by the next run."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...ui.console import count, progress, size
from ...util.background import SideBySide
from ...util.errors import AwsError
from ..assemble import MANIFEST, Image, digest
from ..tar_layer import Layer
from .client import Registry

Find = Callable[[Layer], Path]
LARGE = 1_000_000  # bytes of a blob that is worth a question
MOST = 2  # repositories that are asked for one
AT_ONCE = 4  # blobs that are under way; docker sends 5


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
    others: Sequence[str] = (), meanwhile: Callable[[], object] = lambda: None,
) -> Pushed:  # fmt: skip
    """`find`: where a layer's blob lies. `known`: digests of layers that an image has which is
    there, so that nobody need ask for them. `others`: repositories of the registry that may have
    the base image's, so that they need not be sent. `meanwhile`: what has to succeed before there
    is an image of that tag. Blobs are sent beside it."""
    of, sent, asked = len(image.layers), registry.sent, registry.asked
    if there := registry.find_manifest(image.tag):
        _compare(registry, image, there)
        meanwhile()
        return Pushed(sent=0, layers=0, of=of, asked=registry.asked - asked)
    layers = [each for each in image.layers if each.digest not in known]
    with progress("pushing", sum(each.size for each in layers)) as advance:
        sender = _Sender(registry=registry, find=find, others=[*others], is_new=bool(known))
        work = [partial(sender.send, each, advance) for each in dict.fromkeys(layers)]
        sending = SideBySide([*work, partial(sender.config, image.config)], AT_ONCE)
        results = sending.results(meanwhile)
    registry.put_manifest(image.tag, MANIFEST, image.manifest)
    new = sum(results)
    return Pushed(sent=registry.sent - sent, layers=new, of=of, asked=registry.asked - asked)


@dataclass(kw_only=True)
class _Sender:
    """`others`: repositories that may have a blob. `is_new`: a small blob that is not known is not
    there, or was sent by a push that was cut off: sending it again is less than asking."""

    registry: Registry
    find: Find
    others: list[str]
    is_new: bool

    def send(self, layer: Layer, advance: Callable[[int], object]) -> bool:
        """Did the registry lack it?"""
        asks = not self.is_new or layer.size >= LARGE
        is_there = asks and self.registry.has_blob(layer.digest)
        if not is_there and (begun := self._mount(layer)) is not None:
            self.registry.send_blob(layer.digest, self.find(layer), begun)
        advance(layer.size)
        return not is_there

    def config(self, content: bytes) -> bool:
        """As new as the image. It is none of its layers."""
        self.registry.send_blob(digest(content), content)
        return False

    def _mount(self, layer: Layer) -> str | None:
        """None for a blob that came from another repository, '' for one that nobody waits for. A
        registry that waits for it instead of mounting it (ECR as it is set up) is not asked again:
        each time an upload would be left behind."""
        if layer.size < LARGE or not (others := self.others[:MOST]):
            return ""
        for each in others:
            with suppress(AwsError):  # it refuses
                if not (begun := self.registry.begin_mount(layer.digest, each)):
                    return None
                self.others = []
                return begun
        return ""


def _compare(registry: Registry, image: Image, there: str) -> None:
    """AwsError where the tag, which is the digest's, stands for another image."""
    if there != image.digest:
        raise AwsError(
            f"{registry}: tag {image.tag} stands for {there or 'nothing'}",
            fix="somebody has given the tag to another image, or the registry is at fault: delete "
            "that tag, or choose another `repository`",
        )
