"""Jobs on this machine, for `builder=host`: uv with Lambda's platform tag, wheels only."""

import atexit
import os
import platform
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..requirements import host_python
from ..settings import paths, store_folder
from ..settings.model import Settings
from ..util import subprocesses
from ..util.background import BackgroundTask
from ..util.errors import BuildError
from . import (
    host_relay,
    host_runtime,
    index_credentials,
    isolation,
    lambda_system,
    tar_streams,
    temp_dirs,
)
from .index_credentials import PROXIES, ca_file
from .job_users import FUNCTION
from .protocol import Job, OnLine, Outcome, expand
from .temp_dirs import Scratch
from .watch import Watch

INHERITED = (
    "PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "UV_CACHE_DIR", "NETRC",
    "UV_KEYRING_PROVIDER", isolation.LOADER, *PROXIES,
)  # of jobs of ours  # fmt: skip
# Of bubblewrap, before the job began: a mount or folder was there and is gone, a container's say.
MOUNT_WENT = ("bwrap: Can't bind mount /oldroot/ on /newroot/", "bwrap: Can't mkdir ")
GIVEN = ("{work}", "{opt}", "{lambda}")
# What an isolated job sees in their place.
PLACES = {"{task}": isolation.TASK, "{runtime}": isolation.RUNTIME}
INSIDE = {**PLACES, "{programs}": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin"}
FILES = 1024  # open at a time (AWS, "Lambda quotas")


class HostSandbox:
    """This machine's Python, without anything that is installed in it: the layer's, where there is
    one, else our own."""

    kind, digest = "host", ""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: _Session | None = None

    @property
    def title(self) -> str:
        return host_python.title(self._settings)

    @property
    def runs(self) -> bool:
        return host_python.runs(self._settings)

    @property
    def isolation(self) -> str:
        if isolation.lacking(host_python.interpreter(self._settings.python)):
            return isolation.NONE
        return "the machine read-only, no home, no network"

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        self._session = self._session or _Session(self._settings)
        outcome = index_credentials.running(job, self._session.run, on_line or (lambda line: None))
        if outcome.code == 0:
            for name, local in job.fetch.items():
                _fetch(Path(expand(name, self._session.names(job))), local, job.fetch_limit)
        return outcome

    def prepare(self, layer: Path) -> None:
        if self._session:
            self._session.prepare(layer)

    def close(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()


class _Session:
    """Its folders, from the first job to the last. Below build/, where uv's cache can often be
    linked to. Jobs of ours work in one, what packages bring is given another."""

    def __init__(self, settings: Settings) -> None:
        import deflate
        from uv import find_uv_bin

        self._python = python = settings.python
        self._scratch = Scratch()
        atexit.register(self.close)
        self._laid: tuple[object, ...] = ()
        self._ahead = BackgroundTask()
        self._running: set[subprocess.Popen[str]] = set()
        self._relay: host_relay.Relay | None = None
        self._names = {
            "{opt}": str(self._scratch.path / "opt"),
            "{tmp}": str(self._scratch.path / "tmp"),
            "{meet}": str(self._scratch.path / "meet"),
            "{task}": str(self._scratch.path / "task"),
            "{runtime}": str(self._scratch.path / "runtime"),
            "{uv}": find_uv_bin(),
            "{lambda}": str(self._scratch.path / "lambda"),
            "{store}": str(store_folder.locate(settings).absolute()),
            "{programs}": f"{self._scratch.path}/lambda/lang:{self._scratch.path}/lambda/bin",
            "{interpreter}": host_python.interpreter(python),
            "{tools}": str(Path(deflate.__file__).parents[1]),
        }

    def close(self) -> None:
        """Ends what still runs in it, too."""
        atexit.unregister(self.close)
        self._ahead.settle()
        for process in list(self._running):
            _end(process)
        if self._relay:
            self._relay.close()
        self._scratch.remove_later()

    def prepare(self, layer: Path) -> None:
        self._ahead.begin(lambda: self._lay_out(Job(argv=(), opt=(layer,))))

    def run(self, job: Job, on_line: OnLine) -> Outcome:
        self._ahead.settle()
        names = self.names(job)
        work = Path(names["{work}"])
        work.mkdir(exist_ok=True)
        _make_writable(job, names)
        for name, content in job.inputs.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        self._lay_out(job)
        if job.forward and not self._relay:
            self._relay = host_relay.Relay(job.forward, Path(names["{meet}"]))
        if job.task:
            self._unpack(Path(names["{task}"]), [job.task])
        if job.task or "{runtime}" in job.environment.values():
            host_runtime.lay_out(names)
        if not job.kind.is_ours:
            system = Path(names["{lambda}"])
            interpreter = isolation.program(names["{interpreter}"])
            lambda_system.lay_out(system, interpreter, self._python)
        outcome = _execute(job, names, on_line, self._running)
        if outcome.code and outcome.output.startswith(MOUNT_WENT):
            outcome = _execute(job, names, on_line, self._running)
        return outcome

    def names(self, job: Job) -> dict[str, str]:
        """What words of the job stand for."""
        work = self._scratch.path / ("work" if job.kind.is_ours else "given")
        return self._names | {"{work}": str(work), "{scripts}": str(work / "scripts")}

    def _lay_out(self, job: Job) -> None:
        """What the job wants at {opt}, unless just that lies there."""
        wanted = tuple((path, path.stat().st_mtime_ns) for path in job.opt)
        if not job.opt or wanted == self._laid:
            return
        self._unpack(Path(self._names["{opt}"]), job.opt)
        self._laid = wanted

    def _unpack(self, target: Path, zips: Sequence[Path]) -> None:
        temp_dirs.remove(target)
        unpacker = (paths.DOCKER / "unpack.py").absolute()
        words = [self._names["{interpreter}"], "-I", "-S", str(unpacker), str(target)]
        words.append(self._names["{tools}"])
        layers = [str(path.absolute()) for path in zips]
        done = subprocess.run([*words, *layers], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(
                f"the layer could not be unpacked:\n{done.stderr.strip()[-500:]}",
                fix="run again. If it is another tool's layer, ask its owner for a whole one",
            )
        _protect(target)


def check_host(settings: Settings) -> None:
    """BuildError where this machine cannot build it, or could not run the function."""
    here = f"{platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        raise BuildError(
            f"builder=host builds on Linux, this machine is {here}",
            fix="start Docker and omit builder=host",
        )
    if settings.is_local and not host_python.runs(settings):
        raise BuildError(
            f"stage=local would run the function on this machine ({here}), which does not run "
            f"{host_python.target(settings)}",
            fix="start Docker and omit builder=host. Another stage takes such a layer",
        )


def _make_writable(job: Job, names: Mapping[str, str]) -> None:
    """A function's second call finds what the first left."""
    if job.kind is not FUNCTION:
        temp_dirs.remove(Path(names["{tmp}"]))
    for name in ("{tmp}", "{meet}"):
        Path(names[name]).mkdir(exist_ok=True)


def _protect(tree: Path) -> None:
    """Read-only, as in Lambda. Root writes all the same, into what is only a copy."""
    for folder, _, names in os.walk(tree, topdown=False):
        for path in [*(Path(folder, name) for name in names), Path(folder)]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)


def _execute(
    job: Job, names: Mapping[str, str], on_line: OnLine, running: "set[subprocess.Popen[str]]"
) -> Outcome:
    given: list[int] = []
    if job.kind is FUNCTION and not _has_opt(names):
        job = replace(job, environment=host_runtime.moved(job.environment, names["{opt}"]))
    if job.kind.is_ours or isolation.lacking(names["{interpreter}"]):
        words, environment = _words(job, names), _environment(job, names, isolated=False)
    else:
        inside = {**names, **INSIDE, "{interpreter}": isolation.program(names["{interpreter}"])}
        command = _isolated(_words(job, inside), names, job)
        words, place = isolation.with_environment(command, _environment(job, inside, isolated=True))
        environment, given = {}, [place]
    try:
        process = subprocess.Popen(
            words, cwd=names["{work}"], env=environment, encoding="utf-8", pass_fds=given,
            errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=subprocesses.die_with_parent if job.kind.is_ours else _limit,
        )  # fmt: skip
    finally:
        for place in given:
            os.close(place)
    running.add(process)
    try:
        with Watch(job, on_line, lambda: _end(process)) as watch:
            assert process.stdout
            for line in process.stdout:
                watch.hear(line)
            code = process.wait()
    finally:
        _end(process)  # and whatever it left running
        process.wait()
        process.stdout.close() if process.stdout else None
        running.discard(process)
    return watch.outcome(code)


def _has_opt(names: Mapping[str, str]) -> bool:
    """Does a function see its layers at /opt?"""
    interpreter = names["{interpreter}"]
    return not isolation.lacking(interpreter) and isolation.has_opt(isolation.seen_by(interpreter))


def _words(job: Job, names: Mapping[str, str]) -> list[str]:
    isolated = [names["{interpreter}"], "-I", "-S"]
    each = [isolated if word == "{python}" else [expand(word, names)] for word in job.argv]
    return [word for words in each for word in words]


def _limit() -> None:
    subprocesses.die_with_parent()
    most = min(FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _isolated(words: list[str], names: Mapping[str, str], job: Job) -> list[str]:
    interpreter, tmp = isolation.program(names["{interpreter}"]), Path(names["{tmp}"])
    meet = [Path(names["{meet}"])] if job.kind is FUNCTION else []
    if job.forward and not job.network:
        words = host_relay.wrapped(words, interpreter, job.forward, *meet)
    there = [name for name in (*GIVEN, *PLACES) if Path(names[name]).exists()]
    places = {place: Path(names[name]) for name, place in PLACES.items() if name in there}
    if job.kind is FUNCTION and job.opt and _has_opt(names):
        places[isolation.OPT] = Path(names["{opt}"])
    given = [name for name in there if name in GIVEN]
    given += ["{tools}"] if "{runtime}" in there else []  # which has links to the tool's packages
    seen = [Path(names[name]).resolve() for name in given]  # a .venv may be a link
    reads = [*isolation.seen_by(interpreter), *seen]
    covered = dict.fromkeys(job.covered, f"{names['{work}']}/empty")
    return isolation.wrapped(
        words, reads=reads, writes=meet, tmp=tmp, network=job.network,
        system=Path(names["{lambda}"]), places=places, covered=covered,
        hidden=[Path(names["{store}"])],
    )  # fmt: skip


def _environment(job: Job, names: Mapping[str, str], *, isolated: bool) -> dict[str, str]:
    inherited = INHERITED if job.kind.is_ours else ("LANG",)
    kept = {name: os.environ[name] for name in inherited if name in os.environ}
    if job.kind.is_ours and (bundle := ca_file(os.environ)):
        kept["SSL_CERT_FILE"] = str(bundle)  # the one name that uv reads
    if not (job.kind.is_ours or isolated):
        # Lambda sets neither. But here `~` would be your own, and /tmp the machine's
        kept |= {"HOME": lambda_system.HOME, "TMPDIR": names["{tmp}"]}
    if not job.kind.is_ours:
        kept["PATH"] = f"{names['{programs}']}:{names['{opt}']}/bin"
    kept |= {name: expand(value, names) for name, value in job.environment.items()}
    return kept if job.kind.is_ours else isolation.loading(kept, names["{interpreter}"])


def _fetch(source: Path, local: Path, limit: int) -> None:
    """TooLargeError."""
    there = [source, *source.rglob("*")]
    if sum(path.lstat().st_size for path in there if path.is_file()) > limit:
        raise tar_streams.too_large(limit)
    local.parent.mkdir(parents=True, exist_ok=True)
    if local.is_dir():
        shutil.rmtree(local)
    shutil.move(source, local)
