"""The engine dies, its image or container vanishes, memory or disk run out; and signals."""

import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container

from tasks.sandbox.container import docker_engine as engine_api
from tasks.sandbox.container.sandbox import ContainerSandbox
from tasks.sandbox.job_users import INSPECT
from tasks.sandbox.protocol import Job
from tasks.settings.model import Settings
from tasks.util.errors import BuildError
from tests import engine_proxy, project, reliability_counts
from tests.engine_proxy import EngineProxy
from tests.project import ROOT, Project, clean_environment

pytestmark = pytest.mark.docker
FOREVER = "import time; print('working', flush=True); time.sleep(3600)"
SETTLE = 30.0  # seconds for what the engine does by itself


@pytest.fixture
def sandbox(lambda_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerSandbox]:
    monkeypatch.chdir(ROOT)
    found = ContainerSandbox(Settings(image=lambda_image))
    yield found
    found.close()


def python(script: str) -> Job:
    return Job(argv=("{python}", "-c", script), kind=INSPECT)


def ours(docker_engine: DockerClient) -> list[str]:
    """IDs of the containers of this test's process and its children's."""
    found = docker_engine.api.containers(all=True, filters={"label": engine_api.JOB})
    return [each["Id"] for each in found]


def store(sandbox: ContainerSandbox, docker_engine: DockerClient) -> Container:
    """The one in which these jobs run."""
    assert sandbox._store
    return docker_engine.containers.get(str(sandbox._store.container.id))


def goes_on(sandbox: ContainerSandbox, docker_engine: DockerClient) -> None:
    """The next job gets a container of its own and is none the wiser. None is left in the end."""
    outcome = sandbox.run(python("print('on')"))
    sandbox.close()
    gone(docker_engine)
    leaks = ours(docker_engine)
    reliability_counts.ran(reliability_counts.CONTAINER, leaks=leaks)
    assert leaks == []
    assert outcome.output == "on\n"
    reliability_counts.correct(reliability_counts.CONTAINER)


def gone(docker_engine: DockerClient, *, never_started: bool = False) -> bool:
    """Soon none is there, but for one that was made and not started, where that may be. The engine
    may be at work on it still."""

    def there() -> list[str]:
        found = ours(docker_engine)
        return [each for each in found if not (never_started and never_ran(docker_engine, each))]

    deadline = time.monotonic() + SETTLE
    while there() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not there()


def never_ran(docker_engine: DockerClient, container: str) -> bool:
    try:
        return bool(docker_engine.api.inspect_container(container)["State"]["Status"] == "created")
    except NotFound:
        return False


# ---- what happens to the container ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["kill", "remove"])
def test_a_container_that_is_ended_from_outside(
    sandbox: ContainerSandbox, docker_engine: DockerClient, how: str
) -> None:
    """Somebody tidies up. It is said, and the next job gets another one."""

    def end(line: str) -> None:
        container = store(sandbox, docker_engine)
        container.kill() if how == "kill" else container.remove(force=True)

    with pytest.raises(BuildError, match="stopped or removed while it worked") as caught:
        sandbox.run(python(FOREVER), end)
    assert "again" in caught.value.fix
    goes_on(sandbox, docker_engine)


def test_out_of_memory(sandbox: ContainerSandbox, docker_engine: DockerClient) -> None:
    """The system kills the job; the words say what helps."""

    def limit(line: str) -> None:
        container = store(sandbox, docker_engine)
        container.update(mem_limit="64m", memswap_limit="64m")

    hungry = "import time; print('working', flush=True); time.sleep(2)\nx = b'x' * (1 << 29)"
    with pytest.raises(BuildError, match="most likely for want of memory") as caught:
        sandbox.run(python(hungry), limit)
    assert "more memory" in caught.value.fix
    goes_on(sandbox, docker_engine)


def test_no_space_in_the_container(sandbox: ContainerSandbox, docker_engine: DockerClient) -> None:
    """A real full disk, of 64 MB: Docker's /dev/shm."""
    with pytest.raises(BuildError, match="the container's disk is full") as caught:
        sandbox.run(python("open('/dev/shm/x', 'wb').write(b'x' * (1 << 27))"))
    assert "docker system df" in caught.value.fix
    goes_on(sandbox, docker_engine)


def test_no_space_for_what_a_job_is_given(
    sandbox: ContainerSandbox, docker_engine: DockerClient
) -> None:
    """The same disk, and a file that is sent there."""
    inputs = {"/dev/shm/x": bytes(1 << 27)}  # noqa: S108 - the container's
    job = Job(argv=("true",), kind=INSPECT, inputs=inputs)
    with pytest.raises(BuildError, match="the container's disk is full") as caught:
        sandbox.run(job)
    assert "docker system df" in caught.value.fix
    goes_on(sandbox, docker_engine)


