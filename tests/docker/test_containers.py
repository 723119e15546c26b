"""The two containers of a build, from outside and inside: what a package's code cannot reach."""

import io
import ipaddress
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tasks.sandbox import job_users
from tasks.sandbox.container import docker_engine as engine_api
from tasks.sandbox.container import session
from tasks.sandbox.container.sandbox import ContainerSandbox
from tasks.sandbox.container.session import CACHE_VOLUME
from tasks.sandbox.job_users import INSPECT, PROOF
from tasks.sandbox.protocol import Job
from tasks.settings.model import Settings
from tests import package_index, project
from tests.package_index import Index
from tests.project import ROOT, Project

pytestmark = pytest.mark.docker


@pytest.fixture
def sandbox(lambda_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerSandbox]:
    monkeypatch.chdir(ROOT)
    found = ContainerSandbox(Settings(image=lambda_image))
    yield found
    found.close()


def python(script: str, **more: Any) -> Job:
    return Job(argv=("{python}", "-c", script), **more)


def inspected(engine: DockerClient, sandbox: ContainerSandbox) -> dict[str, dict[str, Any]]:
    """As the engine knows the store and the cell."""
    sandbox.run(python("pass", kind=INSPECT))
    sandbox.run(python("pass"))
    assert sandbox._store
    assert sandbox._cell
    sessions = {job_users.STORE: sandbox._store, job_users.CELL: sandbox._cell}
    labelled = engine.api.containers(filters={"label": engine_api.JOB})
    assert {each.container.id for each in sessions.values()} <= {each["Id"] for each in labelled}
    return {
        name: engine.api.inspect_container(str(each.container.id))
        for name, each in sessions.items()
    }


def test_both_are_the_base_image_itself(
    sandbox: ContainerSandbox, docker_engine: DockerClient, lambda_image: str
) -> None:
    """No builder is made of it: what is proven is proven where Lambda runs it."""
    image = docker_engine.images.get(lambda_image).id
    assert {each["Image"] for each in inspected(docker_engine, sandbox).values()} == {image}


def test_the_cell_has_nothing(sandbox: ContainerSandbox, docker_engine: DockerClient) -> None:
    """No volume but its own /etc, which goes with it, no network, capability or way to one; nobody
    in it is root."""
    cell = inspected(docker_engine, sandbox)[job_users.CELL]
    host = cell["HostConfig"]
    [etc] = cell["Mounts"]
    assert (etc["Type"], etc["Destination"]) == ("volume", "/etc")
    assert not host["Binds"]
    assert (host["NetworkMode"], host["IpcMode"], host["Privileged"]) == ("none", "none", False)
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None)
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["PidsLimit"], host["ReadonlyRootfs"]) == (session.LIMIT + session.OURS, True)
    users = docker_engine.api.top(cell["Id"], ps_args="-eo uid,pid")
    assert users["Processes"]
    assert {each[0] for each in users["Processes"]} <= {job_users.KEEPER, job_users.NOBODY}
    sandbox.close()
    waiting = time.monotonic() + 30
    while etc["Name"] in {each.name for each in docker_engine.volumes.list()}:
        assert time.monotonic() < waiting
        time.sleep(0.1)


