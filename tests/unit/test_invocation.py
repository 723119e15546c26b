"""tasks/clients/invocation.py and docker/invoke.py: one invocation, as Lambda's runtime does it."""

import io
import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.clients import invocation
from tasks.clients.invocation import Answer
from tasks.core import paths, records
from tasks.core.settings import Settings

DOCKER = Path(__file__).parents[2] / "docker"


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
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), text)
    return out.getvalue()


def invoke(code: str, *layers: bytes, event: Any = None, handler: str = "app.app") -> Answer:
    function = SimpleNamespace(
        code_bytes=zipped(app_py=code), handler=handler, timeout=20, environment_vars={"A": 1},
        region="ap-northeast-2", function_name="shuking-local", memory_size=512,
    )  # fmt: skip
    return invocation.invoke(function, event, layers)


def test_the_answer_is_the_handlers() -> None:
    """The event arrives, what was printed is the log."""
    found = invoke(
        "def app(event, context):\n    print('log')\n    return {'got': event}", event=[1]
    )
    assert found == Answer(payload='{"got": [1]}', failed=False, log="log\n")


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
    function = SimpleNamespace(
        code_bytes=zipped(app_py="def app(e, c):\n    import time; time.sleep(600)"),
        handler="app.app", timeout=1, environment_vars={}, region="r", function_name="f",
        memory_size=1,
    )  # fmt: skip
    found = invocation.invoke(function, None, [])
    assert json.loads(found.payload) == {"errorMessage": "Task timed out after 1.00 seconds"}


def test_the_servers_process_builds_as_the_command_did() -> None:
    """It is another process: the choice travels in a file."""
    assert (records.read(invocation.RUNTIME) or {})["builder"] == "host"
