"""Two fresh clones with separate homes against one emulator: AWS is the memory of both."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tasks.util.version import VERSION
from tests import deployed_project, docker_engine
from tests.moto_server import Request, Server
from tests.project import ROOT, Project, Run, clean_environment, small

QUIET = ["-v", "1"]  # as on a terminal: one line a step, and what must not be missed
WAITS = "is being changed by"
BUILD = ["install", "prune", "optimize", "zip", "verify", "upload", "publish"]
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=m"]


Clones = tuple[Project, Project]


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    """Two of one repository."""
    origin = small(tmp_path / "origin")
    shutil.copy(ROOT / ".gitignore", origin.path)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "app"]):
        subprocess.run([*GIT, *command], cwd=origin.path, check=True)
    return clone(origin, tmp_path / "a"), clone(origin, tmp_path / "b")


@pytest.fixture
def embedded(clones: Clones) -> Iterator[Clones]:
    """A's emulator serves both."""
    first, second = clones
    assert first.doit("local-start").code == 0
    second.environment.update(LAYER_LOCAL_AWS=first.local_aws)
    yield clones
    first.doit("local-stop")


@pytest.fixture
def aws(clones: Clones, tmp_path: Path) -> Iterator[Server]:
    """The same AWS in this process, where a test sees and delays what is asked of it."""
    with deployed_project.serving(tmp_path / "aws") as server:
        for each in clones:
            each.environment.update(LAYER_LOCAL_AWS=server.url)
        yield server


def clone(origin: Project, folder: Path) -> Project:
    home = folder / "home"
    home.mkdir(parents=True)
    target = folder / "project"
    subprocess.run([*GIT, "clone", "-q", str(origin.path), str(target)], check=True)
    return Project(path=target, environment={"HOME": str(home)})


def done(project: Project, *command: str) -> Run:
    run = project.doit(*command, "stage=local")
    assert run.code == 0, run.output
    return run


def built(run: Run) -> list[str]:
    return [step for step in run.steps if step in BUILD]


def numbers(first: Project) -> list[int]:
    """The versions that AWS has, newest first."""
    answer = first.aws("lambda").list_layer_versions(LayerName="deps")
    return [version["Version"] for version in answer["LayerVersions"]]


def function(first: Project) -> dict[str, Any]:
    answer: dict[str, Any] = first.aws("lambda").get_function_configuration(
        FunctionName="shuking-local"
    )
    return {name: answer[name] for name in answer if name != "ResponseMetadata"}


def runs(first: Project) -> int:
    """The version that the function has."""
    [layer] = function(first)["Layers"]
    return int(layer["Arn"].rpartition(":")[2])


def configured(project: Project) -> list[int]:
    return [int(arn.rpartition(":")[2]) for arn in project.layers()]


def apis(first: Project) -> int:
    return len(first.aws("apigateway").get_rest_apis()["items"])


def told(project: Project, command: str) -> list[str]:
    """Its lines without step marks and durations, and without what is this checkout's alone."""
    own = ("▶", "✓", "built", "│ built")
    lines = [line.strip() for line in done(project, command).output.splitlines()]
    return [line for line in lines if line and not line.startswith(own)]


def kept(first: Project) -> dict[str, str]:
    """What S3 has, without the lock: {key: ETag}."""
    listed = first.aws("s3").list_objects_v2(Bucket="shuking-lambda-layers")["Contents"]
    return {each["Key"]: each["ETag"] for each in listed if not each["Key"].endswith("/lock.json")}


