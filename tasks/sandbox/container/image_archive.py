"""Images out of the engine and into it, as `docker save` writes them and `docker load` reads them.
No registry is asked."""

import gzip
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from ...settings.model import Settings
from ...util.errors import BuildError
from . import docker_engine, docker_images

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
        """(its tar in a file, bytes)."""
        inside = self._tar.extractfile(self._tar.getmember(self._layers[number]))
        assert inside
        with tempfile.TemporaryFile() as plain, inside:
            packed = inside.read(len(GZIP)) == GZIP
            inside.seek(0)
            source: Any = gzip.GzipFile(fileobj=inside) if packed else inside
            while block := source.read(BLOCK):
                plain.write(block)
            plain.flush()
            yield plain, plain.tell()


@contextmanager
def exported(settings: Settings) -> Iterator[Archive]:
    """The base image. BuildError where it cannot be had."""
    with docker_engine.connected() as client, tempfile.TemporaryFile() as file:
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


def has_registry(settings: Settings) -> bool:
    """Did the engine get the base image from a registry?"""
    with docker_engine.connected() as client:
        image = client.images.get(docker_images.ensure_base(client, settings))
        return bool(image.attrs.get("RepoDigests"))


def base_id(settings: Settings) -> str:
    with docker_engine.connected() as client:
        return docker_images.ensure_base(client, settings)


def load(tag: str, config: bytes, layers: Iterable[IO[bytes]]) -> str:
    """The image's ID in the engine, under this tag."""
    import docker

    with docker_engine.connected() as client, tempfile.TemporaryFile() as file:
        with suppress(docker.errors.ImageNotFound):  # the tag says its content
            return str(client.images.get(tag).id)
        write(file, tag, config, layers)
        file.seek(0)
        (image,) = client.images.load(file)
        return str(image.id)


def write(target: IO[bytes], tag: str, config: bytes, layers: Iterable[IO[bytes]]) -> None:
    """As `docker load` reads it."""
    names = []
    with tarfile.open(fileobj=target, mode="w") as tar:
        for number, layer in enumerate(layers):
            names.append(f"{number}/layer.tar")
            info = tarfile.TarInfo(names[-1])
            info.size = layer.seek(0, io.SEEK_END)
            layer.seek(0)
            tar.addfile(info, layer)
        told = [{"Config": "config.json", "RepoTags": [tag], "Layers": names}]
        for name, data in (("config.json", config), ("manifest.json", json.dumps(told).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


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
