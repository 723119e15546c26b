"""tasks/local_aws/warm_pool.py in containers: a function's process stays, and leaves nothing."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker import DockerClient

from tasks.local_aws import invoke as invocation
from tasks.local_aws.warm_pool import FunctionAnswer
from tasks.settings import paths
from tasks.util import files
from tests import sandbox_scripts

pytestmark = pytest.mark.docker
CODE = """import time, uuid
import lib
PROCESS = uuid.uuid4().hex
print("cold")

def app(event, context):
    if event == "hang":
        time.sleep(600)
    print("call")
    return [PROCESS, lib.X]
"""


@pytest.fixture(autouse=True)
def project(lambda_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after a `stage=local` command with Docker; its end is the server's."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "docker", "image": lambda_image})
    yield
    invocation.ENVIRONMENTS.end()


def zipped(name: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = 0o644 << 16
        archive.writestr(member, text)
    return out.getvalue()


LAYER = zipped("python/lib.py", "X = 'laid'")


def invoke(event: str = "", timeout: int = 60) -> FunctionAnswer:
    function = SimpleNamespace(
        code_bytes=zipped("app.py", CODE), handler="app.app", timeout=timeout,
        environment_vars={}, region="r", function_name="f", memory_size=128,
    )  # fmt: skip
    return invocation.invoke(function, event, [LAYER])


def process(answer: FunctionAnswer) -> Any:
    assert not answer.failed, answer
    name, laid = json.loads(answer.payload)
    assert laid == "laid"
    return name


def test_a_function_stays_warm_in_its_container(docker_engine: DockerClient) -> None:
    """One container, one import of the handler, a log for each invocation."""
    first = invoke()
    running = docker_engine.containers.list()
    second = invoke()
    assert process(first) == process(second)
    assert (first.log, second.log) == ("cold\ncall\n", "call\n")
    assert docker_engine.containers.list() == running


def test_one_that_hangs_takes_its_container_along(docker_engine: DockerClient) -> None:
    """As AWS says it; the next invocation begins anew."""
    first = process(invoke(timeout=3))
    found = invoke("hang", timeout=3)
    assert json.loads(found.payload) == {"errorMessage": "Task timed out after 3.00 seconds"}
    assert process(invoke(timeout=3)) != first
    assert len(docker_engine.containers.list()) == 1
