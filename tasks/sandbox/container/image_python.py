"""Which Python an image has: Lambda's own are named by it, one of yours is asked before a builder
is made of it."""

import re
from typing import TYPE_CHECKING

from ...settings.model import Settings
from ...util.errors import BuildError
from . import docker_engine, docker_errors

if TYPE_CHECKING:
    from docker import DockerClient

INTERPRETER = "/var/lang/bin/python3"  # in Lambda's images
_VERSION = re.compile(r"3\.\d+")
_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def check_image_python(client: "DockerClient", settings: Settings) -> None:
    """BuildError when it is not the layer's: a layer made with it would be for another runtime than
    it is published for."""
    if not settings.image:
        return
    found = _said(client, settings)
    if not _VERSION.fullmatch(found):
        raise BuildError(
            f"the Python of image {settings.base_image} does not start: {found[:300]}",
            fix="make it from Lambda's own, public.ecr.aws/lambda/python",
        )
    if found != settings.python:
        raise BuildError(
            f"image {settings.base_image} has Python {found}, the layer is for {settings.python}",
            fix=f'set python = "{found}", or another `image`: "{{python}}" in its name stands for '
            "the layer's",
        )


def _said(client: "DockerClient", settings: Settings) -> str:
    """What a container of its own prints, which goes with its end, however we end."""
    with docker_errors.explained():
        container = client.containers.create(
            settings.base_image, [INTERPRETER, "-I", "-c", _ASK], labels=docker_engine.labels(),
            entrypoint=[], init=True, auto_remove=True,
        )  # fmt: skip
        try:
            output = container.attach(stream=True)
            try:
                container.start()
                return b"".join(output).decode(errors="replace").strip()
            finally:
                docker_engine.close(output)
        except BaseException:
            docker_engine.remove(container)
            raise
