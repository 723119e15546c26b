"""tasks/chalice_project/child/app_import.py: an app that cannot be imported, told as its own fault.
In a process of its own, by the app's Chalice, as a deploy does it."""

import json
import os
from pathlib import Path

import pytest

from tasks.chalice_project import deploy
from tasks.chalice_project.source.declared import Route
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util.errors import InputError
from tests.project import ROOT

SETTINGS = Settings(stage="dev")
HEAD = "import os\nfrom chalice import Chalice, IAMAuthorizer\napp = Chalice(app_name='x')\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    config = {"version": "2.0", "app_name": "x", "stages": {"dev": {}}}
    paths.CHALICE_CONFIG.parent.mkdir()
    paths.CHALICE_CONFIG.write_text(json.dumps(config))
    Path("chalicelib").mkdir()
    Path("chalicelib/__init__.py").touch()


def refused(app: str, secret: dict[str, str] | None = None) -> str:
    Path("app.py").write_text(app)
    with pytest.raises(InputError) as caught:
        deploy.import_app(SETTINGS, dict(os.environ), secret or {}, None)
    return caught.value.problem


def test_its_own_frames_and_the_place_of_the_last() -> None:
    """Nothing of Chalice's before, and nothing of ours; a file of the app's that it imports."""
    Path("chalicelib/db.py").write_text("import json\n\njson.loads('{')\n")
    said = refused(f"from chalicelib import db\n{HEAD}")
    lines = said.splitlines()
    assert lines[:3] == [
        "Chalice cannot use app.py:", "Traceback (most recent call last):",
        '  File "app.py", line 1, in <module>',
    ]  # fmt: skip
    assert '  File "chalicelib/db.py", line 3, in <module>' in lines
    assert "  --> chalicelib/db.py:3\n   | json.loads('{')" in said
    assert "tasks" not in said


@pytest.mark.parametrize(
    ("more", "error", "place"),
    [
        ("@app.route('/x', corss=True)\ndef x(): ...\n", "keyword arguments: corss", "4"),
        ("app.schedule(7)(8)\n", "Error", "4"),
        ("def x(:\n", "SyntaxError: invalid syntax", "4"),
        ("raise SystemExit('no settings')\n", "SystemExit: no settings", "4"),
        ("os._exit(3)\n", "it ended the process, with status 3", ""),
        ("app, api = None, app\ndel app\n", "has no attribute 'app'", ""),
        ("@app.route('/x/')\ndef x(): ...\n", "cannot end with a trailing slash: /x/", ""),
    ],
)
def test_what_can_be_wrong(more: str, error: str, place: str) -> None:
    """With file and line, where it has one."""
    said = refused(HEAD + more)
    assert error in said
    assert (f"  --> app.py:{place}" in said) if place else ("-->" not in said)


def test_a_value_of_the_secret_is_not_shown() -> None:
    """The app may read it, and say it."""
    said = refused(f"{HEAD}raise ValueError(os.environ['WORD'])\n", {"WORD": "hunter2-hunter2"})
    assert "ValueError" in said
    assert "hunter2" not in said


def test_the_routes_as_they_are() -> None:
    """Also those that no reader of the file could know."""
    Path("app.py").write_text(
        f"{HEAD}for name in 'ab':\n    app.route('/' + name)(lambda: 1)\n"
        "app.route('/c', methods=['POST'], authorizer=IAMAuthorizer())(lambda: 1)\n"
    )
    assert deploy.import_app(SETTINGS, dict(os.environ), {}, None) == [
        Route(path="/a", methods=["GET"]), Route(path="/b", methods=["GET"]),
        Route(path="/c", methods=["POST"], guard=True),
    ]  # fmt: skip


def test_the_sources_of_its_events() -> None:
    """By name; an ARN says where it is."""
    Path("app.py").write_text(
        f"{HEAD}app.on_s3_event(bucket='up', name='a')(lambda event: 1)\n"
        "app.on_sqs_message(queue_arn='arn:aws:sqs:r:1:q', name='b')(lambda event: 1)\n"
        "app.on_kinesis_record(stream='s', name='c')(lambda event: 1)\n"
    )
    deploy.import_app(SETTINGS, dict(os.environ), {}, None)
    assert deploy.sources(SETTINGS) == [["a", "bucket", "up"], ["c", "stream", "s"]]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("ClientError: An error occurred (500) when calling the ImportRestApi operation (reached "
         "max retries: 4): <html>", "cannot do ImportRestApi yet"),
        ("An error occurred (NotImplemented) when calling the PutX operation: the emulator "
         "cannot do s3 PUT /b yet: KeyError: 'x'\n", "cannot do PutX yet: KeyError: 'x'"),
        ("An error occurred (AccessDenied) when calling the PutX operation: no", ""),
        ("An error occurred (ValidationException) when calling the PutX operation: 500", ""),
    ],
)  # fmt: skip
def test_a_gap_of_the_embedded_aws_is_no_fault_of_the_app(said: str, wanted: str) -> None:
    assert deploy.lacking(said) == (f"the emulator {wanted}" if wanted else "")


def test_what_chalice_does_not_pack_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """A module beside app.py works here and nowhere else. What lies in an environment's
    site-packages, in chalicelib/ or in vendor/ is no matter."""
    Path("helpers.py").write_text("")
    for name in ("models", "vendor", ".venv/lib/python3.12/site-packages/other"):
        Path(name).mkdir(parents=True)
        Path(name, "user.py").write_text("")
    Path("app.py").write_text(f"import helpers, models.user\nfrom chalicelib import x\n{HEAD}")
    Path("chalicelib/x.py").write_text("")
    deploy.import_app(SETTINGS, dict(os.environ), {}, None)
    said = capfd.readouterr().out
    assert "warning: app.py imports helpers.py, models, and Chalice packs only" in said
    Path("app.py").write_text(f"from chalicelib import x\n{HEAD}")
    deploy.import_app(SETTINGS, dict(os.environ), {}, None)
    assert "packs only" not in capfd.readouterr().out
