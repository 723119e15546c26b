"""push: the app's image, put together and sent to ECR: only what the repository lacks.

Chalice packs the app. That is the last layer. A setup task of chalice-deploy: where nothing is to
be deployed, nothing is packed.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..aws import bucket, s3, secrets_manager
from ..aws.client import Aws
from ..chalice_project import config, deploy
from ..chalice_project.child import function_names
from ..chalice_project.package import Contents
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..image import app_layer, assemble, blobs, check, ecr, handlers
from ..image import base as base_image
from ..image.assemble import Image
from ..image.registry import push
from ..image.tar_layer import Layer
from ..layer import installed
from ..layer.wheels import function_wheels
from ..release.images import parts as image_parts
from ..release.images import releases
from ..release.images.parts import ImageParts
from ..release.stage import store
from ..sandbox import choose
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import LookupRecord, PushRecord
from ..ui.console import count, duration, say
from ..util import files
from ..util.errors import BuildError

HANDLER = "app.app"  # of a function that names none: Chalice's for the routes


def task_push() -> dict[str, object]:
    """Send the app's image to ECR."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["image-parts"],
        "setup": [*arguments.import_first(), "deploy-lock"],
        "uptodate": [lambda: is_pinned(settings)],
    }


def is_pinned(settings: Settings) -> bool:
    """To an image that is there, as lookup found."""
    looked_up = records.read(settings, LookupRecord)
    return bool(looked_up and looked_up.pin)


def parts(settings: Settings) -> ImageParts:
    """BuildError where image-parts and lookup have left none."""
    found = image_parts.known(settings)
    if found is None:
        fix = "run `./doitw deploy`, which makes them first"
        raise BuildError("there are no parts of an image", fix=fix)
    return found


def run(aws: Aws) -> PushRecord:
    """VerifyError for what Lambda would refuse, AwsError, DeployError."""
    settings, started, made = aws.settings, time.monotonic(), parts(aws.settings)
    s3.ensure_bucket(aws)
    bucket.ensure(aws)
    contents = Contents(versions=made.versions, modules=made.modules)
    packed = function_wheels.building(
        settings, lambda: deploy.pack(settings, aws.exported(), aws.access, contents)
    )
    package = Path(packed["file"])
    repository = ecr.open_repository(aws, image_parts.repository(settings))
    with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-") as folder:
        blob = Path(folder, "app")
        app = app_layer.write_app(package, blob)
        image = assemble.assemble(made.base, [*made.own, app], HANDLER)
        check.check_image(settings, image)
        find = _finder(settings, made, app, blob, aws.certificates())
        known = {x.digest for x in made.layers} if made.image else set()
        others = image_parts.other_repositories(aws) if not known else []

        def meanwhile() -> None:
            releases.announce(aws, image.digest)
            _start_handlers(aws, made, image, find)

        pushed = push.push(repository.registry, image, find, known, others, meanwhile)
    image_parts.note(aws, made, image.digest)
    uri, handlers = f"{repository.uri}@{image.digest}", _handlers(settings)
    number = releases.note(aws, made, uri, image.digest, image.unpacked, handlers).number
    record = PushRecord(
        uri=uri, digest=image.digest, layers=len(image.layers), pushed=pushed.sent,
        new=pushed.layers, asked=pushed.asked, unpacked=image.unpacked, number=number,
    )  # fmt: skip
    records.write(settings, record)
    say(f"image {number}: {pushed}, in {duration(time.monotonic() - started)}")
    return record


def _start_handlers(aws: Aws, made: ImageParts, image: Image, find: push.Find) -> None:
    """Where this machine has an engine, and the image's layers. smoke calls the app in any case."""
    settings = aws.settings
    if choose.kind(settings) != "docker" or not choose.runs(settings):
        say("note: no handler was started in the whole image: builder=host has no container")
        return
    if not all(blobs.has(installed.store(settings), each.digest) for each in made.own):
        say("note: no handler was started in the whole image, whose layers are in the registry")
        return
    configured = config.variables(paths.CHALICE_CONFIG, settings.stage)
    found = secrets_manager.read_secret(aws, configured)
    secret = found.values if found else {}
    functions = [*_functions(settings, secret)]
    failed = handlers.check_handlers(settings, image, find, functions, secret)
    for why in dict.fromkeys(failed):
        say(f"warning: it did not start here, without network and rights: {why}")
    started = count(len(functions) - len(failed), "handler")
    say(f"{started} started in the whole image, read-only, as nobody")


def _handlers(settings: Settings) -> Mapping[str, str]:
    """{function, as Chalice calls it: handler}, of app.py as it was imported."""
    imported = files.read_record(paths.stage_record(settings, "import-app")) or {}
    named: Mapping[str, str] = imported.get("handlers", {"api_handler": HANDLER})
    return named


def _functions(settings: Settings, secret: Mapping[str, str]) -> Iterator[handlers.Function]:
    """Each with its own variables and limits: config.json's."""
    base, end = store.function(settings), deploy.names_end(settings)
    for resource, handler in _handlers(settings).items():
        place = (paths.CHALICE_CONFIG, settings.stage, resource)
        memory, timeout = config.limits(*place)
        yield handlers.Function(
            name=function_names.plain_name(base, resource) + end, handler=handler, memory=memory,
            timeout=timeout, variables={**config.variables_of(*place), **secret},
        )  # fmt: skip


def _finder(
    settings: Settings, made: ImageParts, app: Layer, blob: Path, verify: str | bool
) -> push.Find:
    """Where a layer's bytes are: what is neither the app's nor kept here is fetched, if it is the
    base image's."""
    kept = installed.store(settings)

    def find(layer: Layer) -> Path:
        if layer == app:
            return blob
        if path := blobs.find(kept, layer.digest):
            return path
        if layer in made.base.layers and made.base.digest:
            return base_image.fetch(settings, kept, layer, verify)
        paths.stage_record(settings, "image-parts").unlink(missing_ok=True)
        raise BuildError(
            f"blob {layer.digest} is neither in the registry nor in the store",
            fix=f"delete the note images/…/inputs/{made.input} in S3, then run the command again",
        )

    return find