def test_an_image_that_vanishes(
    sandbox: ContainerSandbox, docker_engine: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and the first job: its only name is taken away."""
    image = sandbox._image
    tag = "doit-lambda-layer-test-vanishes:1"
    docker_engine.images.get(image).tag(tag)
    monkeypatch.setattr(sandbox, "_image", tag)
    docker_engine.images.remove(tag)
    with pytest.raises(BuildError, match="image was removed while this ran") as caught:
        sandbox.run(python("pass"))
    assert "again" in caught.value.fix
    assert ours(docker_engine) == []
    monkeypatch.setattr(sandbox, "_image", image)
    goes_on(sandbox, docker_engine)


# ---- what happens to the engine -----------------------------------------------------------------


@pytest.fixture(scope="module")
def way() -> Iterator[EngineProxy]:
    """To the real engine."""
    with (
        tempfile.TemporaryDirectory(prefix="e") as folder,
        engine_proxy.proxying(Path(folder)) as found,
    ):
        yield found


@pytest.fixture
def copy(tmp_path: Path, way: EngineProxy, lambda_image: str) -> Project:
    way.revive()
    made = project.small(tmp_path / "copy")
    made.environment.update(DOCKER_HOST=way.host, LAYER_IMAGE=lambda_image)
    return made


BUILD = ("build", "builder=docker")


def built(copy: Project) -> str:
    """sha256 of the zip of a build that goes well."""
    run = copy.doit(*BUILD)
    assert run.code == 0, run.output
    return hashlib.sha256((copy.path / "build/deps.zip").read_bytes()).hexdigest()


def again(copy: Project, docker_engine: DockerClient, row: str, good: str) -> None:
    """The same build once more: the zip that it should be, and nothing stays."""
    found = built(copy)
    gone(docker_engine)
    leaks = ours(docker_engine)
    reliability_counts.ran(row, leaks=leaks)
    assert leaks == []
    assert found == good
    reliability_counts.correct(row)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, lambda_image: str, way: EngineProxy
) -> tuple[str, list[str]]:
    """The zip, and what the engine was asked for."""
    made = project.small(tmp_path_factory.mktemp("whole") / "copy")
    made.environment.update(DOCKER_HOST=way.host, LAYER_IMAGE=lambda_image)
    built(made)  # uv lies on the volume from now on
    (made.path / ".doit.sqlite3").unlink()
    shutil.rmtree(made.path / "build")
    way.revive()
    return built(made), list(way.calls)


DIES = [
    "containers/create", "/attach", "/start", "GET containers/", "JOB", "/inspect_installed.py",
    "/optimize.py", "/probe.py",
]  # fmt: skip


@pytest.mark.parametrize("call", DIES)
def test_the_engine_dies(
    copy: Project, way: EngineProxy, undisturbed: tuple[str, list[str]],
    docker_engine: DockerClient, call: str,
) -> None:  # fmt: skip
    """At a call of the build. It is said, and the next build is the right one. A container that was
    made and could not be started goes with that, any other by itself."""
    good, calls = undisturbed
    assert any(call in each for each in calls), calls
    way.plan = lambda asked: "dies" if call in asked else ""
    run = copy.doit(*BUILD)
    assert run.code == 1
    assert "the Docker engine went away while it worked" in run.output, run.output
    assert "docker info" in run.output
    assert "Traceback" not in run.output
    way.revive()
    again(copy, docker_engine, reliability_counts.ENGINE_DIES, good)


FULL = ["containers/create", "/start"]


@pytest.mark.parametrize("call", FULL)
def test_the_engines_disk_is_full(
    copy: Project, way: EngineProxy, undisturbed: tuple[str, list[str]],
    docker_engine: DockerClient, call: str,
) -> None:  # fmt: skip
    """It answers so. The words say how to see and free it."""
    way.plan = lambda asked: "full" if call in asked else ""
    run = copy.doit(*BUILD)
    assert run.code == 1
    assert "the Docker engine's disk is full" in run.output, run.output
    assert "docker system prune" in run.output
    assert "Traceback" not in run.output
    way.revive()
    again(copy, docker_engine, reliability_counts.ENGINE_FULL, undisturbed[0])


# ---- signals ------------------------------------------------------------------------------------

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


def hearing() -> None:
    """Whoever started the tests may have told them to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("call", ["/start", "JOB"])
def test_a_signal_ends_the_container_too(
    copy: Project, way: EngineProxy, undisturbed: tuple[str, list[str]],
    docker_engine: DockerClient, number: signal.Signals, call: str,
) -> None:  # fmt: skip
    """Within two seconds, but for what nobody can hear: the system and the engine
    clear up behind SIGKILL. The next build is the right one."""
    started: list[float] = []
    process: list[subprocess.Popen[str]] = []

    def strike(asked: str) -> str:
        if call in asked and not started:
            started.append(time.monotonic())
            process[0].send_signal(number)
        return ""

    way.plan = strike
    environment = clean_environment() | copy.environment
    process.append(subprocess.Popen(
        [sys.executable, "-m", "tasks", *BUILD], cwd=copy.path, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=hearing,
    ))  # fmt: skip
    said, _ = process[0].communicate(timeout=60)
    took = time.monotonic() - started[0]
    if number is signal.SIGKILL:
        assert process[0].returncode == -number
        # the second container may have been made and not started: the next run removes that
        assert gone(docker_engine, never_started=True)
    else:
        assert process[0].returncode == 1, said
        assert ours(docker_engine) == []
        reliability_counts.ended(reliability_counts.SIGNALLED, took)
        assert "Traceback" not in said
    way.revive()
    again(copy, docker_engine, reliability_counts.SIGNALLED, undisturbed[0])


def test_what_a_dead_run_left_is_removed_by_the_next(
    sandbox: ContainerSandbox, docker_engine: DockerClient, tmp_path: Path
) -> None:
    """A container that never started ends by itself no more than its run does; one of a run that
    lives, or of another machine, is left alone."""
    own = engine_api.labels()[engine_api.RUN].partition(":")[0]
    runs = {"dead": f"{own}:/tmp/gone", "alive": f"{own}:{tmp_path}", "elsewhere": "x:/tmp/gone"}
    made = {
        name: str(docker_engine.containers.create(
            sandbox._image, "true", labels=engine_api.labels() | {engine_api.RUN: run}
        ).id)
        for name, run in runs.items()
    }  # fmt: skip
    try:
        assert sandbox.run(python("print('on')")).output == "on\n"
        assert made["dead"] not in ours(docker_engine)
        assert {made["alive"], made["elsewhere"]} <= set(ours(docker_engine))
    finally:
        for each in set(made.values()) & set(ours(docker_engine)):
            docker_engine.containers.get(each).remove(force=True)