@pytest.mark.long
def test_one_story_of_two_machines(embedded: Clones, tmp_path: Path) -> None:
    """Deploy, deploy again elsewhere, a new pin, the old checkout, rollback from a third that has
    deployed nothing, the old checkout."""
    a, b = embedded
    assert built(done(a, "deploy")) == BUILD
    is_told(a, 1, six="1.16.0", dirty=False)
    before = function(a), kept(a)

    again = done(b, "deploy")
    assert built(again) == []
    assert "chalice-deploy" not in again.steps
    assert (function(a), kept(a)) == before
    assert (numbers(a), configured(b), apis(a)) == ([1], [1], 1)

    b.write("requirements-all.txt", "six==1.17.0\n")
    assert built(done(b, "deploy")) == BUILD
    is_told(b, 2, six="1.17.0", dirty=True)
    assert (numbers(a), runs(a)) == ([2, 1], 2)

    back = done(a, "deploy")  # its own requirements; its database knows nothing of b's
    assert built(back) == []
    assert (numbers(a), runs(a), configured(a)) == ([2, 1], 1, [1])

    forward = done(b, "deploy")
    assert (built(forward), runs(a)) == ([], 2)
    c = clone(a, tmp_path / "c")
    c.environment.update(b.environment | {"HOME": c.environment["HOME"]})
    c.write("requirements-all.txt", "six==1.17.0\n")
    only_looks(c, b)
    c.write(".chalice/config.json", a.read(".chalice/config.json"))  # as if 1 had been committed
    drifted = c.doit("status", "stage=local", "check=1")
    assert drifted.code == 1
    assert "function shuking-local runs version 2; config says 1" in drifted.output
    rolled = done(c, *QUIET, "rollback", "reason=six 1.17 is bad").output
    assert "deploys keep it until ./doitw unpin stage=local" in rolled
    assert (runs(a), configured(c)) == (1, [1])

    a.write("requirements-all.txt", "six==1.17.0\n")  # as CI that pulls b's change
    a.write("app.py", a.read("app.py") + "\n# application code\n")
    unchanged, changed = done(b, *QUIET, "deploy").output, done(a, "deploy")
    assert "✓ install" not in unchanged
    assert "· chalice-deploy: up to date" in unchanged
    assert (built(changed), "chalice-deploy" in changed.steps) == ([], True)
    for said in (unchanged, changed.output):
        assert "rolled back to version 1 of deps by " in said
        assert ": six 1.17 is bad" in said
        assert "./doitw unpin stage=local ends that" in said
    assert (runs(a), numbers(a)) == (1, [2, 1])

    b.write("app.py", a.read("app.py"))
    assert told(a, "history") == told(b, "history")
    assert told(a, "status") == told(b, "status")
    assert "rolled back to version 1 of deps by " in " ".join(told(b, "status"))

    b.write("requirements-all.txt", "six==1.15.0\n")
    lifted = done(b, *QUIET, "deploy").output
    assert "this deploy goes on and ends that pin" in lifted
    assert "the pin has ended" in lifted
    assert (runs(a), apis(a)) == (3, 1)


