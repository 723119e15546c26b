"""tasks/local_aws/invoke.py and docker/lambda_runtime.py: a function runs under Lambda's own
client, on this machine."""

import io
import json
import re
import secrets
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tasks.local_aws import invoke as invocation
from tasks.local_aws import warm_pool
from tasks.local_aws.warm_pool import FunctionAnswer
from tasks.sandbox import choose, host_runtime, isolation, temp_dirs
from tasks.settings import paths
from tasks.settings.local_access import Access
from tasks.settings.model import Settings
from tasks.util import files as file_tools
from tests import lambda_function

DOCKER = Path(__file__).parents[3] / "docker"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a `stage=local` command without Docker."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DOCKER, paths.DOCKER)
    invocation.remember(Settings(builder="host", stage="local"))


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            path = name.replace("__", "/").replace("_py", ".py")
            archive.writestr(zipfile.ZipInfo(path), text)  # without today's time: always the same
    return out.getvalue()


def invoke(
    code: str, *layers: bytes, event: Any = None, handler: str = "app.app", timeout: int = 20,
    memory: int = 512, variables: dict[str, Any] | None = None, context: str = "",
) -> FunctionAnswer:  # fmt: skip
    function = lambda_function.as_moto_has_it(
        code_bytes=zipped(app_py=code), handler=handler, timeout=timeout, memory_size=memory,
        environment_vars=variables or {"A": 1},
    )  # fmt: skip
    return invocation.invoke(function, json.dumps(event), layers, context=context)


def said(answer: FunctionAnswer) -> dict[str, Any]:
    """Of an error. The request's number is another each time."""
    assert answer.failed, answer
    told: dict[str, Any] = json.loads(answer.payload)
    return told


def printed(answer: FunctionAnswer) -> list[str]:
    """By the function: the log without Lambda's own lines."""
    own = re.compile(r"(INIT_START|INIT_REPORT|START|END|REPORT) ")
    return [line for line in answer.log.splitlines() if line and not own.match(line)]


def test_the_answer_is_the_handlers() -> None:
    """The event arrives, what was printed is the log."""
    found = invoke(
        "def app(event, context):\n    print('log')\n    return {'got': event}", event=[1]
    )
    assert (found.payload, found.failed, printed(found)) == ('{"got": [1]}', False, ["log"])


def test_the_layer_is_on_the_path_behind_the_function() -> None:
    """python/ and python/lib/…/site-packages; the function's own module wins."""
    layer = zipped(python__lib_py="x = 'layer'", python__app_py="x = 'wrong'")
    code = "import lib\ndef app(event, context):\n    return lib.x"
    assert json.loads(invoke(code, layer).payload) == "layer"


def test_later_layers_cover_earlier_ones() -> None:
    """In the order of the function's list."""
    one, two = zipped(python__lib_py="x = 1"), zipped(python__lib_py="x = 2")
    code = "import lib\ndef app(event, context):\n    return lib.x"
    assert [invoke(code, *order).payload for order in ((one, two), (two, one))] == ["2", "1"]


@pytest.mark.parametrize(
    ("signal", "why"), [("SIGSTOP", "does not answer"), ("SIGKILL", "ended with status 1")]
)
def test_a_function_that_ends_its_runtime_ends_its_own_call(
    monkeypatch: pytest.MonkeyPatch, signal: str, why: str
) -> None:
    """Soon, by the clock of whoever waits; the next call begins anew."""
    monkeypatch.setattr(warm_pool, "SILENT", 5.0)
    code = (
        "import os, signal\ndef app(event, context):\n    if event:\n"
        f"        os.kill(os.getppid(), signal.{signal})\n    return 'x'"
    )
    started = time.monotonic()
    told = said(invoke(code, event=1, timeout=3))
    assert told["errorType"] == "Runtime.ExitError"
    assert why in told["errorMessage"]
    assert time.monotonic() - started < 30
    assert invoke(code, event=0, timeout=3).payload == '"x"'


