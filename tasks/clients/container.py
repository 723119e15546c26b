"""Jobs in containers of the Lambda image, through the engine's API alone.

No bind mounts: files travel as tar streams, so a remote engine (DOCKER_HOST), Docker in Docker
and a rootless engine work alike, and nothing in the checkout is ever owned by root.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from tasks.clients import images, tars
from tasks.clients.indexes import index_variables
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, OnLine, Outcome, expand
from tasks.core.settings import Settings

if TYPE_CHECKING:
    from docker.models.containers import Container

OPT, WORK = "/opt", "/work"
CACHE_VOLUME = "doit-lambda-layer-cache"  # uv's cache; survives, safe to remove
LABELS = {"doit-lambda-layer": "job"}
INTERPRETER = "/var/lang/bin/python3"
NAMES = {"{opt}": OPT, "{work}": WORK, "{uv}": "uv", "{interpreter}": INTERPRETER}


class ContainerSandbox:
    """The builder image of `settings`. The engine is asked for when the first job runs."""

    kind = "docker"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = images.engine()
        self._image = images.ensure_builder(self._client, settings)

    @property
    def title(self) -> str:
        return f"image {self._settings.base_image}"

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        import docker
        import requests
        from urllib3.exceptions import HTTPError

        try:
            with ExitStack() as stack:
                return self._run(job, on_line or (lambda line: None), stack)
        except (docker.errors.DockerException, requests.RequestException, HTTPError) as error:
            detail = getattr(error, "explanation", None) or str(error)
            fix = "see `docker info` and its log; out of space: `docker system prune`"
            raise BuildError(f"the Docker engine failed: {detail}", fix=fix) from None

    def _run(self, job: Job, on_line: OnLine, stack: ExitStack) -> Outcome:
        container = stack.enter_context(self._container(job, stack))
        trees = {"opt": job.opt} if job.opt and job.opt_writable else {}
        files = {f"work/{name}": content for name, content in job.inputs.items()}
        if job.network and (bundle := images.ca_bundle(os.environ)):
            files["work/.ca-bundle.pem"] = bundle
        with tars.pack(trees, files) as archive:
            container.put_archive("/", archive)
        outcome = _watch(container, job.timeout, on_line)
        if outcome.code == 0:
            for name, local in job.fetch.items():
                chunks, _ = container.get_archive(expand(name, NAMES))
                tars.unpack(chunks, local)
        return outcome

    @contextmanager
    def _container(self, job: Job, stack: ExitStack) -> Iterator["Container"]:
        volumes = {}
        if job.installs:
            volumes[CACHE_VOLUME] = {"bind": "/cache", "mode": "rw"}
        if job.opt and not job.opt_writable:
            volumes[stack.enter_context(self._filled_volume(job))] = {"bind": OPT, "mode": "ro"}
        container = self._client.containers.create(
            self._image, command(job), environment=_environment(job), labels=LABELS,
            working_dir=WORK, volumes=volumes, network_disabled=not job.network,
        )  # fmt: skip
        try:
            yield container
        finally:
            container.remove(force=True, v=True)

    @contextmanager
    def _filled_volume(self, job: Job) -> Iterator[str]:
        """A volume holding the tree: filled through a container that never starts."""
        assert job.opt
        volume = self._client.volumes.create(labels=LABELS)
        try:
            mounts = {volume.name: {"bind": OPT, "mode": "rw"}}
            filler = self._client.containers.create(
                self._image, ["true"], volumes=mounts, labels=LABELS
            )
            try:
                with tars.pack({".": job.opt}, {}) as archive:
                    filler.put_archive(OPT, archive)
            finally:
                filler.remove(force=True, v=True)
            yield str(volume.name)
        finally:
            volume.remove(force=True)


def _watch(container: "Container", timeout: float | None, on_line: OnLine) -> Outcome:
    """Start it, pass its lines on as they come, wait for its end."""
    import docker

    expired = threading.Event()

    def kill() -> None:
        expired.set()
        with suppress(docker.errors.APIError):  # it ended by itself just now
            container.kill()

    timer = threading.Timer(timeout or threading.TIMEOUT_MAX, kill)
    with _attached(container) as stream:
        container.start()
        timer.start()
        try:
            output = "".join(_lines(stream, on_line))
            code = int(container.wait()["StatusCode"])
        finally:
            timer.cancel()
            timer.join()
    if expired.is_set():
        raise TimeoutError(output)
    return Outcome(code=code, output=output)


@contextmanager
def _attached(container: "Container") -> Iterator[Iterator[bytes]]:
    """Its output as it comes. The SDK never closes the connection that this takes."""
    stream = container.attach(stream=True, stdout=True, stderr=True)
    try:
        yield stream
    finally:
        stream._response.close()  # type: ignore[attr-defined] # there is no public way


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


def command(job: Job) -> list[str]:
    """The job's arguments with the names of this sandbox in place."""
    words: list[str] = []
    for word in job.argv:
        words += [INTERPRETER, "-I"] if word == "{python}" else [expand(word, NAMES)]
    return words


def _environment(job: Job) -> dict[str, str]:
    environment = {name: expand(value, NAMES) for name, value in job.environment.items()}
    if job.network:
        environment |= images.proxies(os.environ) | {"HOME": "/tmp"}  # noqa: S108 - the container's
        if images.ca_bundle(os.environ):
            # uv reads the first, pip and requests of sdist builds the others
            environment |= dict.fromkeys(images.CA_VARIABLES, f"{WORK}/.ca-bundle.pem")
    if job.installs:
        environment |= index_variables(os.environ)
        environment |= {"UV_CACHE_DIR": "/cache", "UV_LINK_MODE": "copy"}
    return environment
