"""Which sandbox a run uses. Decided once per run, and only when a step first needs it."""

from functools import cache

from ..requirements import host_python
from ..settings import paths
from ..settings.model import LAMBDA_TMP, MOST_TMP, Settings
from ..ui.console import say
from ..util import files
from ..util.errors import BuildError
from .protocol import Sandbox


@cache
def choose(settings: Settings) -> Sandbox:
    """The run's. BuildError as of `new`."""
    return new(settings, tmp=MOST_TMP if settings.is_image else LAMBDA_TMP)


def new(settings: Settings, *, tmp: int = LAMBDA_TMP) -> Sandbox:
    """Docker. For stage=local and builder=auto this machine, when Docker or the image is missing.
    `tmp`: MB of /tmp, of one for a function (this machine's is what it is).

    BuildError (what to start) in every other case without Docker.
    """
    if settings.builder == "host":
        return _host(settings)
    from .container.sandbox import ContainerSandbox

    if settings.builder == "docker" or not settings.is_local:
        return ContainerSandbox(settings, tmp=tmp)
    try:
        return ContainerSandbox(settings, tmp=tmp)
    except BuildError as error:
        if not host_python.runs(settings):
            raise
        why = error.problem.splitlines()[0].rstrip(":")
        say(f"without Docker ({why}): building with this machine's Python instead")
        return _host(settings)


def _host(settings: Settings) -> Sandbox:
    from . import host

    host.check_host(settings)
    for line in [*host_python.left_out(settings), *not_isolated(settings)]:
        say(f"note: {line}")
    return host.HostSandbox(settings)


def not_isolated(settings: Settings) -> list[str]:
    """What builder=host does not keep from the layer's code, as a sentence."""
    from . import isolation

    why = (
        isolation.lacking(host_python.interpreter(settings.python))
        if host_python.runs(settings)
        else ""
    )
    said = "code of the layer runs as you, with your files and your network"
    return [f"{said} ({why})"] if why else []


def kind(settings: Settings) -> str:
    """`docker` or `host`, for the input hash: no Docker and no network, but where only a look
    can tell (stage=local, builder=auto)."""
    if settings.is_local and settings.builder == "auto":
        return choose(settings).kind
    return "host" if settings.builder == "host" else "docker"


def title(settings: Settings) -> str:
    """For people: what builds, whether or not it has to start."""
    return (
        f"image {settings.image_name}"
        if kind(settings) == "docker"
        else host_python.title(settings)
    )


def runs(settings: Settings) -> bool:
    """Does what builds also run it, so that it is tested? (requirements/host_python.py)"""
    return kind(settings) == "docker" or host_python.runs(settings)


def expected(settings: Settings) -> str:
    """The same for who only looks: where a choice would have to be made, and an image perhaps
    built, it is taken to be as in the last run."""
    if settings.is_local and settings.builder == "auto":
        return str((files.read_record(paths.LOCAL_RUNTIME) or {}).get("builder", "docker"))
    return kind(settings)
