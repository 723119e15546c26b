"""Jobs in containers of the Lambda image, through the engine's API alone.

Two of them from the first job to the last (sandbox/container/session.py): one for our own code, one
for what packages bring, begun when the other one is. No bind mounts: files travel over the
connection to them. So a remote engine (DOCKER_HOST), Docker in Docker and a rootless engine work
alike, and nothing in the checkout is ever owned by root.
"""

import atexit
from collections.abc import Callable
from pathlib import Path

from ...settings.model import LAMBDA_TMP, Settings
from ...util.background import BackgroundTask
from ...util.errors import BuildError
from .. import index_credentials
from ..job_users import CELL, COMPILER, STORE
from ..protocol import Job, OnLine, Outcome
from . import docker_engine, docker_errors, docker_images, emulation
from .session import ROOM_TO_BUILD, Cell, Store


class ContainerSandbox:
    """The base image of `settings`, as it is. Containers start with the first job. BuildError where
    the image cannot be had, or the engine is seen not to run it. `tmp`: MB of a package's /tmp.
    `whole`: another image, which has the function and its packages where they belong."""

    kind, runs = "docker", True

    def __init__(self, settings: Settings, *, tmp: int = LAMBDA_TMP, whole: str = "") -> None:
        self._settings, self._tmp, self._whole = settings, tmp, bool(whole)
        self._client = docker_engine.connect()
        emulation.check_emulation(self._client, settings)
        self._image = whole or docker_images.ensure_base(self._client, settings)
        self._store: Store | None = None
        self._cell: Cell | None = None
        self._compiler: Cell | None = None
        self._ahead = BackgroundTask()
        atexit.register(self.close)

    @property
    def isolation(self) -> str:
        return "/opt read-only, no network"

    @property
    def title(self) -> str:
        return f"image {self._settings.image_name}"

    @property
    def digest(self) -> str:
        return docker_images.digest(self._client, self._settings)

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        try:
            with docker_errors.explained():
                session = self._open(job)
                outcome = index_credentials.running(
                    job, session.run, on_line or (lambda line: None)
                )
        except BuildError as error:
            self.close(killing=True)
            raise emulation.explain(error, self._client, self._settings.architecture) from None
        except BaseException:
            self.close(killing=True)  # gone, interrupted, or out of time
            raise
        self._end_compiler()
        if problem := docker_errors.of_job(outcome):
            self.close(killing=True)
            raise problem
        return outcome

    def _open(self, job: Job) -> Store | Cell:
        """The container that the table of kinds names."""
        ways: dict[str, Callable[[Job], Store | Cell]] = {
            STORE: self._open_store, CELL: self._open_cell, COMPILER: self._open_compiler,
        }  # fmt: skip
        return ways[job.kind.container](job)

    def _open_compiler(self, job: Job) -> Cell:
        if self._compiler is None:
            why = "a distribution that has no wheel is built from source"
            image = docker_images.ensure_compiler(self._client, self._settings, why)
            self._compiler = Cell(
                self._client, image, self._settings, connected=job.network, tmp=ROOM_TO_BUILD
            )
        return self._compiler

    def _end_compiler(self) -> None:
        """With each job: what one package left is not there for the next."""
        if self._compiler:
            self._compiler.close()
        self._compiler = None

    def _open_store(self, job: Job) -> Store:
        if self._store is None:
            self._store = Store(self._client, self._image, self._settings, connected=job.network)
            if self._cell is None:
                self._ahead.begin(self._begin_cell)
        return self._store

    def _open_cell(self, job: Job) -> Cell:
        self._ahead.settle()
        if self._cell is None:
            self._cell = Cell(
                self._client, self._image, self._settings, connected=job.network, tmp=self._tmp,
                whole=self._whole,
            )  # fmt: skip
        return self._cell

    def _begin_cell(self) -> None:
        """Beside the store's first jobs, and over a connection to the engine of its own."""
        client = docker_engine.connect()
        try:
            self._cell = cell = Cell(client, self._image, self._settings, tmp=self._tmp)
            cell.ends_client = True
        except BaseException:
            client.close()
            raise
        cell.begin()

    def prepare(self, layer: Path) -> None:
        self._ahead.settle()
        if self._cell:
            self._cell.prepare(layer)

    def close(self, *, killing: bool = False) -> None:
        self._ahead.settle()
        for session in (self._store, self._cell, self._compiler):
            if session:
                session.close(killing=killing)
        self._store = self._cell = self._compiler = None
