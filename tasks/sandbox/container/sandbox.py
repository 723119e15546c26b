"""Jobs in a container of the Lambda image, through the engine's API alone.

One container from the first job to the last (sandbox/container/session.py). No bind mounts: files
travel over the connection to it, so a remote engine (DOCKER_HOST), Docker in Docker and a rootless
engine work alike, and nothing in the checkout is ever owned by root.
"""

from pathlib import Path

from ...settings.model import Settings
from .. import index_credentials
from ..protocol import Job, OnLine, Outcome
from . import docker_engine, docker_errors, docker_images
from .session import Session


class ContainerSandbox:
    """The builder image of `settings`. The container starts with the first job."""

    kind, runs = "docker", True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = docker_engine.connect()
        self._image = docker_images.ensure_builder(self._client, settings)
        self._session: Session | None = None

    @property
    def title(self) -> str:
        return f"image {self._settings.base_image}"

    @property
    def digest(self) -> str:
        return docker_images.digest(self._client, self._settings)

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        try:
            with docker_errors.explained():
                self._session = self._session or Session(
                    self._client, self._image, connected=job.network
                )
                outcome = index_credentials.running(
                    job, self._session.run, on_line or (lambda line: None)
                )
        except BaseException:
            self.close(killing=True)  # gone, interrupted, or out of time
            raise
        if problem := docker_errors.of_job(outcome):
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
