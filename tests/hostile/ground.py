"""What hostile packages must not touch, one copy of the tool that builds them, and how it is seen
that nothing was: from the outside, whatever the tool believes."""

import hashlib
import ipaddress
import json
import secrets
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docker import DockerClient

from tests import package_index, reliability_counts
from tests.package_index import Index
from tests.project import Project, Run, clean_environment, small

PAYLOAD = Path(__file__).with_name("payload.py").read_bytes()
VICTIM = {"victim_canary.py": b"VALUE = 'as it was published'\n"}
HOLDING = """
import time
time.sleep(600)
"""
STAYS = b"hostile-stays"
END_SECONDS = 20  # of the 97 that they would stay
Files = Mapping[str, bytes]


@dataclass
class Sink:
    """Listens on every address of this machine, and counts who comes."""

    ports: dict[str, int] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    abstract: str = ""

    def listen(self, done: threading.Event) -> None:
        with selectors.DefaultSelector() as waiting:
            for kind, each in self._sockets():
                waiting.register(each, selectors.EVENT_READ, kind)
            self.ready.set()
            while not done.is_set():
                for key, _ in waiting.select(timeout=0.1):
                    self._hear(key.fileobj, str(key.data))
            for key in list(waiting.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr] # they are sockets

    def __post_init__(self) -> None:
        self.ready = threading.Event()
        self.abstract = f"hostile-{secrets.token_hex(4)}"

    def _sockets(self) -> Iterator[tuple[str, socket.socket]]:
        tcp = socket.create_server(("0.0.0.0", 0))  # noqa: S104 - containers reach it so
        self.ports["tcp"] = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", self.ports["tcp"]))  # noqa: S104
        local = socket.socket(socket.AF_UNIX)
        local.bind(f"\0{self.abstract}")
        local.listen()
        yield from (("TCP", tcp), ("UDP", udp), ("abstract socket", local))

    def _hear(self, listening: object, kind: str) -> None:
        assert isinstance(listening, socket.socket)
        if kind == "UDP":
            listening.recv(100)
        else:
            listening.accept()[0].close()
        self.heard.append(kind)


