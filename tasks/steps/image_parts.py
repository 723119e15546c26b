"""image-parts: the layer's finished parts as blobs of an image, on a base image's (`package =
"image"`).

Only where lookup knows no image with these inputs. Nothing is sent: push does that, with the app.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..chalice_project import package as function_package
from ..context import arguments, team_store
from ..context.doit_actions import action
from ..context.settings import current
from ..image import base as base_image
from ..image import blobs, check
from ..image.assemble import Base
from ..image.tar_layer import Layer
from ..layer import contents, input_hash, installed
from ..layer.archive import sizes
from ..layer.part import Member
from ..release.images import parts as image_parts
from ..release.images.parts import ImageParts
from ..sandbox import choose
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, LookupRecord, VerifyRecord
from ..ui.console import count, duration, say, size


def task_image_parts() -> dict[str, object]:
    """Make blobs of the packages, for an image."""
    settings = current()
    return {
        "basename": "image-parts",
        "actions": [action(lambda: run(settings))],
        "task_dep": ["lookup"],
        "setup": [*arguments.import_first(), "verify", "sbom"],
        "uptodate": [lambda: is_known(settings)],
    }


def is_known(settings: Settings) -> bool:
    """lookup has found them, or a pin that holds."""
    looked_up = records.read(settings, LookupRecord)
    return bool(looked_up and (looked_up.image or looked_up.pin))


def layers(
    settings: Settings, members: Sequence[Member], names: Mapping[Path, str]
) -> tuple[Base, list[Layer]]:
    """The base image, and blobs for which it leaves room."""
    with ThreadPoolExecutor() as beside:
        finding = beside.submit(base_image.find_base, settings)
        own, base = blobs.of_parts(settings, members, names), finding.result()
    room = check.MOST_LAYERS - len(base.layers) - 1  # the app's
    if len(own) > room:
        own = blobs.of_parts(settings, members, names, most=max(0, room - 1))
    return base, own


def run(settings: Settings) -> ImageParts:
    """The record is release/images/parts.py's. BuildError, AwsError."""
    started = time.monotonic()
    members, names = contents.finished(settings)
    team_store.offer(settings, choose.kind(settings))  # the build may be one of before
    base, own = layers(settings, members, names)
    packages = records.needed(settings, VerifyRecord).packages
    distributions = records.needed(settings, InstallRecord).distributions
    made = ImageParts(
        input=input_hash.input_hash(settings, choose.kind(settings)),
        base=base,
        own=own,
        versions={each.name: each.version for each in distributions if packages.get(each.name)},
        modules=function_package.outermost(sizes.of_zip(paths.layer_zip(settings))),
        packages=packages,
        unzipped=sum(each.size for each in members),
    )
    image_parts.remember(settings, made)
    installed.store(settings).evict({*blobs.keys(settings, made.layers)})
    say(
        f"{count(len(own), 'image layer')} of packages, {size(sum(x.size for x in own))}, on "
        f"{base.reference} ({duration(time.monotonic() - started)})"
    )
    return made
