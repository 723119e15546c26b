"""What builds the layer, looked at for `doit doctor`: nothing is pulled, built or run twice."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ...requirements import host_python
from ...sandbox import host
from ...sandbox.container import docker_engine, docker_images, emulation
from ...settings.model import Settings
from ...ui import finding
from ...ui.finding import BAD, Finding
from ...util.errors import BuildError, LayerError

if TYPE_CHECKING:
    from docker import DockerClient

REGISTRY_SECONDS = 30  # a registry that is there answers by then
OTHER_IMAGE = (
    "check the name, the network and `docker login`. Another image: LAYER_IMAGE=…. Without an "
    "image: builder=host"
)


def check_builder(settings: Settings) -> Iterator[Finding]:
    """The engine and the image, or this machine, as `builder` and the stage choose."""
    if settings.builder == "host":
        yield _host(settings)
        return
    found = list(_docker(settings))
    wrong = [each for each in found if each.mark == BAD]
    if wrong and settings.is_local and settings.builder == "auto":
        why = wrong[0].found.splitlines()[0]
        yield finding.note(wrong[0].what, f"{why}; stage=local builds without", wrong[0].fix)
        yield _host(settings)
        return
    yield from found


def _host(settings: Settings) -> Finding:
    def question() -> Finding | str:
        host.check_host(settings)
        if host_python.runs(settings):
            return f"{host_python.title(settings)} builds from wheels alone"
        fix = "builder=docker tests it, with emulation where the architecture is another one"
        return finding.note("builder", "\n".join(host_python.left_out(settings)), fix)

    return finding.finding_of("builder", question)


def _docker(settings: Settings) -> Iterator[Finding]:
    try:
        client = docker_engine.connect()
    except LayerError as error:
        yield finding.bad("Docker", error)
        return
    with closing(client):
        client.api.timeout = REGISTRY_SECONDS
        about = client.info()
        said = f"{about['ServerVersion']} on {about['OperatingSystem']}, {about['Architecture']}"
        yield finding.good("Docker", said)
        yield finding.finding_of("image", lambda: _image(client, settings))
        yield finding.finding_of(
            "architecture", lambda: emulation.check_emulation(client, settings)
        )


def _image(client: "DockerClient", settings: Settings) -> str:
    """BuildError when it is neither here nor in its registry."""
    import docker
    import requests

    name, platform = settings.base_image, docker_images.PLATFORMS[settings.architecture]
    try:
        if _is_for(client.images.get(name).attrs, platform):
            return f"{name} is here"
    except docker.errors.ImageNotFound:
        pass
    try:
        offered = client.images.get_registry_data(name)
    except (docker.errors.APIError, requests.RequestException) as error:
        detail = str(getattr(error, "explanation", None) or error).strip()[:200]
        problem = f"{name} is not here, and its registry says: {detail}"
        raise BuildError(problem, fix=OTHER_IMAGE) from None
    if not offered.has_platform(platform):  # type: ignore[no-untyped-call] # docker-py's
        problem = f"the registry has no {name} for {settings.architecture}"
        raise BuildError(problem, fix=OTHER_IMAGE)
    return f"{name} is in its registry; the first build pulls it"


def _is_for(attributes: Any, platform: str) -> bool:
    return bool(attributes["Architecture"] == platform.rpartition("/")[2])