def test_a_checkout_may_lie_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two lines, too."""
    (place := tmp_path / "two\nlines {work} é").mkdir()
    monkeypatch.chdir(place)
    shutil.copytree(DOCKER, paths.DOCKER)
    invocation.remember(Settings(builder="host", stage="local"))
    assert invoke("def app(event, context):\n    return event", event=[1]).payload == "[1]"


def test_a_long_call_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs says so meanwhile."""
    monkeypatch.setattr(warm_pool, "SILENT", 4.0)
    code = "import time\ndef app(event, context):\n    time.sleep(6)\n    return 'a\\nb~ c'"
    assert invoke(code).payload == '"a\\nb~ c"'


LOOKING = """import os, sys

def app(event, context):
    return {"environment": dict(os.environ), "path": sys.path, "cwd": os.getcwd(),
            "home": os.path.expanduser("~"), "context": vars(context) | {
                "identity": context.identity.cognito_identity_id,
                "client_context": context.client_context and context.client_context.custom,
                "left": context.get_remaining_time_in_millis()}}
"""


def test_environment_and_context_are_lambdas() -> None:
    """Every variable that AWS documents, the function's own among them; the context is the
    client's."""
    found = json.loads(invoke(LOOKING, context='{"custom": {"a": 1}}').payload)
    environment, context = found["environment"], found["context"]
    stream = environment.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", environment["AWS_LAMBDA_RUNTIME_API"])
    assert re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=", environment["_X_AMZN_TRACE_ID"])
    known = {
        "A": "1", "_HANDLER": "app.app", "LANG": "en_US.UTF-8", "TZ": ":UTC",
        "PWD": found["cwd"], "SHLVL": "0",
        "AWS_REGION": "ap-northeast-2", "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_NAME": "shuking-local",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shuking-local",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "LAMBDA_TASK_ROOT": found["cwd"],
        "PYTHONPATH": environment["LAMBDA_RUNTIME_DIR"],
    }  # fmt: skip
    assert environment | known == environment
    assert not {"HOME", "TMPDIR"} & environment.keys()
    assert found["home"] == "/home/sbx_user1051"
    assert context["function_name"] == "shuking-local"
    assert context["memory_limit_in_mb"] == "512"
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"] == lambda_function.ARN_OF_LOCAL
    assert context["log_stream_name"] == stream
    assert (context["identity"], context["client_context"]) == (None, {"a": 1})
    assert 15_000 < context["left"] <= 20_000


def test_nothing_of_the_tools_environment_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable and no package of it, but for the runtime's own."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("SOME_TOKEN", "mine")
    code = (
        "import os\nfrom importlib.util import find_spec as find\n"
        "def app(e, c):\n    return [[name for name in os.environ if os.environ[name] == 'mine'],\n"
        "        bool(find('boto3')), bool(find('moto')), bool(find('pip')), exit.name]"
    )
    assert json.loads(invoke(code).payload) == [[], True, False, False, "exit"]


def test_a_client_of_the_sdk_needs_no_region() -> None:
    """AWS_DEFAULT_REGION is there, and so is boto3, as in Lambda's image."""
    code = (
        "import boto3\nTABLE = boto3.resource('dynamodb').Table('t')\n"
        "def app(e, c):\n    return TABLE.meta.client.meta.region_name"
    )
    assert json.loads(invoke(code).payload) == "ap-northeast-2"


def test_the_functions_pth_files_count_and_so_does_its_own_pythonpath() -> None:
    """As Lambda's bootstrap has it: with PYTHONPATH set, the layers are left to the function."""
    layer = zipped(python__lib_py="x = 1")
    code = "from importlib.util import find_spec\ndef app(e, c):\n    return bool(find_spec('lib'))"
    answers = [invoke(code, layer, variables=each) for each in ({}, {"PYTHONPATH": "/nowhere"})]
    assert [json.loads(answer.payload) for answer in answers] == [True, False]


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("def app(e, c):\n    raise ValueError('bad')", "app.app", "ValueError", "bad"),
        ("import gone", "app.app", "Runtime.ImportModuleError",
         "Unable to import module 'app': No module named 'gone'"),
        ("", "app.app", "Runtime.HandlerNotFound", "Handler 'app' missing on module 'app'"),
        ("1/0", "app.app", "ZeroDivisionError", "division by zero"),
        ("x = (", "app.app", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'app': '(' was never closed (app.py, line 1)"),
        ("", "app", "Runtime.MalformedHandlerName",
         "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ("def app(e, c):\n    return object()", "app.app", "Runtime.MarshalError",
         "Unable to marshal response: Object of type object is not JSON serializable"),
    ],
)  # fmt: skip
def test_an_error_is_lambdas(code: str, handler: str, kind: str, message: str) -> None:
    """Type and message; both are in the log."""
    found = invoke(code, handler=handler)
    told = said(found)
    assert (told["errorType"], told["errorMessage"]) == (kind, message)
    assert f"[ERROR] {kind}: {message}" in found.log


