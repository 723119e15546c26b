"""The same function and layer, as zips, in the local Lambda and under Lambda's runtime client run
apart from it (tests/awslambdaric_once.py): both give the same answers."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.local_aws import invoke
from tasks.local_aws.warm_pool import FunctionAnswer
from tasks.settings import paths
from tasks.util import files as file_tools
from tests import lambda_function, sandbox_scripts

pytestmark = pytest.mark.docker
PEER = Path(__file__).parents[1] / "awslambdaric_once.py"
APP = """import json, logging, os, sys, time
import boto3, lib

print("cold", lib.X)
HOME = os.path.expanduser("~")

def tried(what):
    try:
        return what()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def shared_memory():
    import multiprocessing
    return str(multiprocessing.Lock())

def child():
    import subprocess
    return subprocess.run(["sh", "-c", "ulimit -n"], capture_output=True, text=True).stdout

def threads():
    import threading
    started, over = [], threading.Event()
    try:
        for _ in range(1100):
            started.append(threading.Thread(target=over.wait))
            started[-1].start()
    except RuntimeError as error:
        return [900 < len(started) <= 1024, str(error)]
    finally:
        over.set()

def tmp():
    with open("/tmp/large", "wb") as file:
        for _ in range(600):
            file.write(bytes(1 << 20))

WAYS = {
    "region": lambda: boto3.resource("dynamodb").meta.client.meta.region_name,
    "environment": lambda: dict(os.environ),
    "path": lambda: sys.path,
    "home": lambda: [HOME, tried(lambda: os.makedirs(HOME + "/.x"))],
    "shm": lambda: [os.path.exists("/dev/shm"), tried(shared_memory)],
    "root": lambda: [tried(lambda: open(path, "w")) for path in ("/x", "/var/x", "/usr/x")],
    "task": lambda: [os.getcwd(), sorted(os.listdir("/var/task")), sorted(os.listdir("/opt"))],
    "tmp": lambda: tried(tmp),
    "descriptors": child,
    "threads": threads,
    "modules": lambda: [boto3.__file__, lib.__file__],
    "memory": lambda: len(b"x" * (700 << 20)),
    "time": lambda: time.sleep(60),
    "exit": lambda: sys.exit(3),
    "error": lambda: 1 / 0,
    "object": lambda: object(),
    "long": lambda: {}["x" * 300_000],
    "deep": lambda: WAYS["deep"](),
    "log": lambda: [logging.warning("careful"), logging.info("no"), print("out"),
                    print("err", file=sys.stderr), sys.stdout.write("no end")],
}

def app(event, context):
    return WAYS[event]()
