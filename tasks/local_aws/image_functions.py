"""Functions of the emulator that are images: blobs of its registry, loaded into the engine.

moto (seen with 5.2.5) takes any address for an image, keeps no handler, and drops what an update
says of it. Here a function has an image that is there, and runs in a container of it. What was
loaded goes with the server: its layers are the base image's, and blobs that stay.
"""

import atexit
import json
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..image import assemble
from ..sandbox.protocol import Sandbox
from ..settings import paths
from ..settings.model import Settings
from ..util import files
from ..util.errors import BuildError
from .services import image_registry

REPOSITORY = "doit-lambda-layer/function"
DOCKER = "docker"
NO_ENGINE = (
    "the emulator runs a function that is an image in a container: start Docker, or set "
    'package = "layer"'
)
_LOADED: dict[str, str] = {}  # {digest: tag}
_LOADING = threading.Lock()


def is_one(function: Any) -> bool:
    """`function`: moto's."""
    return str(function.package_type) == "Image"


def handler(function: Any) -> str:
    return str(function.image_config.cmd[0] if is_one(function) else function.handler)


def variables(function: Any) -> dict[str, str]:
    """The image's own, which the function finds as it finds its own. {} where it is gone."""
    uri = str(function.code["ImageUri"])
    if (manifest := image_registry.manifest_of(uri, function.region)) is None:
        return {}
    config = image_registry.blob(manifest["config"]["digest"]).read_bytes()
    return assemble.variables(json.loads(config))


def refusal(wishes: Mapping[str, Any]) -> str:
    """Why the emulator makes no such function, '' where it does."""
    builder = (files.read_record(paths.LOCAL_RUNTIME) or {}).get("builder", DOCKER)
    if builder != DOCKER:
        return NO_ENGINE
    if not (wishes.get("ImageConfig") or {}).get("Command"):
        return "a function that is an image needs ImageConfig.Command: its handler"
    return ""


def apply() -> None:
    """Change moto in this process."""
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.models import LambdaFunction

    code, located = LambdaFunction._set_function_code, LambdaFunction.get_code
    update = LambdaFunction.update_configuration

    def set_code(self: Any, spec: dict[str, Any]) -> None:
        if is_one(self) != ("ImageUri" in spec):
            other = "ZipFile" if is_one(self) else "ImageUri"
            raise InvalidParameterValueException(
                f"Please don't provide {other} when updating a function with packageType "
                f"{self.package_type}."
            )
        self.architectures = spec.get("Architectures") or self.architectures
        _take(self, str(spec["ImageUri"])) if is_one(self) else code(self, spec)

    def get_code(self: Any) -> dict[str, Any]:
        if not is_one(self):
            return located(self)
        told = {"RepositoryType": "ECR", "ImageUri": self.code["ImageUri"]}
        told["ResolvedImageUri"] = self.code["ImageUri"]
        return {**located(self), "Code": told}

    def update_configuration(self: Any, wishes: dict[str, Any]) -> dict[str, Any]:
        if command := (wishes.get("ImageConfig") or {}).get("Command"):
            self.image_config.cmd = command
        return update(self, wishes)

    for name, made in (
        ("_set_function_code", set_code), ("get_code", get_code),
        ("update_configuration", update_configuration),
    ):  # fmt: skip
        setattr(LambdaFunction, name, made)


def _take(function: Any, uri: str) -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException

    found = image_registry.manifest_of(uri, function.region)
    if found is None:
        raise InvalidParameterValueException(f"Source image {uri} does not exist.")
    function.code = {"ImageUri": uri}
    function.code_bytes, function.code_digest = b"", ""
    function.code_sha_256 = uri.rpartition(":")[2]
    function.code_size = found["config"]["size"]


def sandbox(function: Any, settings: Settings) -> Sandbox:
    """A container of the function's image. BuildError where there is no engine, or no image."""
    from ..sandbox.container.sandbox import ContainerSandbox

    uri = str(function.code["ImageUri"])
    manifest = image_registry.manifest_of(uri, function.region)
    if manifest is None:
        raise BuildError(f"image {uri} was deleted", fix="run `./doitw deploy stage=local`")
    return ContainerSandbox(
        settings, tmp=int(function.ephemeral_storage), whole=_load(uri.rpartition(":")[2], manifest)
    )


def _load(digest: str, manifest: dict[str, Any]) -> str:
    from ..sandbox.container import image_archive

    with _LOADING:
        if digest not in _LOADED:
            config = image_registry.blob(manifest["config"]["digest"]).read_bytes()
            layers = [partial(image_registry.blob, x["digest"]) for x in manifest["layers"]]
            tag = image_archive.own_tag(REPOSITORY, f"sha256:{digest}")
            image_archive.load(tag, config, layers, [*_LOADED.values()])
            if not _LOADED:
                atexit.register(_unload)
            _LOADED[digest] = tag
        return _LOADED[digest]


def _unload() -> None:
    from ..sandbox.container import image_archive

    image_archive.remove(_LOADED.values())
    _LOADED.clear()