@pytest.mark.parametrize("size", [70_000, 300_000, 2_000_000])
def test_an_error_may_be_long(size: int) -> None:
    """As those are that quote a whole input: pydantic's, boto3's, SQLAlchemy's."""
    told = said(invoke(f"def app(e, c):\n    raise ValueError('x' * {size})"))
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "x" * size)


def test_an_endless_recursion_is_an_error_of_the_function() -> None:
    """Its process goes on, as in Lambda."""
    code = "n = []\ndef app(e, c):\n    n.append(1)\n    return len(n) if e else app(e, c)"
    told = said(invoke(code, event=0))
    assert told["errorType"] == "RecursionError"
    assert int(invoke(code, event=1).payload) > 100


def wrapper(mode: int = 0o755) -> bytes:
    """A layer with one, as OpenTelemetry's and Datadog's have."""
    out, script = io.BytesIO(), zipfile.ZipInfo("wrap")
    script.external_attr = (0o100000 | mode) << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(script, '#!/bin/sh\nexport WRAPPED="$#"\nexec "$@"\n')
    return out.getvalue()


@pytest.mark.parametrize("has_opt", [True, False])
def test_a_wrapper_starts_the_function(monkeypatch: pytest.MonkeyPatch, *, has_opt: bool) -> None:
    """Lambda Developer Guide, "Using a wrapper script": it gets the command as its arguments. Also
    where the machine has something of its own in /opt, as GitHub's have Python."""
    monkeypatch.setattr(isolation, "has_opt", lambda _: has_opt)
    code = "import os\ndef app(e, c):\n    return os.environ.get('WRAPPED')"
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
    assert int(json.loads(invoke(code, wrapper(), variables=variables).payload)) >= 2
    assert invoke(code, wrapper()).payload == "null"


@pytest.mark.parametrize(
    ("mode", "path", "words"),
    [(0o755, "/opt/gone", "does not exist"), (0o644, "/opt/wrap", "is not an executable")],
)
def test_a_wrapper_that_cannot_start_is_said(mode: int, path: str, words: str) -> None:
    """Here as there: a deploy would end with a function that does not begin."""
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": path}
    found = invoke("def app(e, c):\n    return 1", wrapper(mode), variables=variables)
    assert said(found)["errorType"] == "Runtime.ExitError"
    assert f"{path}: {words}" in found.log


def test_a_function_has_the_library_path_that_it_is_given() -> None:
    """AWS lists LD_LIBRARY_PATH among the variables that can be set."""
    code = "import os\ndef app(e, c):\n    return os.environ['LD_LIBRARY_PATH']"
    own = "/opt/python/x.libs:/opt/lib"
    given = invoke(code, zipped(python__lib_py=""), variables={"LD_LIBRARY_PATH": own})
    assert json.loads(given.payload) == own
    assert json.loads(invoke(code).payload).endswith("/lib")
    assert host_runtime.moved({"LD_LIBRARY_PATH": own, "A": "/opt/x"}, "/o") == {
        "LD_LIBRARY_PATH": "/o/python/x.libs:/o/lib", "A": "/opt/x"
    }  # fmt: skip


def test_json_is_lambdas() -> None:
    """Numbers of the SDK, text beyond ASCII, NaN, bytes."""
    code = (
        "from decimal import Decimal\ndef app(e, c):\n    return {'a': Decimal('1.10'), 'b': 'é'}"
    )
    assert invoke(code).payload == '{"a": 1.10, "b": "é"}'
    assert invoke("def app(e, c):\n    return float('nan')").payload == "NaN"
    assert invoke("def app(e, c):\n    return b'plain'").payload == "plain"


