"""Jobs in a container of the Lambda image, through the engine's API alone.

One container from the first job to the last (clients/container_session.py). No bind mounts: files
travel over the connection to it, so a remote engine (DOCKER_HOST), Docker in Docker and a rootless
engine work alike, and nothing in the checkout is ever owned by root.
"""

from pathlib import Path

from ..core.sandbox import Job, OnLine, Outcome
from ..core.settings import Settings
from . import engine_faults, images, indexes
from .container_session import Session


class ContainerSandbox:
    """The builder image of `settings`. The container starts with the first job."""

    kind, runs = "docker", True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = images.engine()
        self._image = images.ensure_builder(self._client, settings)
        self._session: Session | None = None

    @property
    def title(self) -> str:
        return f"image {self._settings.base_image}"

    @property
    def digest(self) -> str:
        return images.digest(self._client, self._settings)

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        try:
            with engine_faults.explained():
                self._session = self._session or Session(
                    self._client, self._image, connected=job.network
                )
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
