"""The containers of a run, the store and the cell (sandbox/job_users.py), each from its start to
its removal, and the jobs in it.

A container's main process (docker/job_server.py) runs them. It is asked over a connection that ends
with the tool, however that ends, and so does the container.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...settings import paths
from ...settings.model import LAMBDA_TMP, Settings
from ...util.background import BackgroundTask
from ...util.errors import BuildError
from .. import index_credentials, job_users, lambda_system, tar_streams
from ..job_users import ENGINE_USERS, KEEPER, NOBODY, ROOT
from ..protocol import Job, OnLine, Outcome, expand, scripts
from ..watch import Watch
from . import docker_engine, docker_errors, image_python, tools
from .image_python import INTERPRETER
from .job_channel import GoneError, Keeper

if TYPE_CHECKING:
    from docker.models.containers import Container

ETC, OPT, TASK, CACHE, CELL_WORK = "/etc", "/opt", "/var/task", "/cache", "/work"
CACHE_VOLUME = "doit-lambda-layer-cache"  # uv's cache; survives, safe to remove
BRIDGE, NONE = "bridge", "none"  # the engine's networks
LIMIT = 1024  # processes and threads, open files: Lambda's
ROOM_TO_BUILD = 16_000  # MB of /tmp where something is compiled, as far as there is memory
OF_THE_ENGINE = ("HOME", "HOSTNAME", "TERM")  # variables that docker/job_server.py leaves out
OURS = 32  # processes and threads of the tool's own in there
SCRIPTS = ("unpack.py", "fork_pool.py")  # what lays /opt out


class Session:
    """One container, and its main process. `names`: what words of jobs stand for there."""

    def __init__(
        self, client: Any, image: str, settings: Settings, words: Sequence[str], **options: Any
    ) -> None:
        import atexit

        self.api, self._settings = client.api, settings
        self.ends_client = False  # with itself: it has a connection to the engine of its own
        self._there: dict[str, bytes | Path] = {}  # what lies in {work} of what jobs were given
        self.names: dict[str, str] = {"{opt}": OPT, "{interpreter}": INTERPRETER}
        docker_engine.remove_of_the_dead(client)
        self.container: Container = client.containers.create(
            image, ["-I", "-c", keeper_script(), *words], entrypoint=[INTERPRETER], init=True,
            labels=docker_engine.labels(), stdin_open=True, auto_remove=True,
            log_config={"type": "none"}, security_opt=["no-new-privileges"],
            use_config_proxy=False,  # ~/.docker/config.json may have one with a password
            **options,
        )  # fmt: skip
        atexit.register(self.close)
        try:
            self._keeper = Keeper(self.container.attach_socket(params=STREAMS))
            self._furnish()
            self.container.start()
        except BaseException:  # what has not started does not end, either
            atexit.unregister(self.close)
            docker_engine.remove(self.container)
            raise

    def _furnish(self) -> None:
        """Before it starts."""

    def close(self, *, killing: bool = False) -> None:
        """The container clears up behind itself, and nobody need wait for that. `killing` ends
        what runs in it at once, and leaves its folder to the next one."""
        import atexit

        atexit.unregister(self.close)
        self._keeper.close()  # and so the container ends
        if killing:
            docker_engine.remove(self.container)
        if self.ends_client:
            self.api.close()

    def hello(self, keeper: Keeper) -> dict[str, Any]:
        """What its main process says of itself. BuildError where it does not start, or its Python
        is not the layer's."""
        try:
            said = keeper.hello()
        except GoneError as gone:
            if problem := image_python.no_start(str(gone), self._settings):
                raise problem from None
            raise docker_errors.gone(self.container) from None
        image_python.check_image_python(said["python"], self._settings)
        return said

    def lay(self, files: Mapping[str, bytes | Path]) -> None:
        """Into {work}, where it does not lie there already."""
        new = {name: each for name, each in files.items() if self._there.get(name) != each}
        if new:
            self.send(new)
            self._there |= {name: each for name, each in new.items() if name[0] != "."}

    def send(self, files: Mapping[str, bytes | Path], mode: int = 0o644) -> None:
        try:
            answer = self._keeper.ask([], files=files, mode=mode)
            deque(answer.lines(), maxlen=0)
        except GoneError:
            raise docker_errors.gone(self.container) from None

    def watched(self, keeper: Keeper, job: Job, environment: Mapping[str, str], on_line: OnLine,
                cwd: str) -> Outcome:  # fmt: skip
        """Run it. Its lines are passed on as they come. TimeoutError: the container is gone."""
        try:
            with Watch(job, on_line, lambda: self.close(killing=True)) as watch:
                answer = keeper.ask(
                    [part for word in job.argv for part in command(word, self.names)], cwd=cwd,
                    environment={n: expand(value, self.names) for n, value in environment.items()},
                    fetch=[expand(name, self.names) for name in job.fetch], forward=job.forward,
                )  # fmt: skip
                code = self._answer(answer, job, watch)
        except GoneError:
            code = docker_errors.KILLED
            if not watch.expired and not (keeper is not self._keeper and self._is_there()):
                raise docker_errors.gone(self.container) from None
        return watch.outcome(code)

    def _answer(self, answer: Any, job: Job, watch: Watch) -> int:
        for line in answer.lines():
            watch.hear(line)
        for local in job.fetch.values() if answer.exit_status == 0 else ():
            tar_streams.unpack(_watched(answer.pieces(), watch), local, job.fetch_limit)
        return int(answer.exit_status)

    def _is_there(self) -> bool:
        """Does its main process answer? Then only that of the packages' user has ended, which
        whatever runs as that user may kill."""
        try:
            deque(self._keeper.ask([]).lines(), maxlen=0)
        except GoneError:
            return False
        return True