@dataclass(kw_only=True)
class Ground:
    """`base` holds all of it: a home, uv's cache, a second project, and what is built. `token`:
    what nobody may read."""

    base: Path
    builder: str
    image: str
    index: Index
    sink: Sink
    gateway: str
    token: str
    other: Project
    pure: str = ""
    leaked: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.base / "home"),
            "UV_CACHE_DIR": str(self.base / "cache"),
            "UV_DEFAULT_INDEX": self.index.url,
            "UV_INDEX_CANARY_PASSWORD": self.token,
            "LAYER_IMAGE": self.image,
            "AWS_SECRET_ACCESS_KEY": self.token,
        }

    def project(self, name: str, requirements: Sequence[str]) -> Project:
        made = small(self.base / name, "".join(f"{line}\n" for line in requirements))
        text = made.read("pyproject.toml").replace('"host"', f'"{self.builder}"')
        made.write("pyproject.toml", text)
        made.environment.update(self.environment)
        return made

    def aims(self) -> bytes:
        """What an attacker may know."""
        listening = [[host, self.sink.ports["tcp"]] for host in ("127.0.0.1", self.gateway)]
        contained = self.builder == "docker"
        return json.dumps({
            "roots": ["/"] if contained else [str(self.base)],
            "listening": listening,
            "abstract": self.sink.abstract,
            "token": self.token,
            "contained": contained,
        }).encode()  # fmt: skip

    def package(self, name: str, code: str, more: Files | None = None, *headers: str) -> str:
        """A wheel of the package `name`, whose code may use `payload`; its requirement."""
        files = {
            f"{name}/__init__.py": code.encode(),
            f"{name}/payload.py": PAYLOAD,
            f"{name}/aims.json": self.aims(),
            **(more or {}),
        }
        made, wanted = package_index.wheel(name, "1.0", headers, files), name.replace("_", "-")
        self.index.put(wanted, f"{name}-1.0-{package_index.ANY}.whl", made)
        return f"{wanted}==1.0"

    def build(
        self, name: str, requirements: Sequence[str], command: str = "build"
    ) -> tuple[Project, Run]:
        made = self.project(name, requirements)
        return made, made.doit(command)

    def fresh_build_of_the_other(self) -> str:
        """What a new clone of the second project ships now: sha256."""
        folder = self.base / "clone"
        shutil.rmtree(folder, ignore_errors=True)
        made, run = self.build("clone", ["victim==1.0"], "zip")
        assert run.code == 0, run.output
        return hashlib.sha256((made.path / "build/deps.zip").read_bytes()).hexdigest()

    def seen(self) -> dict[str, str]:
        """{canary: its content's hash}, whatever else lies there."""
        places = [self.base / "home", self.base / "cache", self.other.path / "requirements"]
        found = [path for place in places for path in place.rglob("*canary*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def check(self, before: Mapping[str, str], *outputs: str, building: bool = True) -> None:
        """Nothing is other than it was, nobody came to the sink, nothing was told."""
        after = self.seen()
        assert {name: after.get(name) for name in before} == dict(before)
        assert set(after) == set(before), set(after) - set(before)
        assert self.sink.heard == []
        for output in outputs:
            assert "OUT" not in output, output
            assert self.token not in output
            assert "Traceback" not in output, output
        assert left() == []
        assert not building or self.fresh_build_of_the_other() == self.pure


def left() -> list[str]:
    """Processes of attacks that stay: a container's end with it, a moment after the build."""
    deadline = time.monotonic() + END_SECONDS
    while (found := _staying()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def _staying() -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if STAYS in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


@contextmanager
def ground(base: Path, builder: str, image: str, engine: DockerClient) -> Iterator[Ground]:
    [config, *_] = engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    token = f"canary-{secrets.token_hex(16)}"
    for name in ("home/.ssh/canary_key", "home/.aws/canary_credentials"):
        path = base / name
        path.parent.mkdir(parents=True)
        path.write_text(token, encoding="utf-8")
        path.chmod(0o600)
    done, sink = threading.Event(), Sink()
    thread = threading.Thread(target=sink.listen, args=[done])
    thread.start()
    sink.ready.wait()
    with package_index.serving(base / "index", gateway) as served:
        served.add("victim", "1.0", files=VICTIM)
        other = small(base / "other", "victim==1.0\n")
        made = Ground(
            base=base, builder=builder, image=image, index=served, sink=sink, gateway=gateway,
            token=token, other=other,
        )  # fmt: skip
        made.pure = made.fresh_build_of_the_other()
        with _running(made):
            yield made
    done.set()
    thread.join()


@contextmanager
def _running(made: Ground) -> Iterator[None]:
    """The second project is being built all the while: its folders are there."""
    made.other = made.project("second", ["victim==1.0"])
    made.other.write("pyproject.toml", made.other.read("pyproject.toml") + 'check = "hold.py"\n'
                     "check-timeout = 3000\n")  # fmt: skip
    made.other.write("hold.py", HOLDING)
    log = made.base / "second.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tasks", "build"], cwd=made.other.path,
            env=clean_environment() | made.environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait()


@contextmanager
def held(kinds: Iterable[str]) -> Iterator[None]:
    """Packages, each by its kind, of which none gets out within."""
    tried = Counter(kinds)
    for kind, number in tried.items():
        reliability_counts.count(kind, "tried", number)
    try:
        yield
    except BaseException:
        for kind in tried:  # which of them it was, the failure says
            reliability_counts.count(kind, "out")
        raise
    for kind, number in tried.items():
        reliability_counts.count(kind, "held", number)
        reliability_counts.count(kind, "out", 0)
