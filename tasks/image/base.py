"""The base image: its manifest, its config, and its layers as blobs.

From its registry, where each blob is fetched only when the stage's repository lacks it. Or from the
engine that builds with it (stage=local, and an image that no registry has).
"""

import json
import threading
from collections import defaultdict
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..layer import installed, part
from ..layer.cache import Store
from ..sandbox import choose
from ..sandbox.container import image_archive
from ..sandbox.container.image_archive import Archive
from ..settings.model import Settings
from ..ui.console import count, say
from ..util import files
from ..util.errors import BuildError, InputError, LayerError
from . import blobs, tar_layer
from .assemble import Base, digest
from .check import MACHINES
from .registry.client import INDEXES, MANIFESTS, Registry
from .registry.login import Login
from .tar_layer import Layer

DOCKER_HUB = "https://registry-1.docker.io"
HUB = ("docker.io", "index.docker.io")  # how engines call it; these hosts are web sites
GZIP = {
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.layer.v1.tar+gzip",
}
_FETCHING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # {digest: …}
OTHER_BASE = "choose another base image: `image` in pyproject.toml, or LAYER_IMAGE"


def find_base(settings: Settings) -> Base:
    """The image that packages were tested in. Of an engine's, the registry has exactly that one, or
    the engine hands it out, as for stage=local. Without an engine it is the registry's."""
    if choose.kind(settings) != "docker":
        return from_registry(settings)
    exact = "" if settings.is_local else image_archive.registry_digest(settings)
    if not exact:
        return from_engine(settings)
    try:
        return from_registry(settings, exact=exact)
    except LayerError:  # built here, or behind a login that the engine has
        return from_engine(settings)


def from_engine(settings: Settings) -> Base:
    """The image that the engine has. Its layers are packed once, and kept."""
    kept, level = installed.store(settings), _level(settings)
    made_by = [*blobs.made_by(), level]
    known = f"base-of-{files.digest([*made_by, image_archive.base_id(settings)])}"
    if (facts := kept.get(blobs.FACTS, known)) and (found := _told(kept, facts)):
        return found
    with image_archive.exported(settings) as archive:
        ids = archive.config["rootfs"]["diff_ids"]
        say(f"packing the layers of {settings.base_image}, once")
        layers = tuple(
            _packed(kept, archive, number, each, level) for number, each in enumerate(ids)
        )
        made = Base(
            reference=settings.base_image, digest="", config=archive.config, layers=layers
        )  # fmt: skip
    kept.put_bytes(blobs.FACTS, known, files.canonical(asdict(made)))
    return made


def _told(kept: Store, facts: Path) -> Base | None:
    """As it was kept. None where a blob of it is gone."""
    told = json.loads(facts.read_bytes())
    layers = tuple(Layer(**each) for each in told["layers"])
    if not all(blobs.has(kept, each.digest) for each in layers):
        return None
    return Base(**{**told, "layers": layers})


def _level(settings: Settings) -> int:
    """libdeflate's: on this machine speed counts more than 4 % of size."""
    return 1 if settings.is_local else part.LEVELS["default"]


def _packed(kept: Store, archive: Archive, number: int, diff_id: str, level: int) -> Layer:
    def make(path: Path) -> Layer:
        with archive.layer(number) as (tar, length):
            return tar_layer.compress(tar, path, level, diff_id=diff_id, unpacked=length)

    key = files.digest([*blobs.made_by(), level, diff_id])
    return blobs.keep(kept, f"base-{key}", make)


def from_registry(settings: Settings, verify: str | bool = True, exact: str = "") -> Base:
    """The image's manifest and config. Its blobs stay where they are. `exact`: its digest, in place
    of a tag that may have moved."""
    registry, reference = _place(settings.base_image, verify)
    reference = exact or reference
    kind, data = registry.read_manifest(reference)
    try:
        if kind in INDEXES:
            reference = _of_platform(settings, json.loads(data))
            kind, data = registry.read_manifest(reference)
        if kind not in MANIFESTS:
            raise InputError(
                f"{settings.base_image} is {kind or 'nothing'}: no image", fix=OTHER_BASE
            )
        return _described(settings, registry, data)
    except (KeyError, TypeError, ValueError, AttributeError):
        problem = f"{registry} describes {settings.base_image} otherwise than as an image"
        raise InputError(problem, fix=OTHER_BASE) from None


def _described(settings: Settings, registry: Registry, data: bytes) -> Base:
    """`data`: its manifest."""
    manifest = json.loads(data)
    if other := {each["mediaType"] for each in manifest["layers"]} - GZIP:
        problem = f"{settings.base_image} has layers that Lambda does not take: {sorted(other)}"
        raise InputError(problem, fix=OTHER_BASE)
    config = json.loads(registry.read_blob(manifest["config"]["digest"]))
    layers = tuple(
        Layer(digest=each["digest"], size=each["size"], diff_id=diff_id,
              unpacked=registry.read_unpacked(each["digest"], each["size"]))
        for each, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
    )  # fmt: skip
    if unknown := sum(1 for each in layers if not each.unpacked):
        name = settings.base_image
        say(f"note: how large {count(unknown, 'layer')} of {name} will be unpacked is not known")
    return Base(reference=settings.base_image, digest=digest(data), config=config, layers=layers)


def offered(settings: Settings, verify: str | bool = True) -> str:
    """`sha256:…` that the registry has for the tag, with one HEAD. '' where it cannot be asked, or
    has none."""
    registry, reference = _place(settings.base_image, verify)
    try:
        return registry.find_manifest(reference)
    except LayerError:
        return ""


def fetch(settings: Settings, kept: Store, layer: Layer, verify: str | bool = True) -> Path:
    """A blob of the base image, from its registry. Kept. Several threads may want it."""
    registry = _opened(settings.base_image, verify)

    def make(path: Path) -> Layer:
        registry.fetch_blob(layer.digest, path)
        return layer

    with _FETCHING[layer.digest]:
        blobs.keep(kept, f"fetched-{layer.digest.removeprefix('sha256:')}", make)
    found = blobs.find(kept, layer.digest)
    if found is None:
        raise BuildError(f"{layer.digest} is gone from the store", fix="run the command again")
    return found


@lru_cache(maxsize=1)
def _opened(image: str, verify: str | bool) -> Registry:
    """One for all of its blobs: it need not let us in for each."""
    return _place(image, verify)[0]


def _of_platform(settings: Settings, index: dict[str, Any]) -> str:
    """The digest of the image for the stage's functions. (Attestations have no such platform.)"""
    wanted = ("linux", MACHINES[settings.architecture])
    for each in index.get("manifests", []):
        platform = each.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == wanted:
            return str(each["digest"])
    problem = f"{settings.base_image} has no image for {'/'.join(wanted)}"
    raise InputError(problem, fix=OTHER_BASE)


def _place(image: str, verify: str | bool) -> tuple[Registry, str]:
    """NAME:TAG or NAME@DIGEST, as engines read it."""
    name, _, exact = image.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "", name
    elif host in HUB:
        host = ""
    rest = rest if host or "/" in rest else f"library/{rest}"
    bare, colon, tag = rest.rpartition(":")
    repository, tag = (bare, tag) if colon and "/" not in tag else (rest, "latest")
    plain = host.partition(":")[0] in ("localhost", "127.0.0.1")
    url = DOCKER_HUB if not host else f"{'http' if plain else 'https'}://{host}"
    login = Login(is_remote=not plain)
    return Registry(url=url, repository=repository, login=login, verify=verify), exact or tag
