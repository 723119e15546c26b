"""The proof in a container: what a function finds in Lambda, whatever else the image has."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests import package_index, project
from tests.elves import elf
from tests.package_index import Index
from tests.project import Project, Run

pytestmark = pytest.mark.docker
THREADS = """import threading
over = threading.Event()
for _ in range(1100):
    threading.Thread(target=over.wait, daemon=True).start()
"""
WRITES = "import pathlib\npathlib.Path(__file__).with_name('cache.json').write_text('{}')\n"


@pytest.fixture
def served(docker_engine: DockerClient, tmp_path: Path) -> Iterator[Index]:
    """Where containers and this machine reach it alike."""
    [config, *_] = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    with package_index.serving(tmp_path / "index", gateway) as found:
        yield found


def build(tmp_path: Path, image: str, served: Index, code: str, **files: bytes) -> Run:
    """Of one package of this code."""
    name = f"pkg{abs(hash(code)) % 10**8}"
    content = {"pkg/__init__.py": code.encode()}
    content |= {f"pkg/{each}.so": data for each, data in files.items()}
    served.add(name, "1.0", files=content)
    made: Project = project.small(tmp_path / "copy", f"{name}==1.0\n")
    made.environment.update(LAYER_IMAGE=image, UV_DEFAULT_INDEX=served.url)
    return made.doit("build", "builder=docker")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import pathlib\n(pathlib.Path.home() / '.x').mkdir(exist_ok=True)\n",
         ["/home/sbx_user1051", "which cannot be made in Lambda"]),
        ("import multiprocessing\nL = multiprocessing.Lock()\n",
         ["OSError: [Errno 38] Function not implemented", "no /dev/shm"]),
        ("import os\nX = os.environ['PKG_URL']\n", ['proof-env = {PKG_URL = "…"}']),
        ("import ctypes\nctypes.CDLL('libcrypt.so.1')\n", ["Lambda's image has no libcrypt.so.1"]),
        ("import subprocess\nsubprocess.run(['git'])\n", ["Lambda's image has none of that name"]),
        ("import os\nL = [os.dup(1) for _ in range(1100)]\n", ["than the 1,024 that Lambda lets"]),
        (WRITES, ["/opt/python/pkg/cache.json", "a layer is read-only in Lambda"]),
        (THREADS, ["can't start new thread", "Lambda allows 1,024 processes and threads"]),
        ("x = b'x' * (700 << 20)\ndel x\n", ["MB of memory, and no function of the stage has"]),
    ],
    ids=["home", "shared memory", "variable", "library of another image", "program",
         "many files", "layer", "many threads", "memory"],
)  # fmt: skip
def test_what_lambda_refuses_is_refused(
    tmp_path: Path, lambda_image: str, served: Index, code: str, words: list[str]
) -> None:
    """With the true reason."""
    run = build(tmp_path, lambda_image, served, code)
    said = " ".join(run.output.split())
    assert run.code, run.output
    assert [each for each in words if each not in said] == []
    assert f"seen in image {lambda_image}" in said


def test_what_lambda_has_is_there(tmp_path: Path, lambda_image: str, served: Index) -> None:
    """Region, function, user, log handler, path; a library nobody imports is a warning."""
    code = (
        "import getpass, logging, os, sys\nassert getpass.getuser() == 'sbx_user1051'\n"
        "assert os.environ['AWS_DEFAULT_REGION'] and os.environ['_HANDLER']\n"
        "assert os.environ['AWS_XRAY_DAEMON_ADDRESS'] and os.environ['PYTHONPATH']\n"
        "from awslambdaric import bootstrap\nimport __main__\n"
        "assert __main__.awslambdaricmain.bootstrap is bootstrap\n"
        "assert type(logging.getLogger().handlers[0]) is bootstrap.LambdaLoggerHandler\n"
        "assert type(sys.stdout) is bootstrap.Unbuffered\n"
        "assert sys.executable.startswith('/var/lang/bin/python3.'), sys.executable\n"
        "assert not sys.flags.isolated and not sys.flags.ignore_environment\n"
        "lib = f'lib/python{sys.version_info[0]}.{sys.version_info[1]}'\n"
        "assert sys.path[:5] == ['/var/task', f'/opt/python/{lib}/site-packages', '/opt/python',\n"
        "                        f'/var/lang/{lib}/site-packages', '/var/runtime'], sys.path\n"
    )
    run = build(tmp_path, lambda_image, served, code, more=elf("libgomp.so.1"))
    assert run.code == 0, run.output
    assert "libgomp.so.1" in run.output
    assert "warning: " in run.output
