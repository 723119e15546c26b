"""`doit-lambda-layer init` in real apps of different kinds, then a real deploy of each."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli
from uv import find_uv_bin

from tasks.commands import init
from tasks.settings import paths
from tests import sample_apps
from tests.installed_wheel import Tool
from tests.moto_server import Server
from tests.project import Project, clean_environment
from tests.sample_apps import ORDERS, REPORTS, WORKER, changed, git

Adopt = Callable[..., tuple[int, str]]
INSTALL = "pip install -r requirements-all.txt -r requirements.txt"
DEPLOY = ("doit", "deploy", "stage=local", "builder=host")


@pytest.fixture
def app(tmp_path: Path, tool: Tool) -> Iterator[Callable[[dict[str, str]], Path]]:
    """Makes one of the apps; its emulator ends with the test."""
    folder = tmp_path / "app"
    yield lambda files: sample_apps.make(folder, files)
    if (folder / "build/local").exists():
        tool.run(folder, "doit", "local-stop")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS account of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def adopt(nobody: None, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Adopt:
    """init in this process: (exit status, what it says)."""
    said: list[str] = []
    monkeypatch.setattr(init, "tell", said.append)
    monkeypatch.setattr(init, "show", lambda change: said.extend([change.why, *change.diff]))

    def run(folder: Path, *words: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        said.clear()
        code = init.main(words)
        return code, "\n".join([*said, capsys.readouterr().err])

    return run


def adopted(tool: Tool, folder: Path, *words: str) -> str:
    """init as a person runs it, which must succeed; what it says."""
    run = tool.run(folder, "doit-lambda-layer", "init", "--yes", *words)
    assert run.code == 0, run.output
    return run.output


def invoke(folder: Path, function: str, event: object) -> Any:
    """What a deployed function answers."""
    client = Project(path=folder).aws("lambda")
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def deploy(tool: Tool, folder: Path) -> str:
    run = tool.run(folder, *DEPLOY)
    assert run.code == 0, run.output
    return run.output


def test_an_app_of_many_functions(app: Any, tool: Tool) -> None:
    """Blueprints, chalicelib, vendor, a schedule, Chalice's own layer: all functions get the
    layer, what is vendored stays, what stood in its files stays as it was."""
    folder = app(ORDERS)
    said = adopted(tool, folder)
    assert re.search(r"  function  stamp==1.0 +vendor/ has it", said)
    assert "automatic_layer goes off: Chalice's own layer would count" in said
    kept = (folder / "requirements.txt").read_text()
    assert "stamp==1.0\n" in kept
    assert "six" not in kept
    assert "# HTTP\nsix==1.16.0  # see #12\n" in (folder / "requirements-all.txt").read_text()
    config = json.loads((folder / ".chalice/config.json").read_text())
    assert (config["automatic_layer"], config["stages"]["prod"]["automatic_layer"]) == (False,) * 2
    assert config["stages"]["local"] == {
        "api_gateway_stage": "api", "lambda_timeout": 20, "layers": [],
    }  # fmt: skip
    text = (folder / "pyproject.toml").read_text()
    assert text.startswith(ORDERS["pyproject.toml"].rstrip("\n"))
    assert tomli.loads(text)["tool"]["lambda-layer"] == {
        "layer": "orders-api-deps", "bucket": "orders-api-lambda-layers",
        "region": "ap-northeast-2", "smoke-path": "/orders",
    }  # fmt: skip

    # stamp==1.0 is on no index: vendor/ has it, so the line goes before Chalice asks for it
    (folder / "requirements.txt").write_text("")
    assert "/opt/python/six.py" in deploy(tool, folder)
    assert invoke(folder, "orders-api-local-once", {}) == {"six": "1.16.0", "stamp": "vendored"}
    event = {"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
             "account": "1", "time": "", "region": "", "resources": [], "detail": {}}  # fmt: skip
    assert invoke(folder, "orders-api-local-hourly", event) == "vendored"


def test_a_worker_without_an_api(app: Any, tool: Tool) -> None:
    """A queue and a schedule: deployed with the layer; smoke looks and sends no event. Options of
    pip's go where packages go, an include is written out."""
    folder = app(WORKER)
    said = adopted(tool, folder, "--no-workflow")
    assert "note: app.py has no route" in said
    assert "note: no region is configured here, so `region` is ap-northeast-2" in said
    assert f"\nto run the app: {INSTALL}\n" in said
    assert [line for line in said.splitlines() if len(line) > 80 and line[:1] not in "+-@ "] == []
    layer = (folder / "requirements-all.txt").read_text()
    assert layer.endswith("--prefer-binary\nsix==1.16.0\n")
    assert "--prefer-binary" not in (folder / "requirements.txt").read_text()
    assert not (folder / ".github").exists()

    assert tool.run(folder, "doit", "local-start").code == 0
    Project(path=folder).aws("sqs").create_queue(QueueName="jobs")
    said = deploy(tool, folder)
    assert "no API to ask; ready for their events: worker-local-sweep, worker-local-work" in said
    config = Project(path=folder).aws("lambda").get_function(FunctionName="worker-local-work")
    assert [each["Arn"] for each in config["Configuration"]["Layers"]] != []
    record = {"body": "hello", "receiptHandle": "r"}
    assert invoke(folder, "worker-local-work", {"Records": [record]}) is None


