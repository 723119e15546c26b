"""Jobs in a container of the Lambda image, through the engine's API alone.

One container from the first job to the last; a job is an `exec` in it. No bind mounts: files travel
as tar streams, so a remote engine (DOCKER_HOST), Docker in Docker and a rootless engine work alike,
and nothing in the checkout is ever owned by root. {work} lies on the volume that holds uv's cache,
so that installing is linking.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import paths
from ..core.errors import BuildError
from ..core.sandbox import Job, OnLine, Outcome, expand, scripts
from ..core.settings import Settings
from . import engine_containers, engine_faults, images, indexes, tars
from .ahead import Ahead
from .image_python import INTERPRETER

if TYPE_CHECKING:
    from docker.models.containers import Container

OPT, CACHE = "/opt", "/cache"
CACHE_VOLUME = "doit-lambda-layer-cache"  # uv's cache; survives, safe to remove
NOBODY = "65534:65534"  # no rights to anything but /tmp and its own results
SCRIPTS = ("unpack.py", "jobs.py")  # what lays /opt out


class ContainerSandbox:
    """The builder image of `settings`. The container starts with the first job."""

    kind, runs = "docker", True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = images.engine()
        self._image = images.ensure_builder(self._client, settings)
        self._session: _Session | None = None

    @property
    def title(self) -> str:
        return f"image {self._settings.base_image}"

    @property
    def digest(self) -> str:
        return images.digest(self._client, self._settings)

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        try:
            with engine_faults.explained():
                self._session = self._session or _Session(self._client, self._image)
                outcome = indexes.running(job, self._session.run, on_line or (lambda line: None))
        except BaseException:
            self.close(killing=True)  # gone, interrupted, or out of time
            raise
        if problem := engine_faults.of_job(outcome):
            self.close(killing=True)
            raise problem
        return outcome

    def prepare(self, layer: Path) -> None:
        if self._session:
            self._session.prepare(layer)

    def close(self, *, killing: bool = False) -> None:
        session, self._session = self._session, None
        if session:
            session.close(killing=killing)


class _Session:
    """One container, from its start to its removal."""

    def __init__(self, client: Any, image: str) -> None:
        import atexit

        self._api = client.api
        self._client = client
        self._work = f"{CACHE}/work/{os.urandom(6).hex()}"
        self._laid: tuple[object, ...] = ()
        self._there: dict[str, bytes] = {}  # what lies in {work} of what jobs were given
        self._connected = True
        self._ahead = Ahead()
        self._names = {
            "{opt}": OPT,
            "{work}": self._work,
            "{uv}": "uv",
            "{interpreter}": INTERPRETER,
            "{tools}": self._work,
        }
        keeper = (paths.DOCKER / "keeper.py").read_text(encoding="utf-8")
        engine_containers.remove_of_the_dead(client)
        self._container: Container = client.containers.create(
            image, [INTERPRETER, "-I", "-c", keeper, self._work], init=True,
            labels=engine_containers.labels(), stdin_open=True, auto_remove=True,
            tmpfs={OPT: "exec,mode=755"}, volumes={CACHE_VOLUME: {"bind": CACHE, "mode": "rw"}},
        )  # fmt: skip
        atexit.register(self.close)
        try:
            self._connection = self._container.attach_socket(params={"stdin": 1, "stream": 1})
            self._container.start()
        except BaseException:  # what has not started does not end, either
            atexit.unregister(self.close)
            engine_containers.remove(self._container)
            raise

    def close(self, *, killing: bool = False) -> None:
        """The container clears up behind itself, and nobody need wait for that; `killing` ends
        what runs in it at once, and leaves its folder to the next one."""
        import atexit

        atexit.unregister(self.close)
        _end(self._connection)  # and so the container ends: docker/keeper.py
        if killing:
            engine_containers.remove(self._container)

    def prepare(self, layer: Path) -> None:
        self._ahead.begin(lambda: self._lay_out(Job(argv=(), opt=(layer,)), {}))

    def run(self, job: Job, on_line: OnLine) -> Outcome:
        self._ahead.settle()
        self._connect(job.network)
        files = dict(job.inputs)
        if job.network and (bundle := images.ca_bundle(os.environ)):
            files[".ca-bundle.pem"] = bundle
        self._lay_out(job, files)
        words = [word for each in job.argv for word in command(each, self._names)]
        environment = _environment(job, self._names)
        user = "root" if job.trusted else NOBODY
        outcome = self._watched(words, environment, user, job.timeout, on_line)
        if outcome.code == 0:
            for name, local in job.fetch.items():
                chunks, _ = self._container.get_archive(expand(name, self._names))
                tars.unpack(chunks, local)
        return outcome

    def _connect(self, wanted: bool) -> None:
        if wanted != self._connected:
            bridge = self._client.networks.get("bridge")
            (bridge.connect if wanted else bridge.disconnect)(self._container)
            self._connected = wanted

    def _put(self, files: Mapping[str, bytes], trees: Mapping[str, Path]) -> None:
        """What is not there yet: the engine takes 50 ms for each time it is given something."""
        new = {name: content for name, content in files.items() if self._there.get(name) != content}
        if not (new or trees) and self._there:
            return
        inside = self._work.removeprefix(f"{CACHE}/")
        named = {f"{inside}/{name}": content for name, content in new.items()}
        placed = {f"{inside}/{name}": path for name, path in trees.items()}
        self._container.put_archive(CACHE, tars.pack(placed, named, folders=[inside]))
        self._there |= new

    def _lay_out(self, job: Job, files: Mapping[str, bytes]) -> None:
        """The job's files, and what it wants at /opt, unless just that lies there."""
        wanted = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in job.opt)
        if not job.opt or wanted == self._laid:
            self._put(files, {})
        else:
            layers = {f".layer-{number}": path for number, path in enumerate(job.opt)}
            self._put({**files, **scripts(SCRIPTS)}, layers)
            words = [INTERPRETER, "-I", f"{self._work}/unpack.py", OPT, self._work]
            outcome = self._watched(
                [*words, *(f"{self._work}/{name}" for name in layers)], {}, "root", None, print
            )
            if outcome.code:
                raise BuildError(
                    f"the layer could not be unpacked in the container:\n{outcome.tail}",
                    fix="see `docker info`: memory and disk of the engine",
                )
        if job.opt or job.opt_writable:
            self._laid = () if job.opt_writable else wanted

    def _watched(
        self,
        words: list[str],
        environment: dict[str, str],
        user: str,
        timeout: float | None,
        on_line: OnLine,
    ) -> Outcome:
        """Run it; its lines are passed on as they come. TimeoutError: the container is gone."""
        expired = threading.Event()

        def kill() -> None:
            expired.set()
            self.close(killing=True)

        timer = threading.Timer(timeout or threading.TIMEOUT_MAX, kill)
        timer.daemon = True
        timer.start()
        output: list[str] = []
        try:
            code = self._executed(words, environment, user, on_line, output)
        except Exception:
            if not expired.is_set():
                raise
        finally:
            timer.cancel()
            timer.join()
        if expired.is_set():
            raise TimeoutError("".join(output))
        return Outcome(code=code, output="".join(output))

    def _executed(
        self,
        words: list[str],
        environment: dict[str, str],
        user: str,
        on_line: OnLine,
        output: list[str],
    ) -> int:
        made = self._api.exec_create(
            self._container.id, words, environment=environment, user=user, workdir=self._work
        )
        stream = self._api.exec_start(made["Id"], stream=True)
        try:
            for text in _lines(stream, on_line):
                output.append(text)
        finally:
            engine_containers.close(stream)
        code = self._api.exec_inspect(made["Id"])["ExitCode"]
        if code in (None, engine_faults.KILLED):
            self._container.reload()
        if code is None or self._container.status not in ("created", "running"):
            raise engine_faults.stopped()
        return int(code)


