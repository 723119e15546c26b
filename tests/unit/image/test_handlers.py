"""Handlers are started in an image as Lambda starts them: with what their function finds there, and
what Lambda would refuse is told from what is only missing here."""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.image import assemble, handlers
from tasks.image.assemble import Base, Image
from tasks.image.handlers import Function
from tasks.sandbox import choose
from tasks.sandbox.protocol import Job, Outcome
from tasks.settings.model import Settings
from tasks.util.errors import VerifyError
from tests import sandbox_scripts

SETTINGS = Settings(builder="host", stage="local", region="eu-west-1")
APP = """
import os
assert os.environ["TABLE"] == "orders"

def app(event, context):
    open("/tmp/called-by-mistake", "w")

def jobs(event, context):
    pass
"""
# What apps do when they are imported, and what of it Lambda refuses.
CLIENT = "import boto3\nboto3.client('sqs'), boto3.resource('dynamodb').Table('orders')\n"
OF_LAMBDA = """
import os, locale, time, pathlib
e = os.environ
assert e["AWS_LAMBDA_FUNCTION_NAME"] == "shop-prod", e["AWS_LAMBDA_FUNCTION_NAME"]
assert e["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
assert e["AWS_REGION"] == e["AWS_DEFAULT_REGION"] == "eu-west-1"
assert (e["LANG"], e["TZ"], e["_HANDLER"]) == ("en_US.UTF-8", ":UTC", "app.app")
assert str(pathlib.Path.home()) == "/home/sbx_user1051" and "HOME" not in e
assert e["NLTK_DATA"] == "/usr/share/nltk" and e["GDAL_DATA"] == "a=b"
"""
BASE = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}


def image(*env: str) -> Image:
    base = Base(reference="", digest="", config={**BASE, "config": {"Env": [*env]}}, layers=())
    return assemble.assemble(base, [], "app.app")


IMAGE = image("NLTK_DATA=/usr/share/nltk", "GDAL_DATA=a=b", "TABLE=of the image", "LANG=C")


class OverFolder:
    """Lays an app where the image has it."""

    kind = "host"

    def __init__(self, task: Path) -> None:
        self._task, self._inner = task, choose.new(SETTINGS)

    def run(self, job: Job) -> Outcome:
        return self._inner.run(replace(job, task=self._task))

    def close(self) -> None:
        self._inner.close()


def function(handler: str = "app.app", **more: Any) -> Function:
    given: dict[str, Any] = {"memory": 512, "timeout": 60, "variables": {"TABLE": "orders"}}
    return Function(name="shop-prod", handler=handler, **given | more)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").symlink_to(sandbox_scripts.FOLDER)
    monkeypatch.chdir(tmp_path)


def started(folder: Path, app: str, *functions: Function, of: Image = IMAGE) -> Any:
    """[what went wrong, {} for nothing]"""
    with zipfile.ZipFile(folder / "task.zip", "w") as task:
        task.writestr("app.py", app)
    sandbox: Any = OverFolder(folder / "task.zip")
    try:
        return [
            handlers.start(sandbox, each, handlers.environment(SETTINGS, of, each))
            for each in functions
        ]
    finally:
        sandbox.close()


def test_those_that_start_are_not_called(tmp_path: Path) -> None:
    assert started(tmp_path, APP, function(), function("app.jobs")) == [{}, {}]
    assert not Path("/tmp/called-by-mistake").exists()  # noqa: S108 - nothing is made


def test_a_handler_finds_no_home(tmp_path: Path) -> None:
    """As in Lambda: what reads it at import ends there."""
    [found] = started(tmp_path, "import os\nos.environ['HOME']\napp = print\n", function())
    assert "HOME" in str(found)