def test_a_job_has_the_images_variables(
    sandbox: ContainerSandbox, docker_engine: DockerClient, lambda_image: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """And none of the engine's client: Docker's documents tell companies to put their proxy, with
    its password, into ~/.docker/config.json ("Use a proxy server with the Docker CLI")."""
    proxy = "http://me:PASSWORD@proxy.test:3128"
    told = dict.fromkeys(("httpProxy", "httpsProxy", "ftpProxy", "noProxy", "allProxy"), proxy)
    text = json.dumps({"proxies": {"default": told}})
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    image = {*docker_engine.images.get(lambda_image).attrs["Config"]["Env"]}
    seen = sandbox.run(python("import os; [print(f'{n}={v}') for n, v in os.environ.items()]"))
    assert {*seen.output.splitlines()} - {"LC_CTYPE=C.UTF-8"} == image  # PEP 538's
    for each in inspected(docker_engine, sandbox).values():
        assert {*each["Config"]["Env"]} == image


SEEN = """
import getpass, os, pwd, socket
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
print(os.getuid(), os.getgid(), os.getgroups(), status['CapEff'].strip(), status['CapBnd'].strip(),
      status['NoNewPrivs'].strip())
print(socket.gethostbyname(socket.gethostname()))
print(sorted(os.listdir('/sys/class/net')), os.path.exists('/dev/shm'), os.path.exists('/cache'))
home = os.path.expanduser('~')
print(home, os.path.exists(home), {'HOME', 'HOSTNAME', 'TERM'} & {*os.environ})
try:
    os.makedirs(home)
except OSError as error:
    print(error.strerror)
print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir, oct(os.stat('/etc/passwd').st_mode))
"""


def test_from_inside_it_is_as_in_lambda(sandbox: ContainerSandbox) -> None:
    """Lambda's user, by number and name, no right, no shared memory, no HOME and a home that cannot
    be made."""
    none = "0" * 16
    assert sandbox.run(python(SEEN)).output.splitlines() == [
        f"993 990 [990] {none} {none} 1",
        "169.254.76.1",
        "['lo'] False False",
        "/home/sbx_user1051 False set()",
        "Read-only file system",
        "sbx_user1051 /home/sbx_user1051 0o100644",
    ]


@pytest.mark.parametrize(("package", "home"), [("image", "/tmp"), ("zip", None)])  # noqa: S108
def test_an_image_that_is_deployed_has_its_own_home(
    docker_engine: DockerClient, lambda_image: str, monkeypatch: pytest.MonkeyPatch, package: str,
    home: str | None,
) -> None:  # fmt: skip
    """Its ENV is the function's. That of an image which only builds a layer is nobody's."""
    monkeypatch.chdir(ROOT)
    lines = f"FROM {lambda_image}\nENV HOME=/tmp TERM=dumb\n"
    image, _ = docker_engine.images.build(fileobj=io.BytesIO(lines.encode()), rm=True)
    sandbox = ContainerSandbox(Settings(image=str(image.id), package=package))
    try:
        said = "import os; print([os.environ.get(x) for x in ('HOME', 'TERM', 'HOSTNAME')])"
        expected = [home, "dumb" if home else None, None]
        assert sandbox.run(python(said)).output.strip() == str(expected)
    finally:
        sandbox.close(killing=True)
        docker_engine.images.remove(str(image.id), force=True)


# What a package's code leaves: out of its group, child of nobody. It speaks for what comes next.
LEAVES = """
import os, time
for _ in range(2):
    if os.fork():
        os._exit(0)
    os.setsid()
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(pid) != os.getpid():
                open(f"/proc/{pid}/fd/1", "a").write("\\n= forged\\n")
        except OSError:
            pass
"""


# Processes of this user that it may look into, which the one that runs jobs is not.
ALONE = """
import os, time
time.sleep(0.2)
others = {each for each in os.listdir("/proc") if each.isdigit()} - {"1", str(os.getpid())}
print([each for each in others if os.stat(f"/proc/{each}/fd").st_uid == os.getuid()])
"""


def test_what_a_job_leaves_says_nothing_in_the_next(sandbox: ContainerSandbox) -> None:
    """A proof's verdict is its last line. Whoever is left by the job before can write there while
    that begins. Here nobody is left."""
    for _ in range(3):
        sandbox.run(python(LEAVES))
    for _ in range(3):
        assert sandbox.run(python(ALONE)).output == "[]\n"


WRITES = """
import os, stat
for top, folders, files in os.walk("/"):
    if top.startswith(("/proc", "/sys", "/dev")):
        folders[:] = []
        continue
    for name in ["canary", *folders, *files]:
        path = os.path.join(top, name)
        try:
            with open(path, "r+b" if name in files else "xb"):
                print("wrote", path)
        except (OSError, ValueError):
            pass
        try:
            os.chmod(path, 0o777, follow_symlinks=True)
            print("chmod", path)
        except OSError:
            pass
"""


def test_a_package_writes_to_nothing_but_tmp(sandbox: ContainerSandbox, tmp_path: Path) -> None:
    """Neither to the layer, nor to our scripts or what a job was given, nor to a folder that Python
    looks into; with files that the layer says anybody may write."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        for name, mode in (("python/open.py", 0o777), ("python/deep/plain.py", 0o644)):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, "")
    inputs = {"scripts/ours.py": b"", "given/a": b""}
    job = python(WRITES, opt=(tmp_path / "layer.zip",), inputs=inputs)
    said = sandbox.run(job).output.splitlines()
    assert {line.split(" ", 1)[1] for line in said} == {"/tmp/canary"}  # noqa: S108
    look = python("import os; print(sorted(os.listdir('/work')), os.listdir('/work/scripts'))")
    assert "canary" not in sandbox.run(look).output


def test_what_it_leaves_is_not_on_the_path_of_our_scripts(sandbox: ContainerSandbox) -> None:
    """A module beside them was imported as root once; now there is no such place."""
    leave = """
import os
for folder in ("/tmp", "{work}", "{scripts}", "{opt}"):
    for name in ("pickle", "zipfile", "fork_pool"):
        try:
            open(f"{folder}/{name}.py", "w").write("raise SystemExit('taken')")
        except OSError:
            pass
"""
    assert sandbox.run(python(leave)).code == 0
    look = "import pickle, zipfile, sys; print(sys.path[0].startswith('/var/lang'))"
    for kind in (INSPECT, PROOF):
        assert sandbox.run(python(look, kind=kind)).output == "True\n"


PRIES = """
import ctypes, os, signal
found = []
for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) == os.getpid():
        continue
    for what in ("mem", "environ"):
        try:
            open(f"/proc/{name}/{what}", "r+b" if what == "mem" else "rb")
            found.append(what)
        except OSError:
            pass
    try:
        found += os.listdir(f"/proc/{name}/fd")
    except OSError:
        pass
    if ctypes.CDLL(None).ptrace(16, int(name), 0, 0) == 0:
        found.append("traced")
