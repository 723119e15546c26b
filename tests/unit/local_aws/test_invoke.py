"""tasks/local_aws/invoke.py and docker/lambda_runtime.py: one invocation, as Lambda's runtime
does it."""

import io
import json
import shutil
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.local_aws import invoke as invocation
from tasks.local_aws import warm_pool
from tasks.local_aws.warm_pool import FunctionAnswer
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files as file_tools

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
    code: str, *layers: bytes, event: Any = None, handler: str = "app.app", timeout: int = 20
) -> FunctionAnswer:
    function = SimpleNamespace(
        code_bytes=zipped(app_py=code), handler=handler, timeout=timeout,
        environment_vars={"A": 1}, region="ap-northeast-2", function_name="shuking-local",
        memory_size=512,
    )  # fmt: skip
    return invocation.invoke(function, event, layers)


def test_the_answer_is_the_handlers() -> None:
    """The event arrives, what was printed is the log."""
    found = invoke(
        "def app(event, context):\n    print('log')\n    return {'got': event}", event=[1]
    )
    assert found == FunctionAnswer(payload='{"got": [1]}', failed=False, log="log\n")


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


def test_environment_and_context_are_lambdas() -> None:
    """What handlers commonly read."""
    code = (
        "import os\ndef app(event, context):\n    e = os.environ\n"
        "    return [e['A'], e['_HANDLER'], e['AWS_REGION'], context.function_name,\n"
        "            context.memory_limit_in_mb, os.getcwd() == e['LAMBDA_TASK_ROOT']]"
    )
    assert json.loads(invoke(code).payload) == [
        "1", "app.app", "ap-northeast-2", "shuking-local", "512", True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("def app(e, c):\n    raise ValueError('bad')", "app.app", "ValueError", "bad"),
        ("import gone", "app.app", "ModuleNotFoundError", "No module named 'gone'"),
        ("", "app.app", "AttributeError", "module 'app' has no attribute 'app'"),
        ("def app(e, c):\n    return object()", "app.app", "TypeError",
         "Object of type object is not JSON serializable"),
    ],
)  # fmt: skip
def test_an_error_has_lambdas_form(code: str, handler: str, kind: str, message: str) -> None:
    """Type, message, stack; the traceback is in the log."""
    found = invoke(code, handler=handler)
    told = json.loads(found.payload)
    assert (found.failed, told["errorType"], told["errorMessage"]) == (True, kind, message)
    assert told["stackTrace"]
    assert f"{kind}: {message}" in found.log


@pytest.mark.parametrize("way", ["import os; os._exit(3)", "raise SystemExit(3)"])
def test_a_function_that_ends_its_process_has_died(way: str) -> None:
    """As AWS says it."""
    found = invoke(f"def app(event, context):\n    print('last words', flush=True)\n    {way}")
    assert found.failed
    assert json.loads(found.payload) == {"errorMessage": "Runtime exited with error: exit status 3"}
    assert "last words" in found.log


def test_a_function_that_hangs_times_out() -> None:
    """After its own timeout."""
    found = invoke("def app(e, c):\n    import time; time.sleep(600)", timeout=1)
    assert json.loads(found.payload) == {"errorMessage": "Task timed out after 1.00 seconds"}


def test_the_servers_process_builds_as_the_command_did() -> None:
    """It is another process: the choice travels in a file."""
    assert (file_tools.read_record(paths.LOCAL_RUNTIME) or {})["builder"] == "host"


COUNTING = """import os, uuid
PROCESS = uuid.uuid4().hex
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
    return [len(CALLS), PROCESS]
"""


def count(event: str = "", code: str = COUNTING, timeout: int = 20) -> tuple[int, str, str]:
    """(calls of this process, its name, what it printed)."""
    found = invoke(code, event=event, timeout=timeout)
    calls, process = json.loads(found.payload)
    return calls, process, found.log


def is_gone(seconds: float = 0, left: int = 0) -> bool:
    """No more than `left` processes work for functions of this project, soon."""
    deadline = time.monotonic() + seconds
    while (more := len(serving())) > left and time.monotonic() < deadline:
        time.sleep(0.02)
    return more <= left


def serving() -> list[str]:
    """Command lines of the processes that wait for events in this project; each sandboxed one has
    a parent or two with the same words."""
    here, found = str(Path.cwd()), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_text().split("\0")
            if "serve" in words and here in words[-5] and "python" in words[0]:
                found.append(process.name)
    return found


def test_a_function_stays_warm() -> None:
    """One process, imported once; each invocation has its own log; an error ends nothing."""
    first, process, log = count()
    assert (first, log) == (1, "cold\ncall\n")
    assert count() == (2, process, "call\n")
    assert "ValueError: raise" in invoke(COUNTING, event="raise").log
    assert count() == (4, process, "call\n")


@pytest.mark.parametrize("event", ["die", "hang"])
def test_a_process_that_is_lost_is_replaced(event: str) -> None:
    """By the next invocation."""
    _, process, _ = count(timeout=1)
    assert invoke(COUNTING, event=event, timeout=1).failed
    calls, another, log = count(timeout=1)
    assert (calls, log) == (1, "cold\ncall\n")
    assert another != process
    assert is_gone(left=1)


def test_another_version_of_the_function_is_another_process() -> None:
    """So is one with another layer or handler; the former one ends."""
    _, process, _ = count()
    calls, another, _ = count(code=f"{COUNTING}\n# changed")
    assert calls == 1
    assert process != another
    assert is_gone(left=1)


def test_what_cannot_be_imported_is_tried_again() -> None:
    """As Lambda does: the next invocation begins anew."""
    code = "print('trying')\nimport gone"
    assert [invoke(code).log.count("trying") for _ in range(2)] == [1, 1]


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
    assert is_gone()


def test_one_that_is_idle_for_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself."""
    monkeypatch.setattr(warm_pool, "IDLE_SECONDS", 0.2)
    count()
    assert is_gone(20)
    assert count()[0] == 1
