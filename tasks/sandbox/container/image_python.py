"""Which Python an image has: its keepers say it, so that no layer is made for another runtime than
it is published for."""

import re

from ...settings.model import Settings
from ...util.errors import BuildError

INTERPRETER = "/var/lang/bin/python3"  # in Lambda's images
_NONE = re.compile(r"exec .*(fail|error|not found)|no such file|Traceback|library", re.I)


def check_image_python(found: str, settings: Settings) -> None:
    """BuildError when it is not the layer's."""
    if found != settings.python:
        raise BuildError(
            f"image {settings.base_image} has Python {found}, the layer is for {settings.python}",
            fix=f'set python = "{found}", or another `image`: "{{python}}" in its name stands for '
            "the layer's",
        )


def no_start(said: str, settings: Settings) -> BuildError | None:
    """What a container that ended at once has said, if that is why."""
    if not _NONE.search(said):
        return None
    return BuildError(
        f"the Python of image {settings.base_image} does not start: {said[:300]}",
        fix="make it from Lambda's own, public.ecr.aws/lambda/python",
    )