print(found)
"""


def test_it_cannot_look_into_who_runs_it(sandbox: ContainerSandbox) -> None:
    """The processes of the connection: its own user's, too."""
    assert sandbox.run(python(PRIES)).output == "[]\n"


def test_a_fork_storm_ends_with_its_job(sandbox: ContainerSandbox) -> None:
    """The number of processes is Lambda's, and what ours need; the next job runs."""
    storm = f"""
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except OSError:
    print(made < {session.LIMIT + session.OURS})
"""
    assert sandbox.run(python(storm)).output == "True\n"
    assert sandbox.run(python("print('on')")).output == "on\n"


def test_a_flood_is_heard_and_not_remembered(sandbox: ContainerSandbox) -> None:
    """Of any length, with lines or without."""
    flood = "import os\nfor _ in range(60): os.write(1, b'x' * (1 << 20))\nprint('\\nend')"
    heard: list[int] = []
    outcome = sandbox.run(python(flood), lambda line: heard.append(len(line)))
    assert outcome.code == 0
    assert sum(heard) >= 60 << 20
    assert max(heard) < 8 << 20
    assert len(outcome.output) <= 16 << 20


# ---- whole builds --------------------------------------------------------------------------------

# What was possible: to reach uv's cache, other projects' folders, or whoever unpacks as root.
HOSTILE = """
import os, sys
for top in ("/cache", "/work", "/opt", "/var", "/usr"):
    for folder, _, files in os.walk(top):
        if folder.startswith(("/proc", "/sys")):
            break
        for name in [*files, "pickle.py", "zipfile.py"]:
            try:
                with open(os.path.join(folder, name), "a") as file:
                    file.write("\\nraise SystemExit('canary')\\n")
            except (OSError, ValueError):
                pass
__import__(__name__ + ".te" + "sts")
"""  # it does not work without what pruning takes


