"""What no registry refuses and Lambda does, or what fails only once the function starts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..settings import lambda_variables
from ..settings.model import IMAGE_LIMIT, Settings
from ..ui.console import size
from ..util.errors import VerifyError
from . import assemble
from .assemble import CONFIG, LAYER, MANIFEST, Image

MOST_LAYERS = 127
MACHINES = {"x86_64": "amd64", "arm64": "arm64"}  # Lambda's name: an image's
FIX = "use Lambda's own base image (`image` in pyproject.toml), or leave packages out with `drop`"


def check_image(settings: Settings, image: Image) -> None:
    """VerifyError with all that is wrong."""
    manifest, config = json.loads(image.manifest), json.loads(image.config)
    problems = [*_of_manifest(manifest), *_of_config(settings, config, len(image.layers))]
    if image.unpacked > IMAGE_LIMIT:
        problems.append(f"{size(image.unpacked)} unpacked, Lambda takes {size(IMAGE_LIMIT)}")
    if problems:
        raise VerifyError("Lambda would refuse the image:\n" + "\n".join(problems), fix=FIX)


def _of_manifest(manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("mediaType") != MANIFEST or "manifests" in manifest:
        yield f"its manifest is {manifest.get('mediaType')}: Lambda takes no list of images"
    if manifest["config"]["mediaType"] != CONFIG:
        yield f"its config is {manifest['config']['mediaType']}"
    if wrong := sorted({x["mediaType"] for x in manifest["layers"]} - {LAYER}):
        yield f"layers of another kind than {LAYER}: {', '.join(wrong)}"
    if len(manifest["layers"]) > MOST_LAYERS:
        yield f"{len(manifest['layers'])} layers, Lambda takes {MOST_LAYERS}"


def _of_config(settings: Settings, config: Mapping[str, Any], layers: int) -> Iterator[str]:
    wanted = f"linux/{MACHINES[settings.architecture]}"
    platform = f"{config.get('os')}/{config.get('architecture')}"
    if platform != wanted:
        yield f"the base image is for {platform}, the stage's functions are for {wanted}"
    runs = config["config"]
    if not runs.get("Entrypoint"):
        yield "the base image has no entrypoint, which starts Lambda's runtime client"
    for why in lambda_variables.against_layer(assemble.variables(config), image=True).values():
        yield f"the base image sets {why}"
    if not runs.get("Cmd"):
        yield "no command: no handler is named"
    if len(config["rootfs"]["diff_ids"]) != layers:
        yield "its config names another number of layers than its manifest"