class Store(Session):
    """Root's, on the volume of uv's cache, where {work} lies, too, so that installing is linking.
    It starts without a network, and has one while a job downloads."""

    def __init__(self, client: Any, image: str, settings: Settings, *, connected: bool) -> None:
        self._network = BRIDGE if connected else NONE  # '' once it has left both
        work, uv = f"{CACHE}/work/{os.urandom(6).hex()}", tools.uv(settings)
        place = f"{CACHE}/tools/{tools.uv_name(settings)}"
        super().__init__(
            client, image, settings, [work, place], user=ENGINE_USERS[ROOT],
            network_mode=self._network,
            volumes={CACHE_VOLUME: {"bind": CACHE, "mode": "rw"}},
        )  # fmt: skip
        self.names |= {
            "{work}": work, "{scripts}": f"{work}/scripts", "{uv}": place,
            "{tools}": f"{work}/tools", "{tmp}": "/tmp",  # noqa: S108 - the container's
        }  # fmt: skip
        self._uv: Path | None = uv

    def run(self, job: Job, on_line: OnLine) -> Outcome:
        self._connect(job.network)
        self._begin()
        files = dict(job.inputs)
        if job.network and (bundle := index_credentials.ca_bundle(os.environ)):
            files[".ca-bundle.pem"] = bundle
        self.lay(files)
        return self.watched(
            self._keeper, job, self._environment(job), on_line, self.names["{work}"]
        )

    def _begin(self) -> None:
        """Once: uv lies on the volume, from a run before or from now on."""
        uv, self._uv = self._uv, None
        if uv and not self.hello(self._keeper)["tool"]:
            self.send({self.names["{uv}"]: uv}, mode=0o755)
        if uv:
            self.lay(tools.libdeflate(self._settings))

    def _connect(self, wanted: bool) -> None:
        if wanted == (self._network == BRIDGE):
            return
        if self._network:
            self.api.disconnect_container_from_network(self.container.id, self._network)
        if wanted:
            self.api.connect_container_to_network(self.container.id, BRIDGE)
        self._network = BRIDGE if wanted else ""

    def _environment(self, job: Job) -> dict[str, str]:
        environment = {"HOME": "{tmp}", **job.environment, "UV_CACHE_DIR": f"{CACHE}/uv"}
        if job.network:
            environment |= index_credentials.proxies(os.environ)
            if index_credentials.ca_bundle(os.environ):
                environment |= dict.fromkeys(
                    index_credentials.CA_VARIABLES, "{work}/.ca-bundle.pem"
                )
        return environment