def test_an_app_with_uv_lock(app: Any, tool: Tool) -> None:
    """Its own dodo.py keeps its tasks; what Chalice needs for deploying stays out of the layer; a
    function with layers of its own is named."""
    folder = app(REPORTS)
    lock(folder)
    said = adopted(tool, folder)
    assert "uv.lock in two" in said
    assert INSTALL not in said  # `uv sync` has all of it
    assert "stage test: render has `layers` of its own: this one goes in there, too" in said
    assert "stage local: render without those: the emulator has none of" in said
    layer = (folder / "requirements-all.txt").read_text()
    assert "six==1.16.0" in layer
    assert "--hash=sha256:" in layer
    assert "botocore" not in layer
    assert "iniconfig" not in layer
    assert adopted(tool, folder) == "nothing to do: this app has all of it\n"
    listed = tool.run(folder, "doit", "list").output
    assert "Say hello." in listed
    assert "rollback" in listed
    assert tool.run(folder, "doit", "hello").code == 0
    table = tomli.loads((folder / "pyproject.toml").read_text())["tool"]["lambda-layer"]
    assert (table["stage"], table["smoke-path"]) == ("test", "/status")
    local = json.loads((folder / ".chalice/config.json").read_text())["stages"]["local"]
    assert local["environment_variables"] == {"MODE": "test"}
    assert local["lambda_functions"] == {"render": {"lambda_timeout": 50}}
    assert '"six": "1.16.0"' in deploy(tool, folder)
    assert invoke(folder, "reports-local-render", {}) == {"six": "1.16.0"}


def lock(folder: Path) -> None:
    subprocess.run(
        [find_uv_bin(), "lock", "--quiet", "--no-config", "--python", sys.executable],
        cwd=folder, check=True,
    )  # fmt: skip


def test_what_changed_in_the_lock_comes_over_again(app: Any, adopt: Adopt) -> None:
    """From where it came the first time, without being told."""
    folder = app(REPORTS)
    lock(folder)
    assert adopt(folder, "--yes", "--from", "uv.lock", "--group", "layer")[0] == 0
    text = (folder / "requirements-all.txt").read_text()
    assert text.startswith("# Made from uv.lock, group layer, by")
    assert "\niniconfig==2.0.0" in text
    project = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(project.replace('"six==1.16.0"', '"six==1.17.0"'))
    lock(folder)
    _, said = adopt(folder, "--yes")
    assert "+six==1.17.0" in said
    assert "written: requirements-all.txt\n" in said


