"""Which sandbox a run uses. Decided once per run, and only when a step first needs it."""

from functools import cache

from ..core import hosts, records
from ..core.console import say
from ..core.errors import BuildError
from ..core.sandbox import Sandbox
from ..core.settings import Settings


@cache
def choose(settings: Settings) -> Sandbox:
    """The run's. BuildError as of `new`."""
    return new(settings)


def new(settings: Settings) -> Sandbox:
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
        if not hosts.runs(settings):
            raise
        why = error.problem.splitlines()[0].rstrip(":")
        say(f"without Docker ({why}): building with this machine's Python instead")
        return _host(settings)


def _host(settings: Settings) -> Sandbox:
    from . import host

    host.check(settings)
    for line in hosts.left_out(settings):
        say(f"note: {line}")
    return host.HostSandbox(settings)


def kind(settings: Settings) -> str:
    """`docker` or `host`, for the input hash: no Docker and no network, but where only a look
    can tell (stage=local, builder=auto)."""
    if settings.is_local and settings.builder == "auto":
        return choose(settings).kind
    return "host" if settings.builder == "host" else "docker"


def title(settings: Settings) -> str:
    """For people: what builds, whether or not it has to start."""
    return f"image {settings.base_image}" if kind(settings) == "docker" else hosts.title(settings)


def runs(settings: Settings) -> bool:
    """Does what builds also run it, so that it is proven? (core/hosts.py)"""
    return kind(settings) == "docker" or hosts.runs(settings)


def expected(settings: Settings) -> str:
    """The same for who only looks: where a choice would have to be made, and an image perhaps
    built, it is taken to be as in the last run."""
    if settings.is_local and settings.builder == "auto":
        from . import invocation

        return str((records.read(invocation.RUNTIME) or {}).get("builder", "docker"))
    return kind(settings)