def is_told(first: Project, number: int, *, six: str, dirty: bool) -> None:
    """What the manifest in S3 says of a version that was really deployed."""
    s3, bucket = first.aws("s3"), "shuking-lambda-layers"

    def read(key: str) -> bytes:
        found: bytes = s3.get_object(Bucket=bucket, Key=f"layers/deps/{key}")["Body"].read()
        return found

    folder = json.loads(read(f"versions/{number}"))["built"]
    made, content = json.loads(read(f"{folder}/manifest.json")), read(f"{folder}/deps.zip")
    head = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=first.path, stdout=-1, check=True)
    assert made["git"] == {"commit": head.stdout.decode().strip(), "dirty": dirty}
    assert (made["sha256"], made["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    [resolved] = made["distributions"]
    assert (resolved["name"], resolved["version"], resolved["direct"]) == ("six", six, True)
    assert resolved["bytes"] == made["unzipped"] > 0
    assert (made["tool"], made["image"]) == (VERSION, "")  # the host built
    assert made["builder"].startswith("this machine's Python ")
    assert made["settings"]["requirements"] == "requirements-all.txt"
    assert (made["settings"]["strip"], made["settings"]["bytecode"]) == (True, "compile")


def only_looks(fresh: Project, deployer: Project) -> None:
    """A clone that has deployed nothing, as in CI, where no config.json was committed after a
    deploy: it sees what the deployer sees, and that nothing is wrong."""
    assert fresh.layers() == []
    status = done(fresh, "status", "check=1").output
    assert "all agree: nothing to do" in status
    assert "note: .chalice/config.json here names no version of deps" in status
    assert "all of it runs; a deploy would write stage local's layers" in done(fresh, "plan").output
    assert told(fresh, "history") == told(deployer, "history")


def start(project: Project, *options: str) -> "subprocess.Popen[str]":
    """`doit deploy`, not waited for."""
    return subprocess.Popen(
        [sys.executable, "-m", "tasks", *options, "deploy", "stage=local"], cwd=project.path,
        env=clean_environment() | project.environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def until(process: "subprocess.Popen[str]", last: str) -> str:
    """What it says up to a line that begins so."""
    assert process.stdout
    lines = takewhile(lambda line: not line.startswith(last), process.stdout)
    return "".join(lines)


def test_both_at_the_same_moment(aws: Server, clones: Clones) -> None:
    """One version, one API, both configurations whole; one of them waits and says for whom."""
    waits = threading.Event()

    def hold(request: Request) -> None:
        """Whoever is first publishes once the other waits, so that this happens every time."""
        if request.method == "POST" and request.path.endswith("/layers/deps/versions"):
            waits.wait(100)  # seconds; the SDK gives up after 120

    aws.refused = hold
    with ThreadPoolExecutor() as pool:
        both = [start(each, *QUIET) for each in clones]
        outputs = list(pool.map(lambda process: heard(process, waits), both))
    assert [process.returncode for process in both] == [0, 0], "\n".join(outputs)
    [waited] = [output for output in outputs if WAITS in output]
    assert re.search(rf"{WAITS} \S+, since .* or longer; waiting for that, up to 10 min", waited)
    assert re.search(r"✓ upload +the same as version 1", waited)
    assert (numbers(clones[0]), apis(clones[0]), runs(clones[0])) == ([1], 1, 1)
    assert [configured(each) for each in clones] == [[1], [1]]
    for each in clones:
        assert done(each, "deploy").steps == ["preflight", "lookup", "smoke"]


def heard(process: "subprocess.Popen[str]", waits: threading.Event) -> str:
    """All that it says; `waits` is set when it waits for the other."""
    lines = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if WAITS in line:
                waits.set()
    return "".join(lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("aws")
def test_a_stopped_deploy_gives_its_lock_back(clones: Clones, number: signal.Signals) -> None:
    """In the midst of chalice, too; the other goes on at once."""
    a, b = clones
    process = start(a)
    with process:
        until(process, "   Creating lambda function")
        process.send_signal(number)
        assert process.stdout
        said = process.stdout.read()
    assert "Traceback" not in said
    assert process.returncode == 1
    key = "chalice/shuking/local/lock.json"
    lock = a.aws("s3").get_object(Bucket="shuking-lambda-layers", Key=key)["Body"].read()
    assert json.loads(lock)["released"]
    after = done(b, "deploy").output
    assert WAITS not in after
    assert apis(a) == 1


@pytest.mark.usefixtures("aws")
def test_a_killed_deploy_on_another_machine_is_waited_for_and_unlocked(clones: Clones) -> None:
    """Nobody can know there that it is dead before its lock expires; a person can."""
    a, b = clones
    b.write("pyproject.toml", b.read("pyproject.toml") + "lock-wait = 0\n")
    process = start(a)
    with process:
        until(process, "▶ patch-config")
        process.kill()
    refused = b.doit("deploy", "stage=local")
    assert refused.code == 1
    assert "stage local is still being changed after 0.0 s: by " in refused.output
    assert "may be alive" in b.doit("unlock", "stage=local").output
    assert "unlocked" in done(b, "unlock", "yes=1").output
    assert runs_after(b, a) == 1


RENEWING = """
import runpy
from tasks.release.stage import lock
lock.RENEW_EVERY = 0.2
runpy.run_module("tasks", run_name="__main__", alter_sys=True)
"""


def test_a_deploy_whose_lock_is_taken_stops_in_the_midst_of_chalice(
    aws: Server, clones: Clones
) -> None:
    """Which waits for AWS and prints nothing: at its next look at the lock it is gone, with all its
    processes, and what the other then deploys is one function and one API."""
    a, b = clones
    asked, answers = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST" and request.path.endswith("/functions"):
            asked.set()
            answers.wait(60)

    aws.refused = hold
    with subprocess.Popen(
        [sys.executable, "-c", RENEWING, "deploy", "stage=local"], cwd=a.path,
        env=clean_environment() | a.environment, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert asked.wait(60)
        while b.doit("unlock", "yes=1", "stage=local").code:  # just then it was being renewed
            assert process.poll() is None
        said, _ = process.communicate(timeout=5)
        left = docker_engine.processes_left_in(a.path)
        answers.set()
    assert "the lock of stage local was taken over: this run stops" in said
    assert "Traceback" not in said
    assert (process.returncode, left) == (1, [])
    assert (runs_after(b, a), apis(a)) == (1, 1)


def runs_after(deployer: Project, first: Project) -> int:
    done(deployer, "deploy")
    return runs(first)
