"""The base image (pulled with progress), and the one with compilers that is made from it, tagged by
content, when something is built from source."""

import hashlib
import io
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...settings import paths
from ...settings.model import Settings
from ...ui.console import following, progress, say
from ...util.errors import BuildError
from .. import index_credentials, tar_streams
from . import emulation

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY = "doit-lambda-layer/builder"
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
STEP = re.compile(r"Step (\d+)/(\d+) ")  # what `docker build` says


def ensure_base(client: "DockerClient", settings: Settings) -> str:
    """The base image's ID, pulled first when it is not here for the layer's architecture."""
    found = _find(client, settings)
    if not found:
        _pull(client, settings)
        found = _find(client, settings)
    if not found:
        raise _not_found(settings, f"the registry has none for {settings.architecture}")
    return found


def _find(client: "DockerClient", settings: Settings) -> str:
    """'' also for another machine's image: a layer made in it would be for that machine."""
    import docker

    try:
        image = client.images.get(settings.base_image)
    except docker.errors.ImageNotFound:
        return ""
    except docker.errors.APIError as error:
        raise _not_found(settings, str(error.explanation or error)) from None
    wanted = PLATFORMS[settings.architecture].rpartition("/")[2]
    return str(image.id) if image.attrs["Architecture"] == wanted else ""


def digest(client: "DockerClient", settings: Settings) -> str:
    """`name@sha256:…` of the base image that is here, also where a tag was asked for. Its ID where
    it comes from no registry."""
    image = client.images.get(settings.base_image)
    name, _ = _reference(settings.base_image)
    known: list[str] = image.attrs.get("RepoDigests") or [str(image.id)]
    return next((each for each in known if each.startswith(f"{name}@")), known[0])


def offered(client: "DockerClient", settings: Settings) -> str:
    """`sha256:…` of the image that is here, else of its registry's. '' for one that no registry
    has. BuildError where it is nowhere."""
    import docker
    import requests

    try:
        return digest(client, settings).partition("@")[2]
    except docker.errors.ImageNotFound:
        pass
    try:
        return str(client.images.get_registry_data(settings.base_image).id)
    except (docker.errors.APIError, requests.RequestException) as error:
        raise _not_found(settings, str(getattr(error, "explanation", None) or error)) from None


def _pull(client: "DockerClient", settings: Settings) -> None:
    import docker
    import requests

    say(f"pulling {settings.base_image}")
    repository, tag = _reference(settings.base_image)
    try:
        stream = client.api.pull(
            repository, tag=tag, stream=True, decode=True, platform=PLATFORMS[settings.architecture]
        )
        _show_pull(stream, settings)
    except (docker.errors.APIError, requests.RequestException) as error:
        detail = getattr(error, "explanation", None) or str(error)
        raise _not_found(settings, detail) from None


def _reference(image: str) -> tuple[str, str]:
    """name:tag and name@sha256:… as the engine's API wants them: (name, tag or digest)."""
    if "@" in image:
        name, _, reference = image.partition("@")
        return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name, reference
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "latest")


def _show_pull(stream: Iterable[dict[str, Any]], settings: Settings) -> None:
    done: dict[str, int] = {}
    failed = ""
    with progress("pulling", None) as advance:
        for event in stream:  # to its end, also after an error: the connection is free only then
            failed = failed or event.get("error", "")
            current = event.get("progressDetail", {}).get("current")
            if current and event.get("status") == "Downloading":
                advance(current - done.get(event["id"], 0))
                done[event["id"]] = current
    if failed:
        raise _not_found(settings, failed)


def _not_found(settings: Settings, detail: str) -> BuildError:
    newer = f". For a newer one: delete `# base image:` in {settings.lock}, then ./doitw lock"
    return BuildError(
        f"image {settings.base_image} cannot be pulled: {detail.strip()[:300]}",
        fix="check the name, the network and `docker login`. Another image: LAYER_IMAGE=…. "
        f"Without an image: builder=host{newer if settings.locked_image else ''}",
    )


def ensure_compiler(client: "DockerClient", settings: Settings, why: str) -> str:
    """The tag of the image with compilers. Built when none of this content is here. BuildError."""
    import docker

    base, bundle = ensure_base(client, settings), index_credentials.ca_bundle(os.environ)
    dockerfile = (paths.DOCKER / "Dockerfile").read_bytes()
    tag = content_tag([dockerfile, base.encode(), bundle])
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        say(f"making an image with compilers on {settings.base_image}, once: {why}")
        arguments = {"BASE_IMAGE": settings.base_image, **index_credentials.proxies(os.environ)}
        context = {"Dockerfile": dockerfile, "ca-bundle.pem": bundle}
        try:
            _build(client, tag, arguments, context)
        except BuildError as error:
            raise emulation.explain(error, client, settings.architecture) from None
    return tag


def content_tag(parts: Iterable[bytes]) -> str:
    """The image's name: another one for anything else that goes into it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return f"{REPOSITORY}:{digest.hexdigest()[:12]}"


def _build(
    client: "DockerClient", tag: str, arguments: dict[str, str], context: dict[str, bytes]
) -> None:
    lines: list[str] = []
    failed = False
    archive = io.BytesIO(tar_streams.pack(context))
    with following("building, step") as hear:
        stream = client.api.build(
            fileobj=archive, custom_context=True, tag=tag, buildargs=arguments, rm=True,
            forcerm=True, decode=True, labels={"doit-lambda-layer": "builder"},
            use_config_proxy=False,
        )  # fmt: skip
        for event in stream:  # to its end, as in _show_pull
            text = event.get("stream", "") or event.get("error", "")
            lines += [line for line in text.splitlines() if line.strip()]
            if step := STEP.match(text):
                hear(f"@ {step[1]}/{step[2]}")
            failed = failed or "error" in event
    if failed:
        shown = "\n".join(lines[-12:])
        raise BuildError(
            f"the image with compilers could not be built:\n{shown}",
            fix="read the last lines, and the Dockerfile that this tool brings",
        )
