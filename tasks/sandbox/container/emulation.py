"""Does the engine run the layer's architecture? Natively, or by QEMU in the kernel (binfmt_misc).

Docker's documentation ("Multi-platform builds"): Docker Desktop brings QEMU along. Elsewhere
`docker run --privileged --rm tonistiigi/binfmt --install …` registers it with the kernel.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ...settings.model import Settings
from ...ui import finding
from ...ui.finding import Finding
from ...util.errors import BuildError

if TYPE_CHECKING:
    from docker import DockerClient

MACHINES = {"x86_64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}  # engines name both ways
HANDLERS = Path("/proc/sys/fs/binfmt_misc")  # of this machine's kernel
DESKTOP = "Docker Desktop"
FOREIGN = re.compile(r"exec format error", re.I)  # the kernel's words, in the engine's log


def fix(architecture: str) -> str:
    """How to get it."""
    name = {"x86_64": "amd64", "arm64": "arm64"}[architecture]
    return (
        f"docker run --privileged --rm tonistiigi/binfmt --install {name}\n"
        f"→ (the kernel of the engine's machine then runs {architecture}, slowly)\n"
        "→ or builder=host: from wheels alone, nothing of it is run, so not for stage=local"
    )


def check_emulation(client: "DockerClient", settings: Settings) -> Finding | str:
    """BuildError where the kernel is seen to lack it."""
    about, wanted = client.info(), settings.architecture
    machine, system = str(about["Architecture"]), str(about["OperatingSystem"])
    if machine in MACHINES[wanted]:
        return f"{wanted}, the engine's own"
    if DESKTOP in system:
        return f"{wanted} on {machine}: Docker Desktop emulates it"
    state = registered(wanted) if _is_near(client) else None
    if state is None:
        said = f"{wanted} on {machine}: whether the engine emulates it is not to be seen from here"
        return finding.note("architecture", said, fix(wanted))
    if not state:
        problem = f"the engine's machine is {machine} and does not emulate {wanted}"
        raise BuildError(problem, fix=fix(wanted))
    return f"{wanted} on {machine}, emulated by QEMU"


def is_native(client: "DockerClient", architecture: str) -> bool:
    """Is it the one of the engine's machine?"""
    return str(client.info()["Architecture"]) in MACHINES[architecture]


def explain(error: BuildError, client: "DockerClient", architecture: str) -> BuildError:
    """The same, or what it comes to where a program of the other architecture did not start."""
    if not FOREIGN.search(error.problem):
        return error
    if is_native(client, architecture):
        return error
    problem = f"the engine's machine does not run programs for {architecture}"
    return BuildError(f"{problem}: {error.problem}", fix=fix(architecture))


def _is_near(client: "DockerClient") -> bool:
    """Does the engine run on this machine's kernel, whose handlers can be looked at?"""
    return client.api.base_url.startswith("http+docker:")  # a Unix socket, as docker-py names it


def registered(architecture: str) -> bool | None:
    """Has this kernel a handler for it? None where that cannot be seen."""
    name = {"x86_64": "qemu-x86_64", "arm64": "qemu-aarch64"}[architecture]
    if not (HANDLERS / "status").exists():
        return None
    handler = HANDLERS / name
    return handler.is_file() and handler.read_text(encoding="utf-8").startswith("enabled")
