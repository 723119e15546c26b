"""docker/lambda_runtime.py `init`: handlers are started as Lambda starts them, without an event."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tasks.image import handlers
from tasks.sandbox import choose
from tasks.sandbox.job_kinds import FUNCTION
from tasks.sandbox.protocol import Job, scripts
from tasks.settings.model import Settings
from tests import sandbox_scripts

APP = """
import os
assert os.environ["TABLE"] == "orders"

def app(event, context):
    open("/tmp/called-by-mistake", "w")

def jobs(event, context):
    pass
"""


def started(folder: Path, app: str, *names: str) -> dict[str, Any]:
    """{handler: error} of those that do not start."""
    with zipfile.ZipFile(folder / "task.zip", "w") as task:
        task.writestr("app.py", app)
    config = {
        "timeout": 60, "memory": 512, "tmp": 512, "arn": "", "version": "$LATEST", "port": 0,
        "runtime": "image", "processes": 0, "variables": ["TABLE"],
    }  # fmt: skip
    sandbox = choose.new(Settings(builder="host", stage="local"))
    try:
        outcome = sandbox.run(
            Job(
                argv=("{python}", "{scripts}/lambda_runtime.py", "init", "{work}/config.json",
                      "{task}", "{runtime}", *names),
                kind=FUNCTION,
                inputs={"config.json": json.dumps(config).encode()} | scripts(handlers.SCRIPTS),
                task=folder / "task.zip",
                environment={"TABLE": "orders"},
            )
        )  # fmt: skip
    finally:
        sandbox.close()
    assert outcome.code == 0, outcome.output
    found: dict[str, Any] = json.loads(outcome.output.splitlines()[-1])
    return found


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").symlink_to(sandbox_scripts.FOLDER)
    monkeypatch.chdir(tmp_path)


def test_those_that_start_are_not_called(tmp_path: Path) -> None:
    assert started(tmp_path, APP, "app.app", "app.jobs") == {}
    assert not Path("/tmp/called-by-mistake").exists()  # noqa: S108 - nothing is made


def test_those_that_do_not_start_say_why(tmp_path: Path) -> None:
    found = started(tmp_path, "import nowhere\n" + APP, "app.app")
    assert "No module named 'nowhere'" in handlers._reason(found["app.app"])
    found = started(tmp_path, APP, "app.app", "app.gone", "other.app")
    assert sorted(found) == ["app.gone", "other.app"]
    assert handlers._reason(found["app.gone"]).startswith("Runtime.HandlerNotFound")