@pytest.fixture
def index(docker_engine: DockerClient, tmp_path: Path) -> Iterator[Index]:
    """Where containers reach it. Of packages that no cache has seen."""
    [config, *_] = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    with package_index.serving(tmp_path / "index", gateway) as found:
        yield found


def new(tmp_path: Path, lambda_image: str, index: Index, *names: str) -> Project:
    """A project that asks for these, of version 1.0, with a lock."""
    lines = "".join(f"{name}==1.0\n" for name in names)
    made = project.small(tmp_path / f"project{len(list(tmp_path.iterdir()))}", lines)
    made.environment.update(LAYER_IMAGE=lambda_image, UV_DEFAULT_INDEX=index.url)
    run = made.doit("lock")
    assert run.code == 0, run.output
    return made


def module(built: Project, name: str) -> bytes:
    with zipfile.ZipFile(built.path / "build/deps.zip") as archive:
        return archive.read(f"python/{name}.py")


def test_a_package_that_wants_out_changes_nothing(
    tmp_path: Path, lambda_image: str, index: Index
) -> None:
    """Neither while it is proven, nor while the rule at fault is looked for, which imports it with
    everything put back: another project ships what its lock says."""
    good, hostile = (f"{name}{os.urandom(4).hex()}" for name in ("good", "hostile"))
    index.add(good, "1.0", files={f"{good}.py": b"X = 'as it was'\n"})
    text = HOSTILE.replace("hostile", hostile).encode()
    files = {f"{hostile}/__init__.py": text, f"{hostile}/tests/__init__.py": b""}
    index.add(hostile, "1.0", files=files)
    run = new(tmp_path, lambda_image, index, good, hostile).doit("build", "builder=docker")
    assert run.code == 1
    assert "pruning broke these (they worked as installed)" in run.output, run.output
    assert f"{hostile}/tests" in run.output
    other = new(tmp_path, lambda_image, index, good)
    run = other.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert module(other, good) == b"X = 'as it was'\n"


def poison(engine: DockerClient, image: str, name: str, *, listed: bool) -> None:
    """What could be done to uv's cache when something wrote to it; RECORD is made to fit."""
    script = f"""
import base64, hashlib, pathlib
[file] = pathlib.Path("/cache/uv").glob("archive-v*/*/{name}.py")
[record] = file.parent.glob("*.dist-info/RECORD")
def said(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha256={{digest}},{{len(data)}}"
old, new = file.read_bytes(), b"X = 'canary!!!'\\n"
file.write_bytes(new)
if {listed}:
    record.write_text(record.read_text().replace(said(old), said(new)))
"""
    command = ["-I", "-c", script]
    volumes = {CACHE_VOLUME: {"bind": "/cache", "mode": "rw"}}
    engine.containers.run(
        image, command, entrypoint="/var/lang/bin/python3", volumes=volumes, remove=True
    )


@pytest.mark.parametrize("listed", [False, True], ids=["file alone", "RECORD, too"])
def test_installed_bytes_are_what_the_lock_says(
    tmp_path: Path, lambda_image: str, index: Index, docker_engine: DockerClient, listed: bool
) -> None:
    """However the cache was changed: another project is told which file it is, and the next build
    downloads it anew."""
    name = f"good{os.urandom(4).hex()}"
    index.add(name, "1.0", files={f"{name}.py": b"X = 'as it was'\n"})
    first, second = (new(tmp_path, lambda_image, index, name) for _ in range(2))
    assert first.doit("build", "builder=docker").code == 0
    poison(docker_engine, lambda_image, name, listed=listed)
    run = second.doit("build", "builder=docker")
    assert run.code == 1, run.output
    assert f"{name}: '{name}.py' is not what" in run.output
    assert "of the cache were removed: run the command again" in run.output
    run = second.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert module(second, name) == b"X = 'as it was'\n"