@pytest.mark.parametrize("event", [None, [], 0, "", {"é": "\u2028"}])
def test_events_arrive_as_they_are(event: Any) -> None:
    """What is empty, too."""
    assert json.loads(invoke("def app(e, c):\n    return e", event=event).payload) == event


def test_log_lines_are_lambdas() -> None:
    """Its own around those of the function, whose logger has a handler and a form already."""
    found = invoke(
        "import logging, sys\nprint('cold')\n"
        "def app(e, c):\n    logging.warning('careful')\n    logging.info('not shown')\n"
        "    print('out')\n    print('err', file=sys.stderr)\n    return c.aws_request_id"
    )
    request = json.loads(found.payload)
    lines = found.log.splitlines()
    assert lines[:3] == [
        "INIT_START Runtime Version: python:3.12", "cold",
        f"START RequestId: {request} Version: $LATEST",
    ]  # fmt: skip
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"\[WARNING\]\t{stamp}\t{request}\tcareful", lines[3])
    assert lines[4:7] == ["out", "err", f"END RequestId: {request}"]
    report = (
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 512 MB\tMax Memory Used: (\d+) MB\tInit Duration: [\d.]+ ms\t"
    )
    assert (used := re.fullmatch(report, lines[7]))
    assert 5 < int(used[1]) < 100


def test_a_log_may_be_json() -> None:
    """As AWS_LAMBDA_LOG_FORMAT says, with the levels of AWS_LAMBDA_LOG_LEVEL."""
    variables = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    code = "import logging\ndef app(e, c):\n    logging.info('%s', 'told', extra={'n': 1})"
    [line] = printed(invoke(code, variables=variables))
    told = json.loads(line)
    assert (told["level"], told["message"], told["n"]) == ("INFO", "told", 1)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("import os; os._exit(3)", "with error: exit status 3"),
        ("raise SystemExit(3)", "with error: exit status 3"),
        ("import os; os._exit(0)", "without providing a reason"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
         "with error: signal: segmentation fault"),
    ],
)  # fmt: skip
def test_a_function_that_ends_its_process_has_died(way: str, reason: str) -> None:
    """As AWS says it; the next invocation has another process, without a word of its start."""
    code = f"def app(e, c):\n    print('last words')\n    {way}"
    found = invoke(code)
    told = said(found)
    assert told["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: \S+ Error: Runtime exited {reason}", told["errorMessage"])
    assert printed(found) == ["last words", told["errorMessage"], "Runtime.ExitError"]
    assert found.log.endswith("\tStatus: error\tError Type: Runtime.ExitError\t\n")
    again = invoke(code).log
    assert "last words" in again
    assert "INIT_START" not in again
    assert "Init Duration" not in again


def test_a_function_that_hangs_times_out() -> None:
    """After its own timeout; its process ends, and what that started."""
    name = f"0.{secrets.randbelow(10**9):09d}"
    code = (
        "import subprocess, time\n"
        f"def app(e, c):\n    subprocess.Popen(['sleep', '60{name}'], start_new_session=True)\n"
        "    print('last words')\n    time.sleep(600)"
    )
    found = invoke(code, timeout=1)
    told = said(found)
    assert told["errorType"] == "Sandbox.Timedout"
    words = "Task timed out after 1.00 seconds"
    assert re.fullmatch(rf"RequestId: \S+ Error: {words}", told["errorMessage"])
    words_before, line = printed(found)
    assert words_before == "last words"
    assert re.fullmatch(rf"\S+Z [0-9a-f-]{{36}} {words}", line)
    assert found.log.endswith("\tStatus: timeout\t\n")
    assert are_gone(name)
    assert function_processes(0)


def are_gone(*words: str, left: int = 0, seconds: float = 5) -> bool:
    """Processes with these words in their command lines, but for `left`, a moment after they were
    killed? (Their own numbers are others in a sandbox.)"""
    deadline = time.monotonic() + seconds
    while (more := len(running(*words))) > left and time.monotonic() < deadline:
        time.sleep(0.02)
    return more == left


