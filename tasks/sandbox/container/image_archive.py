"""Images out of the engine and into it, as `docker save` writes them and `docker load` reads them.
No registry is asked."""

import gzip
import hashlib
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

from ...settings import paths
from ...settings.model import Settings
from ...util import files
from ...util.errors import BuildError, InputError
from . import docker_engine, docker_images

Find = Callable[[], Path]  # where a layer's file lies; it may have to be fetched
GZIP = b"\x1f\x8b"
BLOCK = 1 << 20
END_SECONDS = 20  # a container needs a moment to end


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An image as the engine gave it."""

    config: dict[str, Any]
    _tar: tarfile.TarFile
    _layers: list[str]

    @contextmanager
    def layer(self, number: int) -> Iterator[tuple[IO[bytes], int]]:
        """(its tar in a file, bytes). InputError where the config says otherwise: it is packed in
        another way (zstd), or is not the layer."""
        inside, hashed = self._tar.extractfile(self._layers[number]), hashlib.sha256()
        assert inside
        with _on_disk() as plain, inside:
            packed = inside.read(len(GZIP)) == GZIP
            inside.seek(0)
            source: Any = gzip.GzipFile(fileobj=inside) if packed else inside
            while block := source.read(BLOCK):
                hashed.update(block)
                plain.write(block)
            plain.flush()
            if f"sha256:{hashed.hexdigest()}" != self.config["rootfs"]["diff_ids"][number]:
                raise InputError(
                    f"layer {number + 1} of the base image is not what the image says it is, or is "
                    "packed with something else than gzip",
                    fix="build the base image with gzip, or choose another: `image`, LAYER_IMAGE",
                )
            yield plain, plain.tell()


@contextmanager
def exported(settings: Settings) -> Iterator[Archive]:
    """The base image. BuildError where it cannot be had."""
    with docker_engine.connected() as client, _on_disk() as file:
        for block in client.api.get_image(docker_images.ensure_base(client, settings)):
            file.write(block)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            (told,) = json.load(_member(tar, "manifest.json"))
            config = json.load(_member(tar, told["Config"]))
            yield Archive(config=config, _tar=tar, _layers=told["Layers"])


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        fix = "update the Docker engine, or run the command again"
        raise BuildError(f"the engine's archive of the image has no {name}", fix=fix)
    return found


def registry_digest(settings: Settings) -> str:
    """`sha256:…` by which a registry may have exactly the base image that the engine has. '' for
    one that none has. An engine may name one for an image that was built here (moby#48747)."""
    with docker_engine.connected() as client:
        docker_images.ensure_base(client, settings)
        return docker_images.digest(client, settings).partition("@")[2]


def base_id(settings: Settings) -> str:
    with docker_engine.connected() as client:
        return docker_images.ensure_base(client, settings)


def load(tag: str, config: bytes, layers: Sequence[Find], like: Iterable[str] = ()) -> None:
    """The image into the engine, under this tag. `like`: images that may be there, and begin with
    the same layers: those are neither found nor sent again."""
    import docker

    with docker_engine.connected() as client:
        if _is_tagged(client, tag, config):
            return
        there = _layers_there(client, config, like)
        try:
            _send(client, tag, config, layers[there:])
        except docker.errors.DockerException:
            if not there:
                raise
            _send(client, tag, config, layers)  # an engine that wants all of them


def _is_tagged(client: Any, tag: str, config: bytes) -> bool:
    """Is the image there? The tag says its content. Engines mostly call it by its config, too."""
    import docker

    for name in (tag, f"sha256:{hashlib.sha256(config).hexdigest()}"):
        with suppress(docker.errors.ImageNotFound):
            client.images.get(name).tag(*tag.rsplit(":", 1))
            return True
    return False


def _layers_there(client: Any, config: bytes, like: Iterable[str]) -> int:
    """How many of the image's first layers the engine has."""
    import docker

    wanted: list[str] = json.loads(config)["rootfs"]["diff_ids"]
    most = 0
    for name in like:
        with suppress(docker.errors.ImageNotFound):
            found = client.images.get(name).attrs["RootFS"].get("Layers") or []
            pairs = zip(wanted, found, strict=False)
            most = max(most, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return most


def _send(client: Any, tag: str, config: bytes, layers: Sequence[Find]) -> None:
    with _on_disk() as file:
        write(file, tag, config, [find() for find in layers])
        file.seek(0)
        client.images.load(file)


def write(target: IO[bytes], tag: str, config: bytes, layers: Sequence[Path]) -> None:
    """As `docker load` reads it. `layers`: the image's last ones. It finds the first by
    themselves."""
    names = [f"{at}/layer.tar" for at, _ in enumerate(json.loads(config)["rootfs"]["diff_ids"])]
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, layer in zip(names[len(names) - len(layers) :], layers, strict=True):
            info = tarfile.TarInfo(name)
            info.size = layer.stat().st_size
            with layer.open("rb") as content:
                tar.addfile(info, content)
        told = [{"Config": "config.json", "RepoTags": [tag], "Layers": names}]
        for name, data in (("config.json", config), ("manifest.json", json.dumps(told).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def _on_disk() -> IO[bytes]:
    """A file without a name, of gigabytes. /tmp is often in memory."""
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=paths.BUILD)


def own_tag(repository: str, digest: str = "") -> str:
    """For an image of this checkout alone: another one's `local-stop` leaves it. Without a digest
    what all of them begin with."""
    return f"{repository}:{files.digest([str(Path.cwd())])[:12]}-{digest.partition(':')[2][:12]}"


def own_tags(repository: str) -> list[str]:
    """This checkout's, of images in the engine."""
    with docker_engine.connected() as client:
        found = client.api.images(name=repository)
    named = (tag for each in found for tag in each.get("RepoTags") or [])
    return [each for each in named if each.startswith(own_tag(repository))]


def remove(tags: Iterable[str]) -> None:
    """What nobody runs any more. A tag that is gone is no matter. A container of it that ends at
    this moment is waited for: removed before that, the image would stay without a name."""
    with docker_engine.connected() as client:
        for tag in tags:
            deadline = time.monotonic() + END_SECONDS
            while not _removed(client, tag) and time.monotonic() < deadline:
                time.sleep(0.2)


def _removed(client: Any, tag: str) -> bool:
    import docker

    try:
        client.images.remove(tag)
    except docker.errors.ImageNotFound:
        return True
    except docker.errors.APIError:
        return False
    return True