@pytest.mark.parametrize(
    ("words", "packages"),
    [
        (["--from", "pyproject.toml"], ["six==1.16.0"]),
        (["--from", "pyproject.toml", "--group", "layer"], ["six==1.16.0", "iniconfig==2.0.0"]),
    ],
)
def test_requirements_out_of_pyproject(
    app: Any, adopt: Adopt, words: list[str], packages: list[str]
) -> None:
    """The project's dependencies, or a group of them with what it includes."""
    folder = app(REPORTS)
    assert adopt(folder, "--yes", *words)[0] == 0
    lines = (folder / "requirements-all.txt").read_text().splitlines()
    assert [line for line in lines if line and line[0] != "#"] == packages


def test_names_have_the_account_in_them(
    app: Any, adopt: Adopt, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of AWS, when there are credentials; nothing else is."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    folder = app(WORKER)
    adopt(folder, "--yes")
    table = tomli.loads((folder / "pyproject.toml").read_text())["tool"]["lambda-layer"]
    assert table["bucket"] == "worker-lambda-layers-123456789012"
    assert table["region"] == "eu-west-1"
    assert {seen.form.split("&")[0] for seen in server.seen} == {"Action=GetCallerIdentity"}


def test_nothing_is_written_unasked(app: Any, adopt: Adopt) -> None:
    """Without somebody to ask, and without --yes: shown, and left as it was."""
    folder = app(ORDERS)
    code, said = adopt(folder)
    assert code == 1
    assert "+++ b/dodo.py" in said
    assert "--yes writes these files" in said
    assert changed(folder) == set()


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("y\n", 0)])
def test_a_person_is_asked(app: Any, tool: Tool, typed: str, code: int) -> None:
    """On a terminal; anything but yes changes nothing."""
    folder = app(ORDERS)
    main, terminal = pty.openpty()
    environment = clean_environment() | tool.environment
    with subprocess.Popen(
        [tool.bin / "doit-lambda-layer", "init"], cwd=folder, env=environment, stdin=terminal,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        os.write(main, typed.encode())
        output, _ = process.communicate()
    os.close(main)
    os.close(terminal)
    assert process.returncode == code
    assert "write these 8 files? [y/N]" in output
    assert bool(changed(folder)) == (code == 0)


def test_gitlabs_repository_gets_no_workflow_of_githubs(app: Any, adopt: Adopt) -> None:
    """It is told where GitLab's is; a repository that is on both gets one."""
    folder = app({**WORKER, ".gitlab-ci.yml": "build:\n"})
    code, said = adopt(folder, "--yes")
    assert code == 0
    assert str(paths.GITLAB) in said
    assert not (folder / ".github").exists()
    (folder / ".github/workflows").mkdir(parents=True)
    assert "docs/gitlab-ci.yml" not in adopt(folder, "--yes")[1]
    assert (folder / ".github/workflows/lambda-layer.yml").is_file()


IDLE = {  # options that would change nothing, with what is said of them
    "--group nope": "no --from names one",
    "--stay six": "move its line from requirements-all.txt",
    "--stay nope": "requirements.txt does not name it",
    "--share ../nowhere": "nowhere",
}


def test_again_there_is_nothing_to_do(app: Any, adopt: Adopt) -> None:
    """And a package that came since goes where the others are."""
    folder = app(ORDERS)
    adopt(folder, "--yes")
    sample_apps.commit(folder)
    assert adopt(folder, "--yes") == (0, "nothing to do: this app has all of it\n")
    assert git(folder, "status", "--porcelain") == ""
    for words, said in IDLE.items():
        code, told = adopt(folder, "--yes", *words.split())
        assert code == 1
        assert said in told
    with (folder / "requirements.txt").open("a") as file:
        file.write("idna==3.10\n")
    adopt(folder, "--yes")
    assert changed(folder) == {"requirements-all.txt"}
    assert (folder / "requirements-all.txt").read_text().endswith("\nidna==3.10\n")


def test_two_apps_of_one_repository(app: Any, adopt: Adopt) -> None:
    """Members of a workspace, whose one lock lies two folders up, and so does what GitHub reads.
    Their code lies in chalicelib/, their config.json names no stage; a member that another needs
    goes into its vendor/."""
    folder = app(sample_apps.MONOREPO)
    lock(folder)
    orders, mail = folder / "services/orders", folder / "services/mail"
    code, said = adopt(orders, "--yes")
    assert code == 1
    assert "uv pip install --no-deps --target vendor ../../libs/shared" in said
    (orders / "vendor").mkdir()
    (orders / "vendor/shared.py").touch()
    for each in (orders, mail):
        code, said = adopt(each, "--yes")
        assert code == 0, said
        assert "../../uv.lock in two:" in said
        assert adopt(each, "--yes") == (0, "nothing to do: this app has all of it\n")
    assert (orders / "requirements-all.txt").read_text().count("==") == 2  # six, shared's idna
    assert "shared" not in (orders / "requirements.txt").read_text()
    written = folder / ".github/workflows"
    assert {path.name for path in written.iterdir()} == {
        "lambda-layer-services-orders.yml", "lambda-layer-services-mail.yml",
    }  # fmt: skip
    text = (written / "lambda-layer-services-orders.yml").read_text()
    assert '- "services/orders/**"\n      - "uv.lock"\n' in text
    assert 'CHALICE: "chalice==1.32.0"' in text
    assert not (orders / ".github").exists()
    config = json.loads((orders / CONFIG).read_text())
    assert config == {"app_name": "orders", "stages": {"dev": {}, "local": {"layers": []}}}
    table = tomli.loads((orders / "pyproject.toml").read_text())["tool"]["lambda-layer"]
    assert (table["stage"], table["smoke-path"]) == ("dev", "/orders/health")


CONFIG = ".chalice/config.json"
REFUSED = {
    "no config": ({"readme": "x"}, f"{CONFIG} is not there"),
    "no app": ({CONFIG: '{"stages": {}}'}, "app.py is not there"),
    "no Chalice": ({CONFIG: '{"stages": {}}', "app.py": "import flask\n"}, "import chalice"),
    "broken app": ({**WORKER, "app.py": "def\n"}, "app.py is not Python"),
    "broken config": ({**WORKER, CONFIG: "{"}, "is not JSON"),
    "broken pyproject": ({**WORKER, "pyproject.toml": "["}, "is not TOML"),
    "another dodo": ({**WORKER, "dodo.py": "DOIT_CONFIG = {}\n"}, "DOIT_CONFIG of its own"),
    "include": ({**WORKER, "requirements.txt": "-r gone.txt\n"}, "gone.txt does not exist"),
    "Poetry without a lock": (
        {**{name: WORKER[name] for name in ("app.py", CONFIG)},
         "pyproject.toml": "[tool.poetry.dependencies]\nsix = '^1.16'\n"}, "run `poetry lock`"
    ),
    "nothing for a layer": (
        {**WORKER, "requirements.txt": "chalice\n"}, "leaves nothing for a layer"
    ),
    "a Chalice of 2020": (
        {**WORKER, "requirements.txt": "six\nchalice==1.20.0\n"}, "cannot be installed on Python"
    ),
    "a constraint elsewhere": (
        {**WORKER, "requirements.txt": "six\n-r https://e.org/a.txt\n"}, "curl -o a.txt"
    ),
    "two versions": (
        {**WORKER, "requirements-all.txt": "six==1.15.0\n"}, "requirements-all.txt says six==1.15.0"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason(app: Any, adopt: Adopt, case: str) -> None:
    """And with what to do; nothing is written."""
    files, reason = REFUSED[case]
    folder = app(files)
    code, said = adopt(folder, "--yes")
    assert code == 1
    assert reason in said
    assert "\n→ " in said
    assert changed(folder) == set()


def test_a_compiled_file_is_not_split(app: Any, adopt: Adopt) -> None:
    """Its input is what the layer is made from, with the compiled versions; a second run finds
    nothing to do, and so does the compiler's next one."""
    compiled = """# This file is autogenerated by pip-compile with Python 3.12
#
#    pip-compile requirements.in
#
chalice==1.34.0
    # via -r requirements.in
six==1.16.0
    # via
    #   -r requirements.in
    #   chalice
"""
    folder = app({**ORDERS, "requirements.txt": compiled, "requirements.in": "chalice\nsix\n"})
    code, said = adopt(folder, "--yes")
    assert code == 0, said
    assert "requirements.in in two:" in said
    assert "note: requirements.txt stays as it is compiled" in said
    assert (folder / "requirements.txt").read_text() == compiled
    layer = (folder / "requirements-all.txt").read_text()
    assert layer.startswith("# Made from requirements.in by `doit-lambda-layer init`")
    assert layer.rstrip().endswith("six==1.16.0")
    assert adopt(folder, "--yes") == (0, "nothing to do: this app has all of it\n")


def test_two_apps_with_one_requirements_file(app: Any, adopt: Adopt) -> None:
    """A link to it in each: what the one would take out, the other would lack."""
    one = {"app.py": WORKER["app.py"], CONFIG: WORKER[CONFIG]}
    files = {f"{name}/{path}": text for name in ("a", "b") for path, text in one.items()}
    folder = app({**files, "shared/requirements.txt": "six==1.16.0\nchalice\n"})
    for name in ("a", "b"):
        (folder / name / "requirements.txt").symlink_to("../shared/requirements.txt")
    for name in ("a", "b"):
        code, said = adopt(folder / name, "--yes")
        assert code == 0, said
        assert "note: requirements.txt stays as it is shared" in said
        layer = (folder / name / "requirements-all.txt").read_text()
        assert layer.startswith("# Made from ../shared/requirements.txt by")
        assert "six==1.16.0" in layer
        assert adopt(folder / name, "--yes") == (0, "nothing to do: this app has all of it\n")
    assert (folder / "shared/requirements.txt").read_text() == "six==1.16.0\nchalice\n"


def test_an_app_that_shares_the_layer_of_another(app: Any, adopt: Adopt) -> None:
    """Same name, bucket and requirements; what it lists itself stays with it. An app that has no
    layer has none to share."""
    one = {"app.py": WORKER["app.py"], CONFIG: WORKER[CONFIG]}
    files = {f"{name}/{path}": text for name in ("a", "b") for path, text in one.items()}
    folder = app({**files, "a/requirements.txt": "six==1.16.0\n", "b/requirements.txt": "idna\n"})
    code, said = adopt(folder / "b", "--yes", "--share", "../a")
    assert code == 1
    assert "../a has no app with a layer" in said
    assert adopt(folder / "a", "--yes")[0] == 0
    code, said = adopt(folder / "b", "--yes", "--share", "../a")
    assert code == 0, said
    assert "note: ../a/requirements-all.txt stays as it is: other apps have this layer" in said
    tables = [
        tomli.loads((folder / name / "pyproject.toml").read_text())["tool"]["lambda-layer"]
        for name in ("a", "b")
    ]
    assert tables[1] == {**tables[0], "requirements": "../a/requirements-all.txt"}
    assert not (folder / "b/requirements-all.txt").exists()
    assert (folder / "b/requirements.txt").read_text() == "idna\n"
    written = (folder / ".github/workflows/lambda-layer-b.yml").read_text()
    assert '- "a/requirements-all.txt"' in written
    assert "-r ../a/requirements-all.txt -r requirements.txt" in written
    assert "doit lock" in written
    assert "../a/requirements-all.lock" in written
    assert adopt(folder / "b", "--yes") == (0, "nothing to do: this app has all of it\n")
