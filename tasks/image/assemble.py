"""Manifest and config of an image, from a base image's and layers of ours: JSON of one spelling.

Docker's schema 2 with gzip: what AWS's own base images are, and what Lambda is known to take. No
index, no attestation, no zstd.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..util import files
from .tar_layer import Layer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CREATED = "1980-01-01T00:00:00Z"
TASK = "/var/task"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base image. `reference`: as it was asked for. `digest`: its manifest's (`''` for one that
    comes from an engine). `config`: its own."""

    reference: str
    digest: str
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, kw_only=True)
class Image:
    """`manifest` and `config`: their bytes. `layers`: the base's first, the app last."""

    manifest: bytes
    config: bytes
    layers: tuple[Layer, ...]

    @property
    def digest(self) -> str:
        return digest(self.manifest)

    @property
    def tag(self) -> str:
        """Of a repository whose tags never move: what has it is this image."""
        return tag_of(self.digest)

    @property
    def variables(self) -> dict[str, str]:
        """The base image's own, which every function finds."""
        return variables(json.loads(self.config))

    @property
    def unpacked(self) -> int:
        return sum(each.unpacked for each in self.layers)


def tag_of(image: str) -> str:
    return f"i-{image.removeprefix('sha256:')}"


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """An image's, by its config."""
    given = (config.get("config") or {}).get("Env") or []
    return {name: text for name, _, text in (each.partition("=") for each in given)}


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def assemble(base: Base, own: Sequence[Layer], handler: str) -> Image:
    """`own`: in order. `handler`: of a function that names none."""
    layers = (*base.layers, *own)
    config = files.canonical(_config(base, own, handler))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(config), "digest": digest(config)},
        "layers": [
            {"mediaType": LAYER, "size": each.size, "digest": each.digest} for each in layers
        ],
    }
    return Image(manifest=files.canonical(manifest), config=config, layers=layers)


def _config(base: Base, own: Sequence[Layer], handler: str) -> dict[str, Any]:
    """The base's, with more layers. What Docker itself writes about a build is left out: it has
    the time and the machine."""
    kept = {name: base.config[name] for name in ("architecture", "os") if name in base.config}
    runs = {**base.config.get("config", {}), "Cmd": [handler], "WorkingDir": TASK}
    diff_ids = [each.diff_id for each in (*base.layers, *own)]
    made = [{"created": CREATED, "created_by": f"doit-lambda-layer: {x.title}"} for x in own]
    return {
        **kept,
        "created": CREATED,
        "config": {name: value for name, value in sorted(runs.items()) if value is not None},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [*base.config.get("history", []), *made],
    }
