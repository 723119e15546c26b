"""Which jobs there are. WHOSE CODE RUNS decides as whom, where and with what, nothing else does.

    store     has root, uv's cache and the network. No code of a package ever runs in it
    cell      has no volume but its own /etc, no network, no capability. Nobody in it is root. One
              user of it holds what lies there (our scripts, the layer at /opt), another runs what
              the packages bring
    compiler  a cell of an image with compilers, for what is built from source

A row is what docs/security.md shows. tests/unit/sandbox/test_job_users.py compares the two.
"""

from dataclasses import dataclass

from .lambda_system import GID, UID

TMP = "/tmp, in memory"  # noqa: S108 - the container's
STORE, CELL, COMPILER, MACHINE = "store", "cell", "compiler", "–"
ROOT, KEEPER, NOBODY, YOU = "root", "65533", UID, "you"
# {user: as the engine takes user and group}
ENGINE_USERS = {ROOT: "0:0", KEEPER: f"{KEEPER}:{KEEPER}", NOBODY: f"{UID}:{GID}"}
OWN = "our scripts"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One row. `code`: whose runs. `mounts`: what it may write to. `time`: the limit."""

    job: str
    code: str
    user: str
    container: str
    mounts: str
    network: str
    environment: str
    memory: str
    time: str

    @property
    def is_ours(self) -> bool:
        """No code of a package, app or function runs in it."""
        return self.user in (ROOT, KEEPER)

    @property
    def may_connect(self) -> bool:
        """Is there a network that a job may be given?"""
        return self.network != "none"


INSTALL = Kind(
    job="install", code="uv, wheels only", user=ROOT, container=STORE,
    mounts="uv's cache, its own work folder", network="when something must be downloaded",
    environment="indexes with passwords, proxies, CA bundle", memory="the engine's", time="–",
)  # fmt: skip
INSPECT = Kind(
    job="inspect, optimize", code=OWN, user=ROOT, container=STORE,
    mounts="uv's cache, its own work folder", network="none", environment="the image's",
    memory="the engine's", time="–",
)  # fmt: skip
BUILD = Kind(
    job="build from source", code="the package's build scripts", user=NOBODY, container=COMPILER,
    mounts=TMP, network="none; `build-network`: the engine's",
    environment="the image's; no index, no password", memory="the engine's", time="3600 s",
)  # fmt: skip
UNPACK = Kind(
    job="unpack", code=OWN, user=KEEPER, container=CELL, mounts="/opt and /work, in memory",
    network="none", environment="the image's", memory="the engine's", time="–",
)  # fmt: skip
PROOF = Kind(
    job="proof", code="the layer's", user=NOBODY, container=CELL, mounts=TMP,
    network="none", environment="Lambda's, with `proof-env`", memory="the engine's",
    time="`proof-timeout` a module",
)  # fmt: skip
BLAME = Kind(
    job="blame", code="the layer's", user=NOBODY, container=CELL,
    mounts=f"{TMP}: a copy of the layer", network="none",
    environment="Lambda's, with `proof-env`", memory="the engine's",
    time="`proof-timeout` a module",
)  # fmt: skip
CHECK = Kind(
    job="check, trace", code="the project's check or `trace`, the layer's", user=NOBODY,
    container=CELL, mounts=TMP, network="none", environment="Lambda's, with `proof-env`",
    memory="the engine's", time="`check-timeout`",
)  # fmt: skip
FUNCTION = Kind(
    job="function", code="the app's, the layer's", user=NOBODY, container=CELL,
    mounts=TMP, network="the emulator; `local-network`: the engine's",
    environment="the function's variables",
    memory="the function's", time="the function's",
)  # fmt: skip
CHALICE = Kind(
    job="Chalice's child", code="app.py, packages of the .venv", user=YOU, container=MACHINE,
    mounts="all that is yours", network="yours", environment="yours, AWS credentials",
    memory="yours", time="–",
)  # fmt: skip
CHALICES_PIP = Kind(
    job="Chalice's pip, at a deploy",
    code="build scripts of what requirements.txt names by an address or a folder",
    user=YOU, container=MACHINE, mounts="all that is yours", network="yours",
    environment="yours, AWS credentials", memory="yours", time="–",
)  # fmt: skip

KINDS = (INSTALL, BUILD, INSPECT, UNPACK, PROOF, BLAME, CHECK, FUNCTION, CHALICE, CHALICES_PIP)