def test_those_that_do_not_start_say_why(tmp_path: Path) -> None:
    (found,) = started(tmp_path, "import nowhere\n" + APP, function())
    assert "No module named 'nowhere'" in handlers._reason(found)
    found = started(tmp_path, APP, function(), function("app.gone"), function("other.app"))
    assert found[0] == {}
    assert handlers._reason(found[1]).startswith("Runtime.HandlerNotFound")
    assert all(handlers.is_certain(each) for each in found[1:])


def test_what_lambda_gives_a_function_is_there_at_import(tmp_path: Path) -> None:
    """A client without a region is an error of botocore; the base image's own variables, too."""
    app = CLIENT + OF_LAMBDA + APP
    assert started(
        tmp_path, app, function(variables={"TABLE": "orders", "LANG": "en_US.UTF-8"})
    ) == [{}]


def test_each_function_has_its_own_variables(tmp_path: Path) -> None:
    """`MODE` of the last one counted for all."""
    app = "import os\nif os.environ.get('MODE') == 'jobs':\n    import nowhere\n" + APP
    of_jobs = function("app.jobs", variables={"TABLE": "orders", "MODE": "jobs"})
    routes, jobs = started(tmp_path, app, function(), of_jobs)
    assert routes == {}
    assert handlers.is_certain(jobs)


@pytest.mark.parametrize(
    ("app", "certain"),
    [
        ("import socket\nsocket.create_connection(('203.0.113.1', 443), 1)", False),
        ("import boto3\nboto3.client('ssm', endpoint_url='http://127.0.0.1:1')"
         ".get_parameter(Name='x')", False),
        ("import os\nos.environ['SET_IN_THE_CONSOLE']", False),
        ("b = bytearray(560 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1", False),
        ("import sys\nsys.exit(1)", False),
        ("import ctypes\nctypes.CDLL('libgomp-that-is-not-here.so.1')", True),
        ("from os import nothing", True),
        ("x = (", True),
    ],
)  # fmt: skip
def test_what_is_missing_only_here_is_no_error(tmp_path: Path, app: str, certain: bool) -> None:
    (found,) = started(tmp_path, app + "\n" + APP, function())
    assert found
    assert handlers.is_certain(found) is certain, found


def test_one_that_takes_long_is_not_waited_for_longer_than_it_has(tmp_path: Path) -> None:
    """Ten seconds, or what its time-out says: three here would be Lambda's for the second start."""
    (found,) = started(tmp_path, "import time\ntime.sleep(0.3)\n" + APP, function(timeout=0.1))
    assert found == {}


def test_of_two_functions_of_one_handler_the_worse_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three functions of a websocket have the same, each with its own variables."""
    worse = {"errorType": "Runtime.ImportModuleError", "errorMessage": "No module named 'x'"}
    told = [(function(), worse), (function(), {"errorType": "KeyError", "errorMessage": "y"})]
    monkeypatch.setattr(handlers, "_started", lambda *_: told)
    nothing: Any = None
    with pytest.raises(VerifyError, match="No module named 'x'"):
        handlers.check_handlers(SETTINGS, IMAGE, nothing, [], {})


def test_values_of_a_secret_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the error nor in what is only said."""
    answers = {
        "app.app": {"errorType": "KeyError", "errorMessage": "no route to db:s3cret"},
        "app.jobs": {"errorType": "Runtime.ImportModuleError", "errorMessage": "s3cret"},
    }

    def told(functions: Sequence[Function]) -> list[tuple[Function, Any]]:
        return [(each, answers[each.handler]) for each in functions]

    monkeypatch.setattr(handlers, "_started", lambda *given: told(given[3]))
    nothing: Any = None
    asked = (SETTINGS, IMAGE, nothing)
    found = handlers.check_handlers(*asked, [function()], {"DB": "s3cret"})
    assert found[0].startswith("app.app: KeyError: no route to db:")
    assert "s3cret" not in found[0]
    with pytest.raises(VerifyError) as error:
        handlers.check_handlers(*asked, [function(), function("app.jobs")], {"DB": "s3cret"})
    assert "s3cret" not in str(error.value)
    assert "app.app" not in error.value.problem
