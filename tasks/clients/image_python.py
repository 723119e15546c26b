"""Which Python an image has. Lambda's own are named by it; one of yours is asked, once."""

import re
from typing import TYPE_CHECKING

from ..core import distributions, records
from ..core.errors import BuildError
from ..core.settings import Settings
from . import engine_containers, engine_faults

if TYPE_CHECKING:
    from docker import DockerClient

INTERPRETER = "/var/lang/bin/python3"  # in Lambda's images
KIND = "pythons"  # of the store's entries
_VERSION = re.compile(r"3\.\d+")
_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def check(client: "DockerClient", builder: str, settings: Settings) -> None:
    """BuildError when it is not the layer's: a layer made with it would be for another runtime than
    it is published for. `builder`: the builder image's tag, which is named by its content."""
    if not settings.image:
        return
    kept, key = distributions.store(settings), records.digest([KIND, builder])
    known = kept.get(KIND, key)
    found = known.read_text(encoding="utf-8") if known else _ask(client, builder, settings)
    if not known:
        kept.put_bytes(KIND, key, found.encode())
    if found != settings.python:
        raise BuildError(
            f"image {settings.base_image} has Python {found}, the layer is for {settings.python}",
            fix=f'set python = "{found}", or another `image`: "{{python}}" in its name stands for '
            "the layer's",
        )


def _ask(client: "DockerClient", builder: str, settings: Settings) -> str:
    said = _said(client, builder)
    if not _VERSION.fullmatch(said):
        raise BuildError(
            f"the Python of image {settings.base_image} does not start: {said[:300]}",
            fix="make it from Lambda's own, public.ecr.aws/lambda/python",
        )
    return said


def _said(client: "DockerClient", builder: str) -> str:
    """What a container of its own prints, which goes with its end, however we end."""
    with engine_faults.explained():
        container = client.containers.create(
            builder, [INTERPRETER, "-I", "-c", _ASK], labels=engine_containers.labels(),
            init=True, auto_remove=True,
        )  # fmt: skip
        try:
            output = container.attach(stream=True)
            try:
                container.start()
                return b"".join(output).decode(errors="replace").strip()
            finally:
                engine_containers.close(output)
        except BaseException:
            engine_containers.remove(container)
            raise
