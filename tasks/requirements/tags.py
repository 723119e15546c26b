"""Lambda's platforms as installers name them."""

from ..settings.model import Settings

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
AL2 = ("3.8", "3.9", "3.10", "3.11")  # images on Amazon Linux 2, glibc 2.26; later: AL2023


def platform_tag(settings: Settings) -> str:
    """uv's `--python-platform`: the newest manylinux that the image's glibc can load."""
    manylinux = "manylinux_2_17" if settings.python in AL2 else "manylinux_2_34"
    return f"{MACHINES[settings.architecture]}-{manylinux}"


def needs(settings: Settings) -> dict[str, object]:
    """What a shared object must be made for: {"machine": ELF's name, "glibc": [2, 34], at most}."""
    glibc = (2, 26) if settings.python in AL2 else (2, 34)
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