"""
LAYER = "X = 'laid'\n"
TMP = "/tmp:size=512m,mode=1777,exec"  # noqa: S108 - the container's
# What AWS's documents list ("Defined runtime environment variables") and functions print.
VARIABLES = {
    "_HANDLER": "app.app", "LANG": "en_US.UTF-8", "TZ": ":UTC", "PWD": "/var/task", "SHLVL": "0",
    "AWS_REGION": "ap-northeast-2", "AWS_DEFAULT_REGION": "ap-northeast-2",
    "AWS_LAMBDA_FUNCTION_NAME": "shuking-local", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shuking-local", "AWS_LAMBDA_LOG_FORMAT": "Text",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
}  # fmt: skip
NETWORK = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")  # this machine's own, where it has some


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            member = zipfile.ZipInfo(name.replace("__", "/").replace("_py", ".py"))
            member.external_attr = 0o644 << 16
            archive.writestr(member, text)
    return out.getvalue()


@pytest.fixture(autouse=True)
def project(lambda_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after a `stage=local` command with Docker; its end is the server's."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    file_tools.write_record(paths.LOCAL_RUNTIME, {"builder": "docker", "image": lambda_image})
    yield
    invoke.ENVIRONMENTS.end()


def here(code: str, events: list[str], timeout: int = 20) -> list[FunctionAnswer]:
    function = lambda_function.as_moto_has_it(code_bytes=zipped(app_py=code), timeout=timeout)
    layers = [zipped(python__lib_py=LAYER)]
    return [invoke.invoke(function, json.dumps(event), layers) for event in events]


def peer(
    image: str, folder: Path, code: str, events: list[str], timeout: int = 20, memory: str = "4g"
) -> Any:
    """What the runtime client says, in a container that has what AWS says of Lambda's."""
    for name, files in (("task", {"app_py": code}), ("opt", {"python__lib_py": LAYER})):
        with zipfile.ZipFile(io.BytesIO(zipped(**files))) as archive:
            archive.extractall(folder / name)
    out = folder / "out"
    out.mkdir()
    out.chmod(0o777)
    (out / "events.json").write_text(json.dumps(events))
    given = [word for item in VARIABLES.items() for word in ("--env", "=".join(item))]
    (folder / "passwd").write_text("sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n")
    subprocess.run(
        ["docker", "run", "--rm", "--read-only", "--ipc", "none", "--network", "none",
         "--memory", memory, "--memory-swap", memory, "--ulimit", "nofile=1024:1024",
         "--tmpfs", TMP, "--user", "993:990", *given,
         "--volume", f"{folder}/passwd:/etc/passwd:ro",
         "--volume", f"{folder}/task:/var/task:ro", "--volume", f"{folder}/opt:/opt:ro",
         "--volume", f"{out}:/out", "--volume", f"{PEER}:/peer.py:ro",
         "--entrypoint", "/var/lang/bin/python3", image,
         "/peer.py", "app.app", "/out/events.json", "/out/out.json", str(timeout)],
        check=True,
    )  # fmt: skip
    return json.loads((out / "out.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "peer"
    made.mkdir()
    return made


def values(answers: list[FunctionAnswer]) -> list[Any]:
    assert not any(answer.failed for answer in answers), answers
    return [json.loads(answer.payload) for answer in answers]


def test_a_function_finds_the_same(lambda_image: str, folder: Path) -> None:
    """Region, path, home, shared memory, read-only root, /tmp, descriptors, modules; and the
    environment, but for what is another each time."""
    asked = ["region", "path", "home", "shm", "root", "task", "tmp", "descriptors", "modules"]
    there = peer(lambda_image, folder, APP, [*asked, "environment"])
    *ours, own = values(here(APP, [*asked, "environment"]))
    *theirs, others = [json.loads(body) for kind, body in there["answers"]]
    assert dict(zip(asked, ours, strict=True)) == dict(zip(asked, theirs, strict=True))
    told = dict(zip(asked, ours, strict=True))
    assert told["region"] == "ap-northeast-2"
    assert told["home"] == [
        "/home/sbx_user1051",
        "OSError: [Errno 30] Read-only file system: '/home/sbx_user1051'",
    ]
    # of glibc before 2.34, in Amazon Linux 2: [Errno 38] Function not implemented
    assert told["shm"] == [False, "FileNotFoundError: [Errno 2] No such file or directory"]
    assert told["tmp"] == "OSError: [Errno 28] No space left on device"
    assert told["descriptors"] == "1024\n"
    for changing in ("AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID", *NETWORK):
        own.pop(changing, None)
        others.pop(changing, None)
    assert own == others


def test_a_function_has_lambdas_user(lambda_image: str) -> None:
    """By name."""
    code = "import getpass\ndef app(e, c):\n    return getpass.getuser()"
    assert values(here(code, [""])) == ["sbx_user1051"]


def test_a_function_has_1024_threads(lambda_image: str) -> None:
    """Of the container's user, who has no others. (The peer's own would count there.)"""
    assert values(here(APP, ["threads", "region"])) == [
        [True, "can't start new thread"],
        "ap-northeast-2",
    ]


def test_a_function_that_fails_says_the_same(lambda_image: str, folder: Path) -> None:
    """Errors of the handler, with the same lines in the log."""
    asked = ["error", "object", "long", "deep", "log"]
    there = peer(lambda_image, folder, APP, asked)
    ours = here(APP, asked)
    for answer, (kind, body) in zip(ours, there["answers"], strict=True):
        assert answer.failed == (kind == "error")
        assert without_request(json.loads(answer.payload)) == without_request(json.loads(body))
    assert printed("".join(answer.log for answer in ours)) == printed(there["log"])


def without_request(told: Any) -> Any:
    return told | {"requestId": ""} if isinstance(told, dict) else told


def printed(log: str) -> list[str]:
    """By the function; what is another each time is left out."""
    own = re.compile(r"^(INIT_START|START|END|REPORT) .*\n", re.M)
    log = own.sub("", log.replace("no endEND", "no end\nEND"))
    log = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z\t[0-9a-f-]{36}", "WHEN\tREQUEST", log)
    return log.splitlines()


@pytest.mark.parametrize("event", ["memory", "exit"])
def test_a_process_that_ends_ends_the_same(lambda_image: str, folder: Path, event: str) -> None:
    """By the kernel there, where it needs more memory than it has."""
    there = peer(lambda_image, folder, APP, [event], memory="512m")
    [found] = here(APP, [event])
    reason = {-9: "signal: killed", 3: "exit status 3"}[there["exit"]]
    assert there["answers"] == []
    assert json.loads(found.payload)["errorMessage"].endswith(f"exited with error: {reason}")
    assert printed(there["log"])[0] in found.log


def test_time_is_over_for_both(lambda_image: str, folder: Path) -> None:
    """No answer there, Lambda's here."""
    there = peer(lambda_image, folder, APP, ["time"], timeout=4)
    [found] = here(APP, ["time"], timeout=4)
    assert (there["answers"], there["exit"]) == ([], None)
    assert json.loads(found.payload)["errorType"] == "Sandbox.Timedout"


@pytest.mark.parametrize(
    "code", ["import gone", "1/0", "x = (", "def other(e, c): pass", "raise SystemExit(4)"]
)
def test_what_cannot_be_initialised_says_the_same(
    lambda_image: str, folder: Path, code: str
) -> None:
    """Once there; twice here, as Lambda does it, the second time for the answer."""
    there = peer(lambda_image, folder, code, ["region"])
    [found] = here(code, ["region"])
    told = json.loads(found.payload)
    assert found.failed
    if there["answers"]:
        [[kind, body]] = there["answers"]
        assert (kind, told) == ("error", json.loads(body))
    else:
        assert told["errorMessage"].endswith(f"exited with error: exit status {there['exit']}")
    for line in printed(re.sub(r"(?<=\t)[\d-]{10}T\S+(?=\t)", "", there["log"])):
        words = line.split("\t")[-1]
        assert found.log.count(words) == 2, words
