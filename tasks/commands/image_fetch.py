"""`doit fetch` of a stage of images: one as a file that `docker load` takes, all of it compared."""

import json
import tempfile
from pathlib import Path

from ..context import connection
from ..context.arguments import Arguments
from ..image import ecr
from ..image.registry.client import Registry
from ..release.images.parts import repository
from ..release.images.releases import ImageRelease
from ..sandbox.container import image_archive
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import count, progress, say, size
from ..util.errors import AwsError
from . import image_show


def fetch(settings: Settings, typed: Arguments) -> Path:
    """AwsError where it is gone, or is not what its digests say. Then no file is left."""
    aws, name = connection.connect_read_only(settings), repository(settings)
    found = image_show.chosen(aws, typed)
    place = ecr.look_at_repository(aws, name)
    if place is None or place.registry.find_manifest(found.digest) != found.digest:
        fix = "./doitw history lists the images that are there. ./doitw deploy builds a new one"
        raise AwsError(f"image {found.number} is not in repository {name} any more", fix=fix)
    target = paths.BUILD / "fetch" / name / f"{found.number}" / "image.tar"
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    layers = _write(place.registry, found, f"{name}:{found.number}", target)
    say(f"{target}: {size(target.stat().st_size)}, {count(layers, 'image layer')}")
    say(f"exactly the image {found.digest}; `docker load -i {target}` makes {name}:{found.number}")
    return target


def _write(registry: Registry, found: ImageRelease, tag: str, target: Path) -> int:
    """How many layers it has."""
    _, data = registry.read_manifest(found.digest)
    manifest = json.loads(data)
    config = registry.read_blob(manifest["config"]["digest"])
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        blobs = []
        with progress("fetching", sum(each["size"] for each in manifest["layers"])) as advance:
            for number, each in enumerate(manifest["layers"]):
                blob = Path(folder, str(number))
                registry.fetch_blob(each["digest"], blob)
                blobs.append(blob)
                advance(each["size"])
        made = Path(folder, "image.tar")
        with made.open("wb") as file:
            image_archive.write(file, tag, config, blobs)
        made.replace(target)
    return len(manifest["layers"])
