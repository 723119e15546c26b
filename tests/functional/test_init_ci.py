"""The workflow that init writes, its commands run as a runner would: fresh clones, one AWS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import chalice_apps, ci, deployed
from tests.aws import Server
from tests.chalice_apps import git
from tests.installed import Tool
from tests.project import clean_environment

APP = {
    "app.py": """from chalice import Chalice
import six

app = Chalice(app_name="shuking")


@app.route("/")
def index():
    return {"six": six.__version__}
""",
    "requirements.txt": "six==1.16.0\n",
    ".chalice/config.json": '{"app_name": "shuking", "stages": {"live": {}}}\n',
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Server]:
    with deployed.serving(tmp_path / "aws") as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, tool: Tool) -> Path:
    """Adopted, committed; built without Docker."""
    folder = chalice_apps.make(tmp_path / "app", APP)
    run = tool.run(folder, "doit-lambda-layer", "init", "--yes")
    assert run.code == 0, run.output
    with (folder / "pyproject.toml").open("a") as file:
        file.write('builder = "host"\n')
    chalice_apps.commit(folder)
    return folder


def test_its_jobs_run(app: Path, tool: Tool, wheel: Path, aws: Server, tmp_path: Path) -> None:
    """Build asks no AWS and shows sizes; deploy publishes and asks the app; rollback goes back."""
    environment = clean_environment() | tool.environment | aws.environment()
    environment |= {"PATH": f"{tool.bin}:{clean_environment()['PATH']}", "TOOL": str(wheel)}
    environment |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    def run(job: str, **inputs: str) -> str:
        clone = tmp_path / job
        git(tmp_path, "clone", "-q", str(app), str(clone))
        commands = ci.github("lambda-layer.yml", job, root=clone, **inputs).commands
        return "".join(ci.shell(script, clone, environment | own) for script, own in commands)

    run("build")
    assert aws.seen == []
    assert "six" in (tmp_path / "summary").read_text()
    assert "shuking-live: GET / → 200" in run("deploy")
    said = run("rollback", version="1", reason="a test", stage="live")
    assert "stage live is back on" in said
