"""One container of the builder image, from its start to its removal, and the jobs in it.

Its main process (docker/job_server.py) runs them; it is asked over a connection that ends with the
tool, however that ends, and so does the container. {work} lies on the volume that holds uv's cache,
so that installing is linking.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...settings import paths
from ...util.background import BackgroundTask
from ...util.errors import BuildError
from .. import tar_streams
from ..protocol import Job, OnLine, Outcome, expand, scripts
from . import docker_engine, docker_errors, docker_images
from .image_python import INTERPRETER
from .job_channel import GoneError, Keeper

if TYPE_CHECKING:
    from docker.models.containers import Container

OPT, CACHE = "/opt", "/cache"
CACHE_VOLUME = "doit-lambda-layer-cache"  # uv's cache; survives, safe to remove
BRIDGE, NONE = "bridge", "none"  # the engine's networks
NOBODY = 65534  # no rights to anything but /tmp and its own results
SCRIPTS = ("unpack.py", "fork_pool.py")  # what lays /opt out


class Session:
    """One container, from its start to its removal."""

    def __init__(self, client: Any, image: str, *, connected: bool) -> None:
        import atexit

        self._api = client.api
        self._work = f"{CACHE}/work/{os.urandom(6).hex()}"
        self._laid: tuple[object, ...] = ()
        self._there: dict[str, bytes] = {}  # what lies in {work} of what jobs were given
        self._network = BRIDGE if connected else NONE  # '' once it has left both
        self._ahead = BackgroundTask()
        self._names = {
            "{opt}": OPT,
            "{work}": self._work,
            "{uv}": "uv",
            "{interpreter}": INTERPRETER,
            "{tools}": self._work,
        }
        keeper = (paths.DOCKER / "job_server.py").read_text(encoding="utf-8")
        docker_engine.remove_of_the_dead(client)
        self._container: Container = client.containers.create(
            image, [INTERPRETER, "-I", "-c", keeper, self._work], init=True, user="root",
            labels=docker_engine.labels(), stdin_open=True, auto_remove=True,
            tmpfs={OPT: "exec,mode=755"}, volumes={CACHE_VOLUME: {"bind": CACHE, "mode": "rw"}},
            network_mode=self._network, log_config={"type": "none"},
        )  # fmt: skip
        atexit.register(self.close)
        try:
            self._keeper = Keeper(self._container)
            self._container.start()
        except BaseException:  # what has not started does not end, either
            atexit.unregister(self.close)
            docker_engine.remove(self._container)
            raise

    def close(self, *, killing: bool = False) -> None:
        """The container clears up behind itself, and nobody need wait for that; `killing` ends
        what runs in it at once, and leaves its folder to the next one."""
        import atexit

        atexit.unregister(self.close)
        self._keeper.close()  # and so the container ends
        if killing:
            docker_engine.remove(self._container)

    def prepare(self, layer: Path) -> None:
        self._ahead.begin(lambda: self._lay_out(Job(argv=(), opt=(layer,))))

    def run(self, job: Job, on_line: OnLine) -> Outcome:
        self._ahead.settle()
        self._connect(job.network)
        self._lay_out(job)
        files = dict(job.inputs)
        if job.network and (bundle := docker_images.ca_bundle(os.environ)):
            files[".ca-bundle.pem"] = bundle
        return self._watched(job, files, on_line)

    def _connect(self, wanted: bool) -> None:
        if wanted == (self._network == BRIDGE):
            return
        if self._network:
            self._api.disconnect_container_from_network(self._container.id, self._network)
        if wanted:
            self._api.connect_container_to_network(self._container.id, BRIDGE)
        self._network = BRIDGE if wanted else ""

    def _lay_out(self, job: Job) -> None:
        """What the job wants at /opt, unless just that lies there."""
        wanted = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in job.opt)
        if job.opt and wanted != self._laid:
            layers = {f".layer-{number}": path for number, path in enumerate(job.opt)}
            zips = [f"{{work}}/{name}" for name in layers]
            unpacking = Job(
                argv=("{python}", "{work}/unpack.py", OPT, "{work}", *zips), opt_writable=True
            )
            outcome = self._watched(unpacking, {**scripts(SCRIPTS), **layers}, print)
            if outcome.code:
                raise BuildError(
                    f"the layer could not be unpacked in the container:\n{outcome.tail}",
                    fix="see `docker info`: memory and disk of the engine",
                )
        if job.opt or job.opt_writable:
            self._laid = () if job.opt_writable else wanted

    def _watched(self, job: Job, files: Mapping[str, bytes | Path], on_line: OnLine) -> Outcome:
        """Run it; its lines are passed on as they come. TimeoutError: the container is gone."""
        expired = threading.Event()

        def kill() -> None:
            expired.set()
            self.close(killing=True)

        timer = threading.Timer(job.timeout or threading.TIMEOUT_MAX, kill)
        timer.daemon = True
        timer.start()
        output: list[str] = []
        try:
            code = self._executed(job, files, on_line, output)
        except GoneError:
            if not expired.is_set():
                raise docker_errors.gone(self._container) from None
        finally:
            timer.cancel()
            timer.join()
        if expired.is_set():
            raise TimeoutError("".join(output))
        return Outcome(code=code, output="".join(output))

    def _executed(
        self, job: Job, files: Mapping[str, bytes | Path], on_line: OnLine, output: list[str]
    ) -> int:
        new = {name: each for name, each in files.items() if self._there.get(name) != each}
        answer = self._keeper.ask(
            [part for word in job.argv for part in command(word, self._names)],
            environment=_environment(job, self._names),
            user=0 if job.trusted else NOBODY,
            files=new,
            fetch=[expand(name, self._names) for name in job.fetch],
        )
        self._there |= {name: each for name, each in new.items() if isinstance(each, bytes)}
        for line in answer.lines():
            on_line(line.removesuffix("\n"))
            output.append(line)
        for local in job.fetch.values() if answer.exit_status == 0 else ():
            tar_streams.unpack(answer.pieces(), local)
        return answer.exit_status


def command(word: str, names: Mapping[str, str]) -> list[str]:
    """A job's word with the names of this sandbox in place."""
    return [INTERPRETER, "-I"] if word == "{python}" else [expand(word, names)]


def _environment(job: Job, names: Mapping[str, str]) -> dict[str, str]:
    environment = {name: expand(value, names) for name, value in job.environment.items()}
    if not job.trusted:
        environment = {"HOME": "/tmp"} | environment  # noqa: S108 - the container's
    if job.network:
        environment |= docker_images.proxies(os.environ) | {"HOME": "/tmp"}  # noqa: S108 - the container's
        if docker_images.ca_bundle(os.environ):
            # uv reads the first, pip and requests of sdist builds the others
            bundle = f"{names['{work}']}/.ca-bundle.pem"
            environment |= dict.fromkeys(docker_images.CA_VARIABLES, bundle)
    if job.installs:
        environment |= {"UV_CACHE_DIR": f"{CACHE}/uv"}
    return environment