def _end(connection: Any) -> None:
    """The SDK never closes the response that the socket belongs to."""
    connection._response.close()
    connection.close()


def _lines(stream: Iterator[bytes], on_line: OnLine) -> Iterator[str]:
    rest = b""
    for chunk in stream:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            text = line.decode(errors="replace")
            on_line(text)
            yield text + "\n"
    if rest:
        on_line(rest.decode(errors="replace"))
        yield rest.decode(errors="replace")


def command(word: str, names: Mapping[str, str]) -> list[str]:
    """A job's word with the names of this sandbox in place."""
    return [INTERPRETER, "-I"] if word == "{python}" else [expand(word, names)]


def _environment(job: Job, names: Mapping[str, str]) -> dict[str, str]:
    environment = {name: expand(value, names) for name, value in job.environment.items()}
    if not job.trusted:
        environment = {"HOME": "/tmp"} | environment  # noqa: S108 - the container's
    if job.network:
        environment |= images.proxies(os.environ) | {"HOME": "/tmp"}  # noqa: S108 - the container's
        if images.ca_bundle(os.environ):
            # uv reads the first, pip and requests of sdist builds the others
            bundle = f"{names['{work}']}/.ca-bundle.pem"
            environment |= dict.fromkeys(images.CA_VARIABLES, bundle)
    if job.installs:
        environment |= {"UV_CACHE_DIR": f"{CACHE}/uv"}
    return environment
