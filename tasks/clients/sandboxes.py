"""Which sandbox a run uses. Decided once per run, and only when a step first needs it."""

from functools import cache

from ..core import records
from ..core.console import say
from ..core.errors import BuildError
from ..core.sandbox import Sandbox
from ..core.settings import Settings


@cache
def choose(settings: Settings) -> Sandbox:
    """Docker; for stage=local and builder=auto this machine, when Docker or the image is missing.

    BuildError (what to start) in every other case without Docker.
    """
    from .container import ContainerSandbox

    if settings.builder == "host":
        return _host(settings)
    if settings.builder == "docker" or not settings.is_local:
        return ContainerSandbox(settings)
    try:
        return ContainerSandbox(settings)
    except BuildError as error:
        why = error.problem.splitlines()[0].rstrip(":")
        say(f"without Docker ({why}): building with this machine's Python instead")
        return _host(settings)


def _host(settings: Settings) -> Sandbox:
    from . import host

    host.check(settings)
    return host.HostSandbox()


def kind(settings: Settings) -> str:
    """`docker` or `host`, for the input hash: no Docker and no network, but where only a look
    can tell (stage=local, builder=auto)."""
    if settings.is_local and settings.builder == "auto":
        return choose(settings).kind
    return "host" if settings.builder == "host" else "docker"


def title(settings: Settings) -> str:
    """For people: what builds, whether or not it has to start."""
    import platform

    if kind(settings) == "docker":
        return f"image {settings.base_image}"
    return f"this machine's Python {platform.python_version()}"


def expected(settings: Settings) -> str:
    """The same for who only looks: where a choice would have to be made, and an image perhaps
    built, it is taken to be as in the last run."""
    if settings.is_local and settings.builder == "auto":
        from . import invocation

        return str((records.read(invocation.RUNTIME) or {}).get("builder", "docker"))
    return kind(settings)
