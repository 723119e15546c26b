"""Lambda's platforms as installers name them."""

from typing import TYPE_CHECKING

from ..settings.model import Settings

if TYPE_CHECKING:
    from packaging.tags import Tag

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
AL2 = ("3.8", "3.9", "3.10", "3.11")  # images on Amazon Linux 2; later: AL2023
GLIBC_AL2, GLIBC = (2, 26), (2, 34)


def platform_tag(settings: Settings) -> str:
    """uv's `--python-platform`: the newest manylinux that the image's glibc can load."""
    manylinux = "manylinux_2_17" if settings.python in AL2 else "manylinux_2_34"
    return f"{MACHINES[settings.architecture]}-{manylinux}"


def supported(settings: Settings) -> list["Tag"]:
    """Of wheels with a platform of their own, those that the layer's Python takes, best first."""
    from packaging.tags import cpython_tags

    glibc = GLIBC_AL2 if settings.python in AL2 else GLIBC
    machine = MACHINES[settings.architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(glibc[1], 16, -1)]
    version = tuple(map(int, settings.python.split(".")))
    return list(cpython_tags(version, platforms=platforms))


def needs(settings: Settings) -> dict[str, object]:
    """What a shared object must be made for: {"machine": ELF's name, "glibc": [2, 34], at most}."""
    glibc = GLIBC_AL2 if settings.python in AL2 else GLIBC
    return {"machine": MACHINES[settings.architecture], "glibc": glibc}


def marker_environment(settings: Settings) -> dict[str, str]:
    """What environment markers (PEP 508) see in Lambda."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{settings.python}.0",
        "os_name": "posix",
        "platform_machine": MACHINES[settings.architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{settings.python}.0",
        "python_version": settings.python,
        "sys_platform": "linux",
    }