class Cell(Session):
    """Two users without any right, no volume that others see, no network (but where `connected`).
    The main process's holds {work} and /opt. The other one runs what packages bring, and writes to
    /tmp."""

    def __init__(
        self, client: Any, image: str, settings: Settings, *, connected: bool = False,
        tmp: int = LAMBDA_TMP, whole: bool = False,
    ) -> None:  # fmt: skip
        """`whole`: the image has what lies at /opt and /var/task elsewhere."""
        import docker

        self._ahead = BackgroundTask()
        self._laid: tuple[object, ...] = ()
        self._nobody: Keeper | None = None
        own = f"exec,mode=755,uid={KEEPER},gid={KEEPER}"
        super().__init__(
            client, image, settings, [CELL_WORK], user=ENGINE_USERS[KEEPER], working_dir="/",
            network_mode=BRIDGE if connected else NONE, read_only=True, cap_drop=["ALL"],
            pids_limit=LIMIT + OURS, ipc_mode="none", hostname=lambda_system.HOSTNAME,
            ulimits=[docker.types.Ulimit(name="nofile", soft=LIMIT, hard=LIMIT)],
            mounts=[docker.types.Mount(ETC, source=None)],
            tmpfs={**({} if whole else {OPT: own, TASK: own}), CELL_WORK: own,
                   "/tmp": f"exec,mode=1777,size={tmp}m"},  # noqa: S108
        )  # fmt: skip
        self.names |= {
            "{work}": CELL_WORK, "{scripts}": f"{CELL_WORK}/scripts",
            "{tools}": f"{CELL_WORK}/tools", "{tmp}": "/tmp",  # noqa: S108 - the container's
            "{task}": TASK, "{runtime}": "/var/runtime", "{meet}": "@function",
        }  # fmt: skip
        self._said = said_by_image(self.container) if settings.is_image else {}

    def close(self, *, killing: bool = False) -> None:
        super().close(killing=killing)
        if self._nobody:
            self._nobody.close()

    def _furnish(self) -> None:
        """The image's /etc, and Lambda's users in it. The engine takes no file for a read-only
        root: the folder is a copy, on a volume of this container that goes with it. Root's, so
        that nobody who works here may write to it."""
        users = tar_streams.pack({"passwd": lambda_system.PASSWD.encode()})
        self.container.put_archive(ETC, users)

    def begin(self) -> None:
        """Its second user's process."""
        self.hello(self._keeper)
        words = [INTERPRETER, "-I", "-c", keeper_script(), "-", NOBODY]
        made = self.api.exec_create(
            self.container.id, words, stdin=True, user=ENGINE_USERS[NOBODY], workdir="/",
        )  # fmt: skip
        self._nobody = Keeper(self.api.exec_start(made["Id"], socket=True))

    def prepare(self, layer: Path) -> None:
        self._ahead.begin(lambda: self._lay_out([layer]))

    def run(self, job: Job, on_line: OnLine) -> Outcome:
        self._ahead.settle()
        self.lay(job.inputs)
        self._lay_out(job.opt)
        if job.task:
            self._unpack(TASK, [job.task])
        if self._nobody is None:
            self.begin()
        assert self._nobody
        home = {"HOME": "{tmp}"} if job.kind is job_users.BUILD else {}
        environment = {**self._said, **home, **job.environment}
        return self.watched(self._nobody, job, environment, on_line, CELL_WORK)

    def _lay_out(self, layers: Sequence[Path]) -> None:
        """What the job wants at /opt, unless just that lies there."""
        wanted = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in layers)
        if not layers or wanted == self._laid:
            return
        self._unpack(OPT, layers)
        self._laid = wanted

    def _unpack(self, target: str, packed: Sequence[Path]) -> None:
        self.lay({**scripts(SCRIPTS), **tools.own_libdeflate(self._settings)})
        zips = {f".layer-{number}": path for number, path in enumerate(packed)}
        words = ("{python}", "{scripts}/unpack.py", target, "{tools}")
        job = Job(argv=(*words, *(f"{{work}}/{name}" for name in zips)), kind=job_users.UNPACK)
        self.lay(zips)
        outcome = self.watched(self._keeper, job, {}, print, CELL_WORK)
        self.send(dict.fromkeys(zips, b""))  # they lie in memory
        if outcome.code:
            raise BuildError(
                f"the layer could not be unpacked in the container:\n{outcome.tail}",
                fix="see `docker info`: memory and disk of the engine",
            )


def _watched(pieces: Iterable[bytes], watch: Watch) -> Iterator[bytes]:
    for piece in pieces:
        watch.touch()
        yield piece


STREAMS = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}


def said_by_image(container: "Container") -> dict[str, str]:
    """Of what the engine would set, too, what the image itself sets, as it does in Lambda."""
    pairs = (each.partition("=") for each in container.attrs["Config"]["Env"] or ())
    return {name: value for name, _, value in pairs if name in OF_THE_ENGINE}


def keeper_script() -> str:
    return (paths.DOCKER / "job_server.py").read_text(encoding="utf-8")


def command(word: str, names: Mapping[str, str]) -> list[str]:
    """{python} stands for two words, in the container's own folder for one."""
    return [INTERPRETER, "-I"] if word == "{python}" else [expand(word, names)]