def running(*words: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_text()
            found += [process.name] if all(word in line for word in words) else []
    return found


def function_processes(count: int = 0, seconds: float = 5) -> bool:
    """So many of this project, soon."""
    return are_gone("bootstrap.py", str(Path.cwd()), left=count, seconds=seconds)


@pytest.mark.parametrize("place", ["app", "init"])
def test_more_memory_than_the_function_has_ends_it(place: str) -> None:
    """700 MB at 512; where it is initialised, too. The next invocation begins anew."""
    using = "x = b'x' * (700 << 20)"
    code = f"import sys\n{using if place == 'init' else ''}\ndef app(e, c):\n    if e: {using}"
    found = invoke(code, event=1)
    told = said(found)
    assert told["errorType"] == "Runtime.OutOfMemory"
    assert told["errorMessage"].endswith(" Error: Runtime exited with error: signal: killed")
    assert "\tMax Memory Used: 512 MB\t" in found.log
    assert found.log.endswith("\tStatus: error\tError Type: Runtime.OutOfMemory\t\n")
    if place == "app":
        assert invoke(code, event=0).payload == "null"


def test_memory_that_was_given_back_counts() -> None:
    """However short it was needed."""
    code = "def app(e, c):\n    len(bytearray(b'x') * (200 << 20))"
    assert said(invoke(code, memory=128))["errorType"] == "Runtime.OutOfMemory"
    assert not invoke(code, memory=256).failed


def test_memory_of_what_it_starts_counts() -> None:
    """What a child shares with it counts once."""
    code = (
        "import os, time\nx = b'x' * (100 << 20)\n"
        "def app(size, c):\n    pid = os.fork()\n"
        "    if not pid:\n        y = b'y' * (size << 20)\n        time.sleep(0.6)\n"
        "        os._exit(0)\n"
        "    return os.waitpid(pid, 0)[1]"
    )
    assert invoke(code, event=1, memory=160).payload == "0"
    assert said(invoke(code, event=200, memory=256))["errorType"] == "Runtime.OutOfMemory"


def test_an_answer_has_lambdas_limit() -> None:
    """6,291,556 bytes pass, one more does not: its process ends, as Lambda's does."""
    code = "def app(size, c):\n    return 'x' * (size - 2)"
    assert len(invoke(code, event=6_291_556).payload) == 6_291_556
    assert said(invoke(code, event=6_291_557)) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    assert not invoke(code, event=10).failed


@pytest.mark.parametrize(("value", "characters"), lambda_function.LARGE_ANSWERS.values())
def test_an_answer_is_as_large_as_its_json(value: str, characters: int) -> None:
    """Whatever has to be escaped on its way."""
    found = invoke(f"def app(event, context):\n    return {value}")
    assert not found.failed
    assert len(json.loads(found.payload)) == characters


def test_who_floods_the_log_keeps_its_end() -> None:
    """Its answer arrives all the same, six megabytes of any script."""
    code = (
        "def app(e, c):\n    for n in range(100_000):\n        print(f'{n:0100}')\n"
        "    return '가' * 2_000_000"
    )
    found = invoke(code, memory=1024)
    assert found.payload == f'"{"가" * 2_000_000}"'
    assert f"{99_999:0100}\n" in found.log
    assert len(found.log) < 2_000_000
    assert "REPORT RequestId" in found.log.splitlines()[-1]


def test_a_function_has_lambdas_descriptors() -> None:
    """1,024, and it cannot have more."""
    code = "import resource\ndef app(e, c):\n    return resource.getrlimit(resource.RLIMIT_NOFILE)"
    assert json.loads(invoke(code).payload) == [1024, 1024]


def test_a_function_has_lambdas_user_and_programs() -> None:
    """By name, with a home that nobody can make; nothing that only this machine has, by its name
    or by its path; the function's own Python."""
    code = """import os, pwd, shutil, subprocess
USER = pwd.getpwuid(os.getuid())
def made(path):
    try:
        os.makedirs(path)
    except OSError as error:
        return error.strerror
def app(e, c):
    said = subprocess.check_output(["python3", "-c", "print('own')"], text=True)
    here = [shutil.which("git"), os.path.exists("/usr/bin/git"), shutil.which("sh") is None]
    return [USER.pw_name, [made(p) for p in (USER.pw_dir, "/dev/shm")], here, said]
"""
    read_only = "Read-only file system"
    assert json.loads(invoke(code).payload) == [
        "sbx_user1051", [read_only, read_only], [None, False, False], "own\n",
    ]  # fmt: skip


def test_another_python_than_the_tools_talks_to_the_runtime_api_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client's compiled part is for one Python: for others there is one without. Answers,
    errors, too large an answer."""

    def version(interpreter: str) -> str:
        return "3.12" if interpreter == sys.executable else "3.99"

    monkeypatch.setattr(host_runtime, "_version", version)
    code = (
        "import runtime_client\n"
        "def app(e, c):\n    if e == 'large': return 'x' * 7_000_000\n"
        "    return [runtime_client.__file__.endswith('.py'), 1 / e, c.client_context.custom]"
    )
    assert json.loads(invoke(code, event=2, context='{"custom": {"a": 1}}').payload) == [
        True, 0.5, {"a": 1},
    ]  # fmt: skip
    assert said(invoke(code, event=0))["errorType"] == "ZeroDivisionError"
    assert said(invoke(code, event="large"))["errorType"] == "Function.ResponseSizeTooLarge"


INITIALISING = """import os, time
print("trying")
time.sleep(float(os.environ["SECONDS"]))

def app(event, context):
    return "late"
"""


def test_what_takes_too_long_to_initialise_has_the_functions_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten seconds (here three), then once more within the function's own."""
    shorten_init(3.0)  # in which a busy machine has started Python, too
    found = invoke(INITIALISING, variables={"SECONDS": "4"})
    assert found.payload == '"late"'
    assert printed(found) == ["trying", "trying"]
    assert re.search(
        r"INIT_REPORT Init Duration: \S+ ms\tPhase: init\tStatus: timeout\n", found.log
    )
    assert "\tInit Duration" not in found.log
    late = invoke(INITIALISING, variables={"SECONDS": "30"}, timeout=1)
    assert said(late)["errorType"] == "Sandbox.Timedout"
    assert re.search(r"\tPhase: invoke\tStatus: timeout\nSTART RequestId", late.log)


def shorten_init(seconds: float) -> None:
    script = paths.DOCKER / "lambda_runtime.py"
    text = script.read_text()
    assert "INIT_SECONDS = 10.0" in text
    script.write_text(text.replace("INIT_SECONDS = 10.0", f"INIT_SECONDS = {seconds}"))


def test_a_function_for_another_python_is_not_run_with_this_one() -> None:
    """It would be another function than AWS's."""
    function = lambda_function.as_moto_has_it(code_bytes=b"", run_time="python3.13")
    answer = invocation.invoke(function, "{}", [])
    assert said(answer) == {
        "errorMessage": "shuking-local is for python3.13, the emulator runs python3.12 (the "
        "layer's) alone: set `python` in pyproject.toml, or make the function for that"
    }


def test_the_servers_process_builds_as_the_command_did() -> None:
    """It is another process: the choice travels in a file."""
    assert (file_tools.read_record(paths.LOCAL_RUNTIME) or {})["builder"] == "host"


CLEARING = """
import glob, os, shutil, tempfile
def app(event, context):
    for name in glob.glob("/tmp/*") + glob.glob("/tmp/.*"):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    for name in ("events", "aws.sock", "function"):
        os.mkdir(f"/tmp/{name}")
    tempfile.mkstemp()
    return event
"""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The project where projects lie: of what lies in this machine's /tmp a function sees some."""
    with tempfile.TemporaryDirectory(dir="/home") as folder:
        monkeypatch.chdir(folder)
        shutil.copytree(DOCKER, paths.DOCKER)
        invocation.remember(Settings(builder="host", stage="local"))
        yield
        invocation.ENVIRONMENTS.end()
        temp_dirs._settle()
        monkeypatch.chdir("/")


def test_a_function_may_empty_its_tmp(elsewhere: None) -> None:
    """Handlers do, since Lambda keeps it from call to call; nothing of ours lies there."""
    access = Access(url="http://127.0.0.1:34567", key="LKIA", secret="s")  # noqa: S106
    function = lambda_function.as_moto_has_it(
        code_bytes=zipped(app_py=CLEARING), handler="app.app", timeout=20, memory_size=512,
        environment_vars={},
    )  # fmt: skip
    found = [invocation.invoke(function, str(n), (), access).payload for n in range(3)]
    assert found == ["0", "1", "2"]
    assert len(invocation.ENVIRONMENTS._idle) == 1  # the first process serves all of them


COUNTING = """import os, uuid
ME = uuid.uuid4().hex
print("cold")
CALLS = []

def app(event, context):
    CALLS.append(event)
    if event == "raise":
        raise ValueError(event)
    if event == "hang":
        import time
        time.sleep(600)
    if event == "die":
        os._exit(1)
    print("call")
    return [len(CALLS), ME]
"""


def count(event: str = "", code: str = COUNTING, timeout: int = 20) -> tuple[int, str, list[str]]:
    """(calls of this process, its name, what it printed)."""
    found = invoke(code, event=event, timeout=timeout)
    calls, process = json.loads(found.payload)
    return calls, process, printed(found)


def test_a_function_stays_warm() -> None:
    """One process, imported once; each invocation has its own log; an error ends nothing."""
    first, process, log = count()
    assert (first, log) == (1, ["cold", "call"])
    assert count() == (2, process, ["call"])
    assert "ValueError: raise" in invoke(COUNTING, event="raise").log
    assert count() == (4, process, ["call"])


@pytest.mark.parametrize("event", ["die", "hang"])
def test_a_process_that_is_lost_is_replaced(event: str) -> None:
    """By the next invocation, in the same environment: what is in its folders stays."""
    _, process, _ = count(timeout=1)
    assert invoke(COUNTING, event=event, timeout=1).failed
    assert function_processes(0)
    calls, another, log = count(timeout=1)
    assert (calls, log) == (1, ["cold", "call"])
    assert another != process


def test_an_environment_that_its_function_ends_is_replaced() -> None:
    """One that ends the group of its processes takes along what runs it."""
    code = "import os, signal\ndef app(e, c):\n    if e: os.killpg(0, signal.SIGKILL)"
    assert said(invoke(code, event=1))["errorType"] == "Runtime.ExitError"
    assert not invoke(code, event=0).failed


def test_another_version_of_the_function_is_another_process() -> None:
    """So is one with another layer or handler; the former one ends."""
    _, process, _ = count()
    calls, another, _ = count(code=f"{COUNTING}\n# changed")
    assert calls == 1
    assert process != another
    assert function_processes(1)


def test_what_cannot_be_imported_is_tried_again() -> None:
    """As Lambda does: at once within the function's time, and by the next invocation."""
    code = "print('trying')\nimport gone"
    assert [invoke(code).log.count("trying") for _ in range(2)] == [2, 1]


def test_at_the_same_time_each_has_its_own() -> None:
    """Lambda gives an environment one event at a time."""
    code = "import time, uuid\nME = uuid.uuid4().hex\ndef app(event, context):\n"
    code += "    time.sleep(1)\n    return ME"
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: invoke(code).payload, range(2)))
    assert len(set(answers)) == 2
    assert all(len(json.loads(answer)) == 32 for answer in answers)


def test_idle_ones_end_with_the_server() -> None:
    """At once."""
    count()
    invocation.ENVIRONMENTS.end()
    assert function_processes(0)


def test_one_that_is_idle_for_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself."""
    monkeypatch.setattr(warm_pool, "IDLE_SECONDS", 0.2)
    count()
    assert function_processes(0, seconds=20)
    assert count()[0] == 1


@pytest.mark.parametrize("builder", ["auto", "host", "docker"])
def test_a_start_by_hand_asks_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builder: str
) -> None:
    """Which builder `auto` is, the first one who needs it finds out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(choose, "kind")
    invocation.remember_wishes(Settings(builder=builder, image="mine:1"))
    known = file_tools.read_record(paths.LOCAL_RUNTIME) or {}
    assert known["image"] == "mine:1"
    assert known.get("builder", "auto") == builder
