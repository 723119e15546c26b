"""tasks/local_aws/warm_pool.py in containers: a function's process stays, and leaves nothing."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tasks.local_aws import invoke as invocation
from tasks.local_aws.warm_pool import FunctionAnswer
from tasks.sandbox.container import docker_engine as container_docker_engine
from tasks.settings import paths
from tasks.util import files
from tests import lambda_function, sandbox_scripts

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


def invoke(event: str = "", timeout: int = 60, code: str = CODE) -> FunctionAnswer:
    code_bytes = zipped("app.py", code)
    function = lambda_function.as_moto_has_it(code_bytes=code_bytes, timeout=timeout)
    return invocation.invoke(function, json.dumps(event), [LAYER])


def own(engine: DockerClient) -> list[str]:
    """The containers of this run: other projects may have some, too."""
    labels = [f"{name}={value}" for name, value in container_docker_engine.labels().items()]
    return [str(each.id) for each in engine.containers.list(filters={"label": labels})]


def process(answer: FunctionAnswer) -> Any:
    assert not answer.failed, answer
    name, laid = json.loads(answer.payload)
    assert laid == "laid"
    return name


def test_a_function_stays_warm_in_its_container(docker_engine: DockerClient) -> None:
    """One container, one import of the handler, a log for each invocation."""
    first = invoke()
    running = own(docker_engine)
    second = invoke()
    assert process(first) == process(second)
    assert ("cold\n" in first.log, "cold\n" in second.log) == (True, False)
    assert second.log.count("call\n") == 1
    assert own(docker_engine) == running


def test_one_that_hangs_loses_its_process(docker_engine: DockerClient) -> None:
    """As AWS says it; the next invocation begins anew, in the same container."""
    first = process(invoke(timeout=3))
    running = own(docker_engine)
    found = json.loads(invoke("hang", timeout=3).payload)
    assert found["errorType"] == "Sandbox.Timedout"
    assert found["errorMessage"].endswith(" Error: Task timed out after 3.00 seconds")
    assert process(invoke(timeout=3)) != first
    assert own(docker_engine) == running


def test_an_answer_is_as_large_as_its_json(docker_engine: DockerClient) -> None:
    """The way out of a container has the same room."""
    values = ", ".join(f"lambda: {value}" for value, _ in lambda_function.LARGE_ANSWERS.values())
    code = f"WAYS = [{values}]\ndef app(event, context):\n    return WAYS[int(event)]()"
    for number, (value, characters) in enumerate(lambda_function.LARGE_ANSWERS.values()):
        found = invoke(str(number), code=code)
        assert not found.failed, value
        assert len(json.loads(found.payload)) == characters


CLEARING = """
import glob, os, shutil, uuid
PROCESS = uuid.uuid4().hex
def app(event, context):
    for name in glob.glob("/tmp/*") + glob.glob("/tmp/.*"):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    os.makedirs("/tmp/events/aws.sock")
    return PROCESS
"""


def test_a_function_may_empty_its_tmp() -> None:
    """Handlers do, since Lambda keeps it from call to call; nothing of ours lies there."""
    found = [invoke(code=CLEARING) for _ in range(3)]
    assert not any(answer.failed for answer in found)
    assert len({answer.payload for answer in found}) == 1
